"""Space over the picture: held, it turns the left button into a hand; let go unused, it thinks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_OWNERS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)
"""Widgets that have a use of their own for Space while they have the focus."""


class SpaceHand:
    """Takes Space away from the shortcuts while the pointer is over the picture."""

    def __init__(
        self, picture: QWidget, *, hold: Callable[[bool], bool], tap: Callable[[], None]
    ) -> None:
        """Prepare; the key guard asks :meth:`takes`.

        Args:
            picture: What the pointer has to be over when Space goes down.
            hold: Called when Space goes down and when it comes up; then it returns whether the
                hand was used.
            tap: Called when Space came up and the hand was not used.
        """
        self._picture, self._hold, self._tap = picture, hold, tap
        self._held = False

    @property
    def held(self) -> bool:
        """Whether Space is down and means the hand."""
        return self._held

    def takes(self, event: QKeyEvent) -> bool:
        """Handle an event of the keyboard; true when nobody else shall see it."""
        if event.key() != Qt.Key.Key_Space or not (self._held or self._is_meant(event)):
            return False
        event.accept()
        # A held key repeats itself as presses and releases; only the first and the last count.
        if event.isAutoRepeat():
            return True
        if event.type() == QEvent.Type.KeyPress and not self._held:
            self._held = True
            self._hold(True)
        elif event.type() == QEvent.Type.KeyRelease and self._held:
            self._held = False
            if not self._hold(False):
                self._tap()
        return True

    def drop(self) -> None:
        """Let go without thinking: the window has lost the keyboard and hears no release."""
        if self._held:
            self._held = False
            self._hold(False)

    def _is_meant(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease or event.modifiers():
            return False
        return self._picture.underMouse() and not isinstance(QApplication.focusWidget(), _OWNERS)
