"""A push button that shows a QAction: same text, icon, state, and what holds it back."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from app import theme
from app.icons import recoloured

ON_FILLED = {
    "primary": "on_accent",
    "primary-small": "on_accent",
    "run": "on_accent",
    "stop": "on_stop",
}
"""Colour of the icon by the role of the button."""

SHORT_KEYS = {"Return": "↵", "Enter": "↵", "Space": "␣", "Backspace": "⌫"}


class ActionButton(QPushButton):
    """Follows its action; unlike QToolButton it is large, and it shows the shortcut."""

    def __init__(self, action: QAction, *, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._token = ON_FILLED.get(role, "")
        self._shown: object = None
        if role:
            theme.set_role(self, role)
        big = role in ("run", "stop")
        self.setIconSize(QSize(20, 20) if big else QSize(16, 16))
        self.setCheckable(action.isCheckable())
        self.clicked.connect(self._clicked)
        action.changed.connect(self._follow)
        self._follow()

    def action(self) -> QAction:
        """Return the action behind the button."""
        return self._action

    def _clicked(self) -> None:
        self._action.trigger()
        self._follow()

    def _follow(self) -> None:
        action = self._action
        state = (
            (action.text(), action.shortcut(), action.icon().cacheKey()),
            (action.isEnabled(), action.isCheckable(), action.isChecked(), action.toolTip()),
        )
        if state == self._shown:  # an action says that it has changed for each thing that has
            return
        looks_same, self._shown = self._shown is not None and state[0] == self._shown[0], state
        if not looks_same:
            self._show_text()
        self.setEnabled(action.isEnabled())
        self.setCheckable(action.isCheckable())
        self.setChecked(action.isChecked())
        self.setToolTip(action.toolTip())

    def _show_text(self) -> None:
        action = self._action
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        for long, short in SHORT_KEYS.items():
            keys = keys.replace(long, short)
        name = action.text().replace("&", "")
        self.setText(f"{name}   {keys}" if keys else name)
        icon = action.icon()
        self.setIcon(recoloured(icon, self._token) if self._token else icon)
        self.setAccessibleName(name)
