"""A monkey at the window, and an auditor who watches what reaches the arm."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QWidget
from shiboken6 import isValid

from app import rules
from app.actions import TABLE
from app.store import Phase
from core.trace import MAX_TRACE_POINTS
from core.types import StudioError
from robot.rig.messages import Fault, Released
from tests.app.conftest import Rigged
from tests.app.fakes import ScriptedRig, Verdict

LEAVING = {"quit", "close", "exit"}
"""Actions that end the program; a monkey that has left does nothing more."""

BUTTONS = (Qt.MouseButton.LeftButton,) * 6 + (
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
PLAIN = Qt.KeyboardModifier.NoModifier
MODIFIERS = (
    *(PLAIN,) * 6,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
KEYS = (
    *(Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete),
    *(Qt.Key.Key_Backspace, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_F1),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key(code) for code in range(Qt.Key.Key_0.value, Qt.Key.Key_9.value + 1)),
    *(Qt.Key(code) for code in range(Qt.Key.Key_A.value, Qt.Key.Key_Z.value + 1)),
)
QUIT_KEYS = (Qt.Key.Key_Q, Qt.Key.Key_W, Qt.Key.Key_F4)


class LatchingRig(ScriptedRig):
    """A scripted rig that refuses motion while a stop is in force, as the real one does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.auto_run = True
        self.latched = False
        self.received: list[tuple[Any, int | None]] = []
        self.homes = 0
        self._lock = threading.Lock()

    def start(self, digest: str, *, supersede: bool = False) -> str:
        with self._lock:
            self.received.append(self.previewed[digest])
            if self.latched:
                raise StudioError("A stop is in force; release it first.")
        return super().start(digest, supersede=supersede)

    def home(self) -> None:
        self.homes += 1
        if self.latched:
            raise StudioError("A stop is in force; release it first.")
        super().home()

    def stop(self, by: str) -> None:
        with self._lock:
            self.latched = True
        super().stop(by)

    def release_stop(self, confirmed: Sequence[str] = ()) -> None:
        with self._lock:
            self.latched = False
        super().release_stop(confirmed)


class Auditor(QObject):
    """Notes, beside the studio's own code, which motions it had a right to ask for."""

    def __init__(self, rigged: Rigged) -> None:
        super().__init__()
        self.rigged = rigged
        self.permits: list[tuple[Any, int]] = []
        self.wrongs: list[str] = []
        self.homes_asked = 0
        self.stopped = False
        self.stops = 0
        motion, link = rigged.studio.motion, rigged.studio.rig
        self._begin, self._stop = motion.begin_run, link.stop
        motion.begin_run = self._audit_run
        link.stop = self._audit_stop
        rigged.window.actions_table["home"].triggered.connect(self._count_home)
        rigged.studio.feed.event_arrived.connect(self._hear)

    def _audit_run(self, steps: int | None) -> None:
        store = self.rigged.store
        plan, auto = store.plan, store.auto
        reason = rules.run(store) if not auto else ""
        checked = plan is not None and plan.preview is not None and plan.preview.verdict.ok
        if reason or not checked or plan.doubts or store.phase == Phase.RUNNING:
            self.wrongs.append(f"run in phase {store.phase}, auto {auto}: {reason or plan}")
        if self.stopped:
            self.wrongs.append("run between a stop and its release")
        if plan is not None and plan.chunk is not None:
            total = len(plan.chunk.actions)
            self.permits.append((plan.chunk, total if steps is None else min(steps, total)))
        self._begin(steps)

    def _audit_stop(self, by: str) -> bool:
        sent = self._stop(by)
        if sent:
            self.stopped = True
            self.stops += 1
        return sent

    def _count_home(self) -> None:
        self.homes_asked += 1

    def _hear(self, event: object) -> None:
        if isinstance(event, Released):
            self.stopped = False

    def check_draft(self) -> None:
        """The drawn trace is always one that a model could be given."""
        draft = self.rigged.store.draft
        if draft is None:
            return
        points = np.asarray(draft)
        inside = np.isfinite(points).all() and (points >= 0).all() and (points <= 255).all()
        if not (1 <= len(points) <= MAX_TRACE_POINTS and inside):
            self.wrongs.append(f"a draft of {points.tolist()}")

    def check_motion(self, rig: LatchingRig) -> None:
        """Everything that the rig was asked for was permitted, once, in this order."""
        permits = iter(self.permits)
        for chunk, steps in rig.received:
            if not any(chunk is allowed and steps == count for allowed, count in permits):
                self.wrongs.append(f"the rig was asked for {steps} steps that nobody permitted")
        if rig.homes > self.homes_asked:
            self.wrongs.append(f"{rig.homes} ways home, {self.homes_asked} asked for")

    def leave(self) -> None:
        """Take the hands off."""
        self.rigged.studio.motion.begin_run = self._begin
        self.rigged.studio.rig.stop = self._stop


