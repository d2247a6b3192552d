"""A word about the picture above it, with an icon: colour is never the only cue."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from app import theme
from app.icons import icon

_ICON = 14
_GAP = 18
_INK = {"badge-accent": "on_accent", "badge-warn": "on_accent", "caption": "muted"}


class Badge(QLabel):
    """A label with an icon before its words; hidden while it says nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol = ""
        self.hide()

    def show_state(self, text: str, role: str = "caption", symbol: str = "") -> None:
        """Say something.

        Args:
            text: The words; none hides the badge.
            role: Look, such as "caption" or "badge-warn".
            symbol: Name of the icon, or nothing.
        """
        theme.set_role(self, role)
        if symbol != self._symbol:
            self._symbol = symbol
            self.setIndent(_GAP if symbol else 0)
        if text != self.text():
            self.setText(text)
        self.setVisible(bool(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words and the icon."""
        super().paintEvent(event)
        if not self._symbol:
            return
        role = str(self.property("role"))
        painter = QPainter(self)
        left = 8 if role.startswith("badge") else 0
        place = QRect(left, (self.height() - _ICON) // 2, _ICON, _ICON)
        icon(self._symbol, _INK.get(role, "text")).paint(painter, place)
        painter.end()
