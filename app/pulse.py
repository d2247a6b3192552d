"""The window's heartbeat, and what a person who is not looking means: the arm stops.

Every 50 ms the event loop itself tells the rig's client that it is alive and whether something is
held; a window that hangs says nothing, and the rig stops the arm. It never blocks.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication

from app.arming import Arming
from app.auto import AutoMode
from app.motion import Motion
from app.store import Phase, Store
from app.workers import RigLink

PERIOD_MS = 50
PATIENCE = 6
"""Beats after which a released arm that still moves is stopped from here too; the rig is first."""

LOST_FOCUS = "the window lost the focus"


class Pulse(QObject):
    """Beats while a rig is connected, and watches whether the window has the focus.

    Attributes:
        in_the_lab: Whether the loss of the focus stops a simulated arm too.
    """

    def __init__(
        self,
        *,
        store: Store,
        rig: RigLink,
        motion: Motion,
        arming: Arming,
        auto: AutoMode,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._rig = store, rig
        self._motion, self._arming, self._auto = motion, arming, auto
        self.in_the_lab = True
        self._unfocused = False
        self._let_go = 0
        self._timer = QTimer(self, interval=PERIOD_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.applicationStateChanged.connect(self._application_changed)
        self._timer.start()

    def shutdown(self) -> None:
        """Beat no more."""
        self._timer.stop()

    @Slot()
    def beat(self) -> None:
        """Tell the rig that the window is alive, and act on what has been lost meanwhile."""
        client = self._rig.client
        if client is not None:
            client.pulse(self._arming.held)
        if self._unfocused:
            # Between two windows of ours nobody has the focus for a moment; that is not a loss.
            self._unfocused = False
            self._lose_focus()
        self._watch_hold()

    @Slot(Qt.ApplicationState)
    def _application_changed(self, state: Qt.ApplicationState) -> None:
        self._unfocused = state != Qt.ApplicationState.ApplicationActive

    def _lose_focus(self) -> None:
        """Nobody looks: what is held is let go, what is armed is taken back, what moves stops."""
        self._arming.hold(False)
        self._arming.disarm(LOST_FOCUS)
        store = self._store
        real = store.rig is not None and store.rig.kind != "lab"
        if store.motion.held_elsewhere or not (real or self.in_the_lab):
            return
        if store.phase == Phase.RUNNING:
            self._motion.stop(LOST_FOCUS)
        elif store.auto:
            self._auto.finish(LOST_FOCUS)

    def _watch_hold(self) -> None:
        store = self._store
        needed = store.motion.hold_to_run and not store.motion.held_elsewhere
        if store.phase != Phase.RUNNING or not needed or self._arming.held:
            self._let_go = 0
            return
        self._let_go += 1
        if self._let_go >= PATIENCE:
            self._let_go = 0
            self._motion.stop("the hold was released")
