"""A live camera over a corner of the large picture; a drag moves it to another corner."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app import theme
from app.steer.camera_panel import Inset

SHARE = 0.26
"""Width of the inlay as a share of the picture's width."""

WIDTHS = (128, 260)


class Inlay(Inset):
    """Picture in picture: takes the pointer only where it lies."""

    dropped = Signal()
    """It was dragged and let go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", parent)
        self._grip: QPoint | None = None
        self._dragged = False
        self.setMinimumSize(1, 1)
        self.set_clickable(True)
        self.hide()

    def set_camera(self, name: str) -> None:
        """Show another camera; empty hides it."""
        self.name = name
        self.set_frame(None)
        self.set_hint(f"{name}\nno picture yet")
        self.setAccessibleName(f"Camera {name}, picture in picture")
        self.setToolTip(f"Drag to another corner; click to look through {name}")
        self.setVisible(bool(name))

    def fit_to(self, area: QRectF) -> None:
        """Take a share of the picture's size, in the proportions of its own."""
        low, high = WIDTHS
        width = round(min(max(SHARE * area.width(), low), high))
        shape = self.pixmap.size() if not self.pixmap.isNull() else QSize(4, 3)
        self.resize(
            shape.scaled(width, round(area.height() / 2), Qt.AspectRatioMode.KeepAspectRatio)
        )

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Draw the badge, and an edge against the picture below."""
        super().paint_over(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.DATA.casing), 1.0))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it; other buttons are none of its business but stay here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip, self._dragged = event.position().toPoint(), False
            self.raise_()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move along."""
        if self._grip is not None:
            move = event.position().toPoint() - self._grip
            if self._dragged or move.manhattanLength() > 6:
                self._dragged = True
                self.move(self.pos() + move)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go in a corner, or report a click."""
        gripped, self._grip = self._grip is not None, None
        if gripped and self._dragged:
            self.dropped.emit()
        elif gripped:
            super().mouseReleaseEvent(event)
        event.accept()
