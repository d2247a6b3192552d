"""The key, or the pedal that sends one, that lets an armed arm move while it is held."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit

_WRITING = (QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit)
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class HoldKey:
    """Takes the key away from the shortcuts while something is armed.

    Attributes:
        keys: Which keys it may be.
    """

    def __init__(self, *, meant: Callable[[], bool], hold: Callable[[bool], None]) -> None:
        """Prepare; the application's event filter asks.

        Args:
            meant: Says whether holding means something now.
            hold: Called when the key goes down and when it comes up.
        """
        self.keys: frozenset[Qt.Key] = frozenset()
        self._meant, self._hold = meant, hold
        self._down: int | None = None

    def takes(self, event: QKeyEvent) -> bool:
        """Take the key while it means the arm; true when nobody else shall see it."""
        if self._down is not None and event.key() == self._down:
            # A held key repeats itself as presses and releases; only the last release counts.
            if event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat():
                self._down = None
                self._hold(False)
            event.accept()
            return True
        if not self._is_meant(event):
            return False
        if self._down is not None:  # a second one that is held changes nothing
            return True
        if event.type() == QEvent.Type.KeyPress:
            self._down = event.key()
            self._hold(True)
        event.accept()
        return True

    def drop(self) -> None:
        """Let go: the window has lost the keyboard and hears no release."""
        if self._down is not None:
            self._down = None
            self._hold(False)

    def _is_meant(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease or event.isAutoRepeat():
            return False
        if event.key() not in self.keys or event.modifiers() not in _PLAIN or not self._meant():
            return False
        # In a text box a letter is a letter; a pedal's key is nothing that is written.
        return not (event.text().strip() and isinstance(QApplication.focusWidget(), _WRITING))
