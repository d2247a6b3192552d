"""A small picture with a caption: the base of the thumbnails and the live insets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.picture import draw_pixmap, fit, to_pixmap


class PictureBox(QWidget):
    """Draws one image as large as it fits, or a hint while there is none.

    It can be clicked, or pressed with Return or Space when it has the focus.
    """

    clicked = Signal()

    def __init__(self, hint: str, *, centred: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self._centred = centred
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 72)

    def sizeHint(self) -> QSize:
        """Return the size of a comfortable thumbnail."""
        return QSize(176, 132)

    @property
    def pixmap(self) -> QPixmap:
        """The picture; null while there is none."""
        return self._pixmap

    def set_image(self, rgb: NDArray[np.uint8] | None) -> None:
        """Show (H, W, 3) uint8 RGB, or nothing."""
        self._pixmap = QPixmap() if rgb is None else to_pixmap(rgb)
        self.update()

    def set_hint(self, hint: str) -> None:
        """Say something else while there is no picture."""
        self._hint = hint
        self.update()

    @property
    def hint(self) -> str:
        """What is said while there is no picture."""
        return self._hint

    def set_clickable(self, clickable: bool) -> None:
        """Let it be clicked and reached with the Tab key."""
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if clickable else Qt.FocusPolicy.NoFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture or the hint."""
        painter = QPainter(self)
        colours = theme.tokens()
        area = QRectF(self.rect())
        if self._pixmap.isNull():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.line), 1.0))
            painter.setBrush(QColor(colours.view))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(8, 4, -8, -4), flags, self._hint)
        else:
            shown = fit(self._pixmap.size(), area, centred=self._centred)
            draw_pixmap(painter, self._pixmap, shown)
            self.paint_over(painter, shown)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 2.0))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Draw on top of the picture, which covers ``area``; nothing here."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here."""
        event.setAccepted(event.button() == Qt.MouseButton.LeftButton)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Report a click."""
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Report Return as a click; every other key belongs to the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
