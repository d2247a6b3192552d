"""Connects what a person does about the arm: button, keys, pulse, checklists, box and speed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMainWindow

from app.actions import Actions
from app.actions.hold_key import HoldKey
from app.actions.stop_key import StopKey
from app.arm.lists import Lists
from app.arm.space import Space
from app.hold_keys import parse_hold_keys, shown_hold_keys
from app.identity import EVENTS, Identity
from app.motion_info import clamp_words
from app.steer.robot_panel import RobotPanel
from app.steer.run_button import run_look
from app.steer.scene_link import SceneLink
from app.store import Phase
from app.studio import Studio

_KEYS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})
WATCHED = _KEYS | {QEvent.Type.MouseButtonPress} | EVENTS
"""Kinds of events that :meth:`ArmWiring.takes` has to see."""

COUNT_MS = 250


class ArmWiring(QObject):
    """Everything of the window that holds, arms and confirms.

    Attributes:
        lists: The checklists.
        space: The box that the tool must not leave.
        identity: Whose arm it is, on every window.
    """

    def __init__(
        self,
        studio: Studio,
        actions: Actions,
        panel: RobotPanel,
        scene: SceneLink,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._studio, self._actions, self._panel = studio, actions, panel
        self._window = window
        self.lists = Lists(studio, window)
        self.space = Space(studio, scene, window)
        self.identity = Identity(studio.store, self)
        self._hold = HoldKey(meant=self._holding_means, hold=studio.arming.hold)
        self._stop = StopKey(
            key=self.stop_key, button=panel.stop_button, press=self._stop_button_pressed
        )
        panel.run_button.held.connect(studio.arming.hold)
        studio.arming.changed.connect(self._show)
        studio.store.motion_changed.connect(self._show)
        studio.store.plans_changed.connect(self._show)
        studio.store.phase_changed.connect(self._show)
        studio.store.auto_changed.connect(self._show)
        studio.preferences.changed.connect(self._setting_changed)
        self._clock = QTimer(self, interval=COUNT_MS)
        self._clock.timeout.connect(self._show)
        self._setting_changed("hold_keys")

    def slots(self) -> dict[str, Callable[..., None]]:
        """Return what the actions do, by their names."""
        return {
            "hold": self.explain_hold,
            "tidy": self._studio.motion.tidy,
            "checklist": self.lists.show_ready,
            "workspace": self.space.show,
            "yield_arm": self.yield_arm,
        }

    def takes(self, watched: QObject, event: QEvent) -> bool:
        """See the keys of the arm before anybody else, and every window when it appears."""
        kind = event.type()
        if kind in _KEYS and isinstance(event, QKeyEvent):
            return self._stop.takes(event) or self._hold.takes(event)
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            return self._stop.takes_click(event)
        if kind in EVENTS:
            self.identity.look(watched, kind)
        return False

    def stop_key(self) -> bool:
        """Esc: stop what moves or repeats, take back what is armed; false when it means else."""
        studio = self._studio
        store = studio.store
        if store.phase == Phase.RUNNING or store.auto:
            studio.motion.stop("operator (Esc)")
        elif studio.arming.is_armed:
            studio.arming.disarm("you pressed Esc")
        else:
            return False
        return True

    def close_top(self) -> bool:
        """Close what is open of these dialogs; false when nothing is."""
        return self.lists.close_top() or self.space.close_top()

    @Slot()
    def explain_hold(self) -> None:
        """Say what has to be held: an action that is chosen from a menu cannot be."""
        studio = self._studio
        keys = shown_hold_keys(studio.settings.hold_keys)
        if studio.store.motion.hold_to_run:
            words = (
                f"Press Run to arm the plan, then hold Run, or {keys}, while the arm shall move."
            )
        else:
            words = "This arm needs nothing to be held; Run is enough (Ctrl+Enter)."
        studio.notifier.info(words)

    @Slot()
    def yield_arm(self) -> None:
        """Let another window have the arm."""
        studio = self._studio
        studio.arming.disarm("you let go of the arm")
        studio.rig.call(lambda client: client.yield_(), _ignore, studio.notifier.warning)

    def _holding_means(self) -> bool:
        studio = self._studio
        if not studio.store.motion.hold_to_run or not self._window.isActiveWindow():
            return False
        return studio.arming.offer is not None or studio.store.auto

    @Slot()
    def _stop_button_pressed(self) -> None:
        self._studio.motion.stop("operator (button)")

    @Slot(str)
    def _setting_changed(self, name: str) -> None:
        if name == "hold_keys":
            self._hold.keys = parse_hold_keys(self._studio.settings.hold_keys)
            keys = shown_hold_keys(self._studio.settings.hold_keys)
            self._actions.describe("hold", f"Let the armed arm move while {keys} is held.")
            self._show()

    @Slot()
    def _show(self, *_: object) -> None:
        studio, store = self._studio, self._studio.store
        keys = shown_hold_keys(studio.settings.hold_keys)
        self._panel.run_button.set_look(run_look(store, studio.arming, keys))
        preview = store.plan.preview if store.plan is not None else None
        count = preview.clamped if preview is not None else 0
        self._panel.set_motion(store.motion, clamp_words(count))
        if studio.arming.is_armed != self._clock.isActive():
            (self._clock.start if studio.arming.is_armed else self._clock.stop)()

    def shutdown(self) -> None:
        """Look no more."""
        self._clock.stop()
        self._hold.drop()


def _ignore(_: object) -> None:
    """The state of motion says what came of it."""
