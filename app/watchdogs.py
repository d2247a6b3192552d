"""What must not go missing while the arm may move: the policy, the recorder, an answer in time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from app.controller import Controller
from app.motion import Motion
from app.notify import Notifier
from app.recording import Recorder
from app.session_log import SessionLog
from app.store import BUSY, Phase, Store

LOOK_MS = 100
"""How often the connection to the policy is looked at."""


class Watchdogs(QObject):
    """Stops in study mode when something is lost that a study needs; outside it warns.

    Attributes:
        answer_s: Longest time that an answer may take [s]; 0 for any.
    """

    def __init__(
        self,
        *,
        store: Store,
        controller: Controller,
        motion: Motion,
        recorder: Recorder,
        policy_alive: Callable[[], bool],
        notifier: Notifier,
        log: SessionLog,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._motion = store, controller, motion
        self._notifier, self._log = notifier, log
        self.answer_s = 0
        self._had_policy = False
        self._policy_alive = policy_alive
        self._missed = False
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_after_policy)
        self._look.start()
        self._late = QTimer(self, singleShot=True)
        self._late.timeout.connect(self._too_late)
        store.phase_changed.connect(self._phase_changed)
        store.capabilities_changed.connect(self._policy_changed)
        recorder.failed.connect(self._recorder_lost)

    @Slot()
    def _policy_changed(self) -> None:
        had, self._had_policy = self._had_policy, self._store.capabilities is not None
        if had and not self._had_policy:
            self._lost("the policy")

    @Slot()
    def _look_after_policy(self) -> None:
        """A server elsewhere may die between two questions; its connection tells."""
        alive = self._policy_alive()
        if not alive and not self._missed and self._had_policy:
            self._lost("the policy")
        self._missed = not alive

    @Slot(str)
    def _recorder_lost(self, _sentence: str) -> None:
        self._lost("the recorder")

    def _lost(self, what: str) -> None:
        store = self._store
        if store.phase != Phase.RUNNING and not store.auto:
            return
        if store.study_mode:
            self._motion.stop(f"the studio: {what} was lost in study mode")
        elif store.phase == Phase.RUNNING:
            self._notifier.warning(
                f"Lost {what} while the arm moves; it goes on with the plan that was checked. Esc "
                "stops it."
            )

    @Slot(object)
    def _phase_changed(self, phase: Phase) -> None:
        if phase not in BUSY:
            self._late.stop()
        elif self.answer_s and not self._late.isActive():
            self._late.start(1000 * self.answer_s)

    @Slot()
    def _too_late(self) -> None:
        sentence = (
            f"The model did not answer within {self.answer_s} s, so the question was given up. "
            "The arm holds its pose and the gripper stays as it is."
        )
        if self._controller.cancel():
            self._log.fault(sentence, "policy")
            self._notifier.error(sentence)
            self._controller.plan_failed.emit(sentence)
