"""Leaves keys to the widget that has the focus where a person expects that."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit


class KeyGuard(QObject):
    """Leaves keys to the widget that has the focus where a person expects that.

    In a text box only keys with Ctrl, function keys and Esc are shortcuts; Space and Enter press
    the button that was reached with Tab.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the override of keys that belong to the focused widget."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        focused = QApplication.focusWidget()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        confirm = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if isinstance(focused, (QLineEdit, QPlainTextEdit)) and confirm:
            event.accept()
            return True
        if isinstance(focused, QAbstractButton) and event.key() == Qt.Key.Key_Space:
            event.accept()
            return True
        return False