class Monkey(QObject):
    """Does something at random, the same for the same seed."""

    def __init__(self, rigged: Rigged, seed: int) -> None:
        super().__init__()
        self.rigged, self.random = rigged, random.Random(seed)
        self.window: QWidget = rigged.window
        self.last: list[str] = []
        self._kept: list[QWidget | None] = []
        self._popup_ticks = 0
        for name in LEAVING & set(rigged.window.actions_table.by_name):
            rigged.window.actions_table[name].setVisible(False)
        # a menu or a dialog with a loop of its own would keep the monkey waiting
        self._rescue = QTimer(self, interval=20)
        self._rescue.timeout.connect(self._close_what_blocks)
        self._rescue.start()
        mouse, keys = self._mouse, self._key
        deeds = (
            *((mouse, 40), (self._drag, 8), (self._wheel, 6), (keys, 22), (self._shortcut, 14)),
            *((self._type, 3), (self._resize, 1), (self._focus, 2), (self._dock, 2)),
            *((self._world, 2), (self._eager, 8)),
        )
        self._deeds = [deed for deed, _ in deeds]
        self._weights = [weight for _, weight in deeds]

    def act(self) -> None:
        """Do one thing."""
        deed = self.random.choices(self._deeds, self._weights)[0]
        self.last = [*self.last[-19:], deed.__name__]
        deed()

    def leave(self) -> None:
        """Let go of everything."""
        self._rescue.stop()
        self._close_what_blocks()
        self.rigged.policy.gate.set()

    def _close_what_blocks(self) -> None:
        popup = QApplication.activePopupWidget()
        self._popup_ticks = self._popup_ticks + 1 if popup is not None else 0
        if popup is not None and self._popup_ticks > 2:
            popup.close()
        modal = QApplication.activeModalWidget()
        if modal is not None and modal is not self.window:
            modal.close()

    # -- where ---------------------------------------------------------------------------------

    def _target(self) -> tuple[QWidget, QPoint] | None:
        popup = QApplication.activePopupWidget()
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        # A wrapper that Python lets go of takes those of the widgets inside it along, also when
        # the widgets themselves live on: those that Qt made are only seen by their wrappers.
        self._kept = [popup, *shown]
        top = popup or self.random.choice(shown + [self.window] * 4)
        if self.random.random() < 0.35 and top is self.window:
            top = self.rigged.view.viewport()  # most of what can go wrong goes wrong here
        if top.width() < 2 or top.height() < 2:
            return None
        place = QPoint(
            self.random.randrange(-4, top.width() + 4), self.random.randrange(-4, top.height() + 4)
        )
        self._kept.append(top)
        child = top.childAt(place)
        if child is None:
            return top, place
        return child, child.mapFrom(top, place)

    def _send(
        self, kind: QEvent.Type, widget: QWidget, place: QPoint, button: Any, held: Any
    ) -> None:
        if not isValid(widget) or not widget.isEnabled():
            return  # what was there has gone with the click before
        local = QPointF(place)
        modifiers = self.random.choice(MODIFIERS)
        event = QMouseEvent(kind, local, widget.mapToGlobal(local), button, held, modifiers)
        QApplication.sendEvent(widget, event)

    # -- what ----------------------------------------------------------------------------------

    def _mouse(self) -> None:
        target = self._target()
        if target is None:
            return
        widget, place = target
        none, kind = Qt.MouseButton.NoButton, QEvent.Type
        button = self.random.choice(BUTTONS)
        match self.random.randrange(5):
            case 0:
                self._send(kind.MouseMove, widget, place, none, none)
            case 1:  # a press whose release comes later, or never
                self._send(kind.MouseButtonPress, widget, place, button, button)
            case 2:
                self._send(kind.MouseButtonRelease, widget, place, button, none)
            case 3:
                self._send(kind.MouseButtonPress, widget, place, button, button)
                self._send(kind.MouseButtonRelease, widget, place, button, none)
            case _:
                self._send(kind.MouseButtonPress, widget, place, button, button)
                self._send(kind.MouseButtonRelease, widget, place, button, none)
                self._send(kind.MouseButtonDblClick, widget, place, button, button)
                self._send(kind.MouseButtonRelease, widget, place, button, none)

    def _drag(self) -> None:
        target = self._target()
        if target is None:
            return
        widget, place = target
        kind, none, button = QEvent.Type, Qt.MouseButton.NoButton, self.random.choice(BUTTONS)
        self._send(kind.MouseButtonPress, widget, place, button, button)
        for _ in range(self.random.randrange(1, 12)):
            place += QPoint(self.random.randrange(-60, 61), self.random.randrange(-60, 61))
            self._send(kind.MouseMove, widget, place, none, button)
            if self.random.random() < 0.05:
                self._key()
        if self.random.random() < 0.9:
            self._send(kind.MouseButtonRelease, widget, place, button, none)

    def _wheel(self) -> None:
        target = self._target()
        if target is None:
            return
        widget, place = target
        turn = QPoint(0, self.random.choice((-240, -120, 120, 240)))
        event = QWheelEvent(
            *(QPointF(place), widget.mapToGlobal(QPointF(place)), QPoint(), turn),
            *(Qt.MouseButton.NoButton, self.random.choice(MODIFIERS)),
            *(Qt.ScrollPhase.NoScrollPhase, False),
        )
        QApplication.sendEvent(widget, event)

    def _key(self) -> None:
        key, modifiers = self.random.choice(KEYS), self.random.choice(MODIFIERS)
        if key not in QUIT_KEYS or modifiers == PLAIN:
            QTest.keyClick(self._focused(), key, modifiers)

    def _shortcut(self) -> None:
        spec = self.random.choice([s for s in TABLE if s.keys and s.name not in LEAVING])
        QTest.keySequence(self._focused(), self.random.choice(spec.keys))

    def _type(self) -> None:
        for letter in self.random.choice(("pick up the red cube", "äöü €", "x" * 300, "  ", "9")):
            QTest.keyClicks(self._focused(), letter if letter.isascii() else "?")

    def _resize(self) -> None:
        self.window.resize(self.random.randrange(900, 1700), self.random.randrange(500, 1100))

    def _focus(self) -> None:
        able = [
            widget
            for widget in self.window.findChildren(QWidget)
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible()
        ]
        if able:
            self.random.choice(able).setFocus(Qt.FocusReason.TabFocusReason)

    def _dock(self) -> None:
        docks = self.window.findChildren(QDockWidget)
        if docks:
            dock = self.random.choice(docks)
            match self.random.randrange(3):
                case 0:
                    dock.setFloating(not dock.isFloating())
                case 1:
                    dock.close()
                case _:
                    dock.show()

    def _world(self) -> None:
        """Something happens that is not the person's doing."""
        rig, policy = self.rigged.rig, self.rigged.policy
        match self.random.randrange(7):
            case 0:
                rig.events.put(Fault(sentence="The arm touched something."))
            case 1:
                ok = self.random.random() < 0.7
                rig.verdict = Verdict(ok=ok, reason="" if ok else "Step 3 leaves the workspace.")
            case 2:
                policy.gate.clear()
            case 3:
                policy.error = self.random.choice(("", "", "The answer has no actions."))
            case 4:
                rig.live = self.random.random() < 0.7
            case _:
                policy.gate.set()

    def _eager(self) -> None:
        """Do what leads on, as chance alone would do once in a hundred times."""
        table, keys = self.rigged.window.actions_table, ("Ctrl+R", "Ctrl+Return", "Return", "Space")
        names = ("release", "run", "steer", "think")
        possible = [k for n, k in zip(names, keys, strict=True) if table[n].isEnabled()]
        if possible:
            QTest.keySequence(self.rigged.view, possible[0])

    def _focused(self) -> QWidget:
        popup = QApplication.activePopupWidget()
        if isinstance(popup, QMenu):
            return popup
        focused = QApplication.focusWidget()
        return focused if focused is not None and focused.isEnabled() else self.window
