"""The frame around a whole window that says whose arm it is, as the words in its title do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from app import theme

WIDTHS = {"lab": 1, "real": 3}
"""Width of the frame [px]: a real arm's cannot be overlooked."""


class Edge(QWidget):
    """Lies over everything and leaves all but its frame alone."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._kind = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        theme.theme().changed.connect(self.update)

    @property
    def kind(self) -> str:
        """Whose frame it is: "lab", "real", or nothing while there is no arm."""
        return self._kind

    def show_arm(self, kind: str | None) -> None:
        """Frame the window as it is now.

        Args:
            kind: "lab" or "real"; None for no arm.
        """
        self._kind = "" if kind is None else "lab" if kind == "lab" else "real"
        if not self._kind:
            self.hide()
            return
        window, width = self.parentWidget(), WIDTHS[self._kind]
        self.setGeometry(window.rect())
        inner = self.rect().adjusted(width, width, -width, -width)
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        colours = theme.tokens()
        real = self._kind == "real"
        painter = QPainter(self)
        pen = QPen(QColor(colours.fault if real else colours.ok), 2 * WIDTHS.get(self._kind, 1))
        painter.setPen(pen)
        painter.drawRect(self.rect())
        painter.end()
