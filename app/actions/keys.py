"""Leaves keys to the widget that has the focus where a person expects that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit

from app.actions.space_hand import SpaceHand

_KEYS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})

_USES = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.MouseButtonPress})


class KeyGuard(QObject):
    """Leaves keys to the widget that has the focus where a person expects that.

    In a text box only keys with Ctrl, function keys and Esc are shortcuts; Space and Enter press
    the button that was reached with Tab; Space over the picture is the hand's.
    """

    def __init__(
        self,
        parent: QObject,
        hand: SpaceHand | None = None,
        before_use: Callable[[], None] = lambda: None,
        first: Callable[[QObject, QEvent], bool] | None = None,
        wanted: frozenset[QEvent.Type] = frozenset(),
    ) -> None:
        """Prepare; somebody installs it on the application.

        Args:
            parent: Qt parent.
            hand: The hand over the picture.
            before_use: Called before a key or a click can come to an action, after ``first``.
            first: Gets events before anybody else; true takes one away from everybody. One filter
                asks for two: each one is a way into Python for every event of the program.
            wanted: Kinds of events that ``first`` has to see, besides keys.
        """
        super().__init__(parent)
        self._first, self._wanted = first, wanted | _KEYS | _USES
        self._before_use = before_use
        self._hand = hand
        if hand is not None:
            app = QGuiApplication.instance()
            assert isinstance(app, QGuiApplication)
            app.focusWindowChanged.connect(self._drop_hand)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the override of keys that belong to the focused widget."""
        kind = event.type()
        if kind not in self._wanted:  # nearly all
            return False
        if self._first is not None and self._first(watched, event):
            return True
        if kind in _USES:
            self._before_use()
        if kind not in _KEYS or not isinstance(event, QKeyEvent):
            return False
        if self._hand is not None and self._hand.takes(event):
            return True
        if kind != QEvent.Type.ShortcutOverride:
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

    def _drop_hand(self, *_: object) -> None:
        if self._hand is not None:
            self._hand.drop()
