"""Hands for the demo: what it waits for, and mouse and key events as a person makes them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.action_button import ActionButton
from app.demo_target import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a script waits for.

    Attributes:
        until: Whether to go on.
        seconds: How long to wait at most [s].
        what: What it is, for the sentence when it does not come; empty when waiting is the aim.
    """

    until: Callable[[], bool]
    seconds: float
    what: str = ""


Script = Generator[Wait, None, None]


def pause(seconds: float) -> Wait:
    """Wait for a while, as a person does."""
    return Wait(until=lambda: False, seconds=seconds)


def press(window: QWidget, action: QAction, reason: str) -> None:
    """Click the button of an action with the mouse.

    Args:
        window: Where the button is.
        action: What the button does.
        reason: Why the action is not possible, for the sentence when it is not.

    Raises:
        DemoError: If there is no such button on the screen, or it cannot be pressed.
    """
    for button in window.findChildren(ActionButton):
        if button.action() is action and button.isVisible():
            if not button.isEnabled():
                raise DemoError(f"{action.text()} cannot be pressed: {reason}")
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            return
    raise DemoError(f"There is no button '{action.text()}' on the screen.")


def confirm(window: QWidget) -> None:
    """Press Enter in whatever has the focus."""
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Return)


def write(line: QLineEdit, text: str, pace: float) -> Script:
    """Click into a line and type over what stands there, a letter at a time."""
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(line, Qt.Key.Key_Delete)
    for letter in text:
        QTest.keyClicks(line, letter)
        yield pause(0.02 * pace)


def drag(target: QWidget, path: list[QPointF]) -> Script:
    """Press, move with the button held a place at a time, release."""
    kind, left, none = QEvent.Type, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    _send(target, kind.MouseMove, path[0], none, none)
    _send(target, kind.MouseButtonPress, path[0], left, left)
    for place in path[1:]:
        yield pause(0.0)
        _send(target, kind.MouseMove, place, none, left)
    yield pause(0.0)
    _send(target, kind.MouseButtonRelease, path[-1], left, none)


def _send(
    target: QWidget,
    kind: QEvent.Type,
    place: QPointF,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
) -> None:
    """Send a mouse event; QTest's own moves carry no button."""
    where = target.mapToGlobal(place)
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QMouseEvent(kind, place, where, button, held, keys))
