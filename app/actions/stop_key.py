"""Esc and the STOP button while the arm may move: before menus, dialogs and whatever is modal."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget


class StopKey:
    """Looks at every event of the program first, so that nothing on the screen can hold the stop.

    A menu takes all keys and clicks for itself, and a modal dialog keeps shortcuts from the window
    behind it; neither may matter while the arm moves.
    """

    def __init__(
        self, *, key: Callable[[], bool], button: QWidget, press: Callable[[], None]
    ) -> None:
        """Prepare; the application's event filter asks.

        Args:
            key: Called when Esc goes down; returns whether it meant the arm.
            button: The STOP button.
            press: Called for a click on that button that a menu would swallow.
        """
        self._key, self._button, self._press = key, button, press
        self._taken = False

    def takes(self, event: QKeyEvent) -> bool:
        """Stop at the first sign of Esc; what follows of the same press means nothing more."""
        if event.key() != Qt.Key.Key_Escape:
            return False
        if event.type() == QEvent.Type.KeyRelease:
            taken = self._taken
            if not event.isAutoRepeat():
                self._taken = False
            return taken
        # A press whose release went to another program must not swallow the next one.
        if not event.isAutoRepeat() and event.type() == QEvent.Type.ShortcutOverride:
            self._taken = False
        if not self._taken and not event.isAutoRepeat():
            self._taken = self._key()
        if self._taken:
            event.accept()
        return self._taken

    def takes_click(self, event: QMouseEvent) -> bool:
        """Take a click on STOP that would only close the open menu."""
        popup = QApplication.activePopupWidget()
        if popup is None or not self._button.isVisible():
            return False
        place = event.globalPosition().toPoint()
        on_button = self._button.rect().contains(self._button.mapFromGlobal(place))
        if not on_button or popup.geometry().contains(place):
            return False
        popup.close()
        self._press()
        return True
