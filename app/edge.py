"""The frame around the whole window that says: this arm is real."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from app import theme

WIDTH = 3
"""Width of the frame [px]."""


class Edge(QWidget):
    """Lies over everything and leaves all but its frame alone."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        theme.theme().changed.connect(self.update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut out the middle."""
        super().resizeEvent(event)
        inner = self.rect().adjusted(WIDTH, WIDTH, -WIDTH, -WIDTH)
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(theme.tokens().fault), 2 * WIDTH))
        painter.drawRect(self.rect())
        painter.end()
