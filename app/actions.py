"""The one table of actions: text, key, icon, tooltip, and what holds each one back.

Buttons, tool tips and the F1 sheet are all made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget

from app import rules
from app.icons import icon
from app.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One thing that a person can do.

    Attributes:
        name: Identifier.
        group: Heading in the F1 sheet.
        text: What the button says.
        tip: What it does, as a sentence.
        keys: Shortcuts; the first one is shown.
        icon: Name of the icon, or nothing.
        tint: Colour of the icon.
        reason: Says why it is not possible now; nothing means it is. None: always possible.
        checkable: Whether it is a switch.
    """

    name: str
    group: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tint: str = "text"
    reason: Callable[[Store], str] | None = None
    checkable: bool = False


PLAN, DRAW, ARM, WINDOW = "Plan", "Your trace", "Arm", "Window"

TABLE = (
    ActionSpec(
        name="think",
        group=PLAN,
        text="Think",
        tip="Ask the model for its own plan on the newest picture.",
        keys=("Space",),
        icon="brain",
        tint="on_accent",
        reason=rules.think,
    ),
    ActionSpec(
        name="steer",
        group=PLAN,
        text="Steer",
        tip="Ask the model to follow your trace.",
        keys=("Return", "Enter"),
        icon="path",
        reason=rules.steer,
    ),
    ActionSpec(
        name="auto",
        group=PLAN,
        text="Auto",
        tip="Repeat look, ask and run a few steps until it is done; your trace is kept.",
        keys=("Ctrl+Shift+Return",),
        icon="repeat",
        reason=rules.auto,
        checkable=True,
    ),
    ActionSpec(
        name="live",
        group=PLAN,
        text="Back to live",
        tip="Let the pinned picture and its plans go.",
        keys=("L",),
        icon="broadcast",
        reason=rules.go_live,
    ),
    ActionSpec(
        name="undo",
        group=DRAW,
        text="Undo",
        tip="Take back the last edit of your trace.",
        keys=("Ctrl+Z",),
        icon="arrow-counter-clockwise",
    ),
    ActionSpec(
        name="redo",
        group=DRAW,
        text="Redo",
        tip="Make the edit again.",
        keys=("Ctrl+Shift+Z", "Ctrl+Y"),
        icon="arrow-clockwise",
    ),
    ActionSpec(
        name="clear",
        group=DRAW,
        text="Remove trace",
        tip="Remove your trace; Ctrl+Z brings it back.",
        keys=("Ctrl+Backspace",),
        icon="eraser",
        reason=lambda store: "" if store.draft is not None else "There is no drawn trace.",
    ),
    ActionSpec(
        name="copy_model",
        group=DRAW,
        text="Start from model's",
        tip="Copy the model's trace as yours, to bend it.",
        keys=("E",),
        icon="copy",
        reason=rules.copy_model,
    ),
    ActionSpec(
        name="fit",
        group=DRAW,
        text="Fit",
        tip="Show the whole picture; the wheel zooms to the pointer, the right button pans.",
        keys=("F",),
        icon="corners-out",
    ),
    ActionSpec(
        name="run",
        group=ARM,
        text="Run",
        tip="Run the selected plan as previewed.",
        keys=("Ctrl+Return", "Ctrl+Enter"),
        icon="play",
        tint="on_accent",
        reason=rules.run,
    ),
    ActionSpec(
        name="allow",
        group=ARM,
        text="Allow this plan",
        tip="Let a doubtful plan be run after you have looked; nothing moves by that.",
        keys=("Ctrl+Shift+A",),
        icon="eye",
        reason=rules.allow,
    ),
    ActionSpec(
        name="stop",
        group=ARM,
        text="STOP   Esc",
        tip=(
            "Stop the arm at once and keep it stopped until released. This is a convenience: the "
            "safety device is the robot's own emergency stop."
        ),
        icon="stop",
        tint="on_stop",
    ),
    ActionSpec(
        name="escape",
        group=ARM,
        text="Stop or cancel",
        tip="Stop while the arm moves or repeats; otherwise cancel what is under way.",
        keys=("Esc",),
    ),
    ActionSpec(
        name="release",
        group=ARM,
        text="Release stop",
        tip="Release a latched stop or recover from a fault; nothing moves by that.",
        keys=("Ctrl+R",),
        icon="lock-open",
        reason=rules.release,
    ),
    ActionSpec(
        name="home",
        group=ARM,
        text="Home",
        tip="Send the arm to its home pose.",
        keys=("Ctrl+H",),
        icon="house",
        reason=rules.move,
    ),
    ActionSpec(
        name="reset",
        group=ARM,
        text="New scene",
        tip="Lay out a new scene in the simulated lab.",
        keys=("Ctrl+N",),
        icon="shuffle",
        reason=rules.reset_lab,
    ),
    ActionSpec(
        name="instruction",
        group=WINDOW,
        text="Go to the instruction",
        tip="Put the cursor into the instruction box.",
        keys=("Ctrl+I",),
    ),
    ActionSpec(
        name="theme",
        group=WINDOW,
        text="Theme",
        tip="Change between light and dark.",
        keys=("Ctrl+L",),
        icon="circle-half",
    ),
    ActionSpec(
        name="messages",
        group=WINDOW,
        text="Messages",
        tip="Show everything that was said in this session.",
        keys=("Ctrl+M",),
        icon="bell",
    ),
    ActionSpec(
        name="restart",
        group=WINDOW,
        text="Restart services",
        tip="Start the services that have died again, and connect anew.",
        keys=("Ctrl+Shift+R",),
        icon="arrows-clockwise",
    ),
    ActionSpec(
        name="help",
        group=WINDOW,
        text="Help",
        tip="Show all keys.",
        keys=("F1",),
        icon="question",
    ),
)


class Actions(QObject):
    """The actions of a window, kept in step with its state.

    Attributes:
        by_name: QAction by name.
    """

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self.by_name: dict[str, QAction] = {}
        for spec in TABLE:
            action = QAction(spec.text, window)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            action.setAutoRepeat(spec.name in ("undo", "redo"))
            action.setCheckable(spec.checkable)
            action.setToolTip(_tip(spec, ""))
            if spec.icon:
                action.setIcon(icon(spec.icon, spec.tint))
            window.addAction(action)
            self.by_name[spec.name] = action
        for signal in (
            store.phase_changed,
            store.services_changed,
            store.capabilities_changed,
            store.rig_changed,
            store.instruction_changed,
            store.observation_changed,
            store.plans_changed,
            store.draft_changed,
            store.auto_changed,
        ):
            signal.connect(self.refresh)
        self.refresh()

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def refresh(self, *_: object) -> None:
        """Ask the rules anew."""
        for spec in TABLE:
            if spec.reason is not None:
                reason = spec.reason(self._store)
                action = self.by_name[spec.name]
                action.setEnabled(not reason)
                action.setToolTip(_tip(spec, reason))
        self.by_name["auto"].setChecked(self._store.auto)

    def reason(self, name: str) -> str:
        """Say what holds an action back; nothing when it is possible."""
        spec = next(spec for spec in TABLE if spec.name == name)
        return spec.reason(self._store) if spec.reason is not None else ""


def _tip(spec: ActionSpec, reason: str) -> str:
    keys = f" ({', '.join(shown_key(key) for key in spec.keys[:1])})" if spec.keys else ""
    return f"{spec.tip}{keys}" + (f"\n\n{reason}" if reason else "")


def shown_key(key: str) -> str:
    """Write a key as people know it from their keyboard."""
    text = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("Return", "Enter")


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
