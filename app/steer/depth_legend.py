"""The key to the colours of a cloud that is painted by depth."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.picture import to_pixmap
from core.depth import paint_nearness

BAR = 96
HEIGHT = 24


class DepthLegend(QWidget):
    """A bar from far to near with its ends in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ramp = np.linspace(0.0, 1.0, BAR, dtype=np.float32)[None].repeat(2, axis=0)
        self._ramp = to_pixmap(paint_nearness(ramp))
        self._ends = ("far", "near")
        self.setFont(theme.ui_font(9.0))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def ends(self) -> tuple[str, str]:
        """What stands at the far and at the near end."""
        return self._ends

    def set_span(self, nearest: float, farthest: float, *, metric: bool) -> None:
        """Name the ends [m]; without a scale they are only near and far."""
        self._ends = (f"{farthest:.2f} m", f"{nearest:.2f} m") if metric else ("far", "near")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that both words and the bar need."""
        words = sum(self.fontMetrics().horizontalAdvance(word) for word in self._ends)
        return QSize(BAR + words + 28, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar between its words."""
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(colours.line), 1.0))
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(area, 6, 6)
        painter.setPen(QColor(colours.muted))
        inside = area.adjusted(6, 0, -6, 0)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, centre | Qt.AlignmentFlag.AlignLeft, self._ends[0])
        painter.drawText(inside, centre | Qt.AlignmentFlag.AlignRight, self._ends[1])
        left = inside.left() + self.fontMetrics().horizontalAdvance(self._ends[0]) + 8
        painter.drawPixmap(
            QRectF(left, area.center().y() - 5, BAR, 10),
            self._ramp,
            QRectF(self._ramp.rect()),
        )
        painter.end()
