"""The automatic mode: look, ask, run a few steps, and again until it is done or stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from app import rules
from app.arming import Arming
from app.controller import Controller
from app.live import LiveFeed
from app.motion import Motion
from app.notify import Notifier
from app.session_log import SessionLog
from app.store import Phase, Store
from app.workers import RigLink
from core.types import ActionChunk

PATIENCE_MS = 1500
"""Longest wait for pictures of the arm at rest; without them the cycle says what is missing."""

STILL_M = 0.002
STILL_RAD = 0.01
STILL_CYCLES = 3
"""The policy is done when it asks for no more than this, that often in a row."""


def is_still(chunk: ActionChunk, steps: int) -> bool:
    """Whether the first steps of a chunk hardly move the arm and keep the gripper as it is."""
    actions = chunk.actions[:steps]
    grip = actions[:, 6] > 0.5
    return bool(
        np.abs(actions[:, :3]).max() < STILL_M
        and np.abs(actions[:, 3:6]).max() < STILL_RAD
        and (grip == grip[0]).all()
    )


class AutoMode(QObject):
    """Repeats the cycle. With a drawn trace it steers along what is left of it, else it thinks."""

    def __init__(
        self,
        *,
        store: Store,
        controller: Controller,
        motion: Motion,
        arming: Arming,
        rig: RigLink,
        feed: LiveFeed,
        notifier: Notifier,
        log: SessionLog,
        max_cycles: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._motion, self._rig = store, controller, motion, rig
        self._notifier, self._log, self._arming = notifier, log, arming
        self.max_cycles = max_cycles
        self._feed = feed
        self._still = 0
        self._seen: dict[str, int] = {}
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._look_again)
        feed.frame_arrived.connect(self._look_again)
        controller.plan_ready.connect(self._plan_ready)
        controller.plan_failed.connect(self._give_up)
        motion.ended.connect(self._run_ended)
        motion.stopping.connect(self._stopped)
        motion.holding.connect(self._held)
        arming.withdrawn.connect(self._withdrawn)

    def toggle(self) -> None:
        """Switch the automatic mode on, or off after the steps under way."""
        if self._store.auto:
            self.finish("switched off")
            return
        reason = rules.auto(self._store)
        if reason:
            self._notifier.warning(reason)
            return
        self._still = 0
        self._store.set_auto(True)
        self._log.note("automatic mode on")
        self._next()

    def finish(self, reason: str) -> None:
        """Switch off and say why."""
        if self._store.auto:
            cycles = self._store.cycle
            self._store.set_auto(False)
            self._patience.stop()
            self._seen = {}
            if self._store.phase != Phase.RUNNING:
                self._controller.cancel()
                if self._store.observation is not None and self._store.plan is None:
                    self._store.pin(None)
                self._store.settle()
            self._log.note(f"automatic mode off after {cycles} cycles: {reason}")
            self._notifier.info(f"Automatic mode ended after {cycles} cycles: {reason}.")

    def _next(self) -> None:
        if self._store.cycle >= self.max_cycles:
            self._store.pin(None)
            self.finish(f"{self.max_cycles} cycles are the limit")
            return
        self._store.set_auto(True, self._store.cycle + 1)
        draft = self._store.draft
        if draft is not None and len(draft) >= 2:
            self._controller.begin_steer()
        else:
            self._controller.begin_think()

    @property
    def _steps(self) -> int:
        capabilities = self._store.capabilities
        return capabilities.execute_steps if capabilities is not None else 1

    @Slot(object)
    def _plan_ready(self, kind: Any) -> None:
        plan = self._store.plan
        # A candidate that was kept has its verdict too, and may get it while the arm moves.
        if not self._store.auto or self._store.phase == Phase.RUNNING:
            return
        if plan is None or plan.kind != kind or plan.chunk is None or plan.preview is None:
            return
        verdict = plan.preview.verdict
        # Only the first steps of each plan run; a later one that goes too far never comes.
        if not verdict.ok and (verdict.step is None or verdict.step < self._steps):
            self._notifier.warning(f"The guard rejects the plan: {verdict.reason}")
            self.finish("the guard rejected the plan")
            return
        if plan.doubts:  # nobody is there to look twice
            self._notifier.warning(plan.doubts[0])
            self.finish("the answer is too doubtful to run it unseen")
            return
        self._still = self._still + 1 if is_still(plan.chunk, self._steps) else 0
        if self._still >= STILL_CYCLES:
            self._store.pin(None)
            self.finish("the policy does not want to move any more")
        elif self._store.motion.hold_to_run:
            # It starts as soon as it is held, at once if it still is.
            self._arming.arm_steps(self._steps, self._not_armed)
        else:
            self._motion.begin_run(self._steps)

    @Slot(str)
    def _give_up(self, _sentence: str) -> None:
        self.finish("there was no plan to run")

    @Slot(bool, str)
    def _run_ended(self, completed: bool, reason: str) -> None:
        if not self._store.auto:
            return
        if not completed:
            self.finish(f"the run ended early ({reason.rstrip('.')})")
        elif self._store.rig is not None and self._store.rig.kind == "lab":
            self._rig.call(_lifted_object, self._checked, lambda _sentence: self._checked(""))
        else:
            self._wait_for_pictures()

    def _checked(self, lifted: str) -> None:
        if not self._store.auto:
            return
        if lifted:
            self._store.pin(None)
            self._store.set_phase(Phase.READY)
            self.finish(f"{lifted} is lifted")
        else:
            self._wait_for_pictures()

    def _wait_for_pictures(self) -> None:
        """Go on with pictures that were taken after the arm came to rest."""
        self._seen = {name: frame.seq for name, frame in self._feed.frames.items()}
        self._patience.start()

    def _look_again(self, *_: object) -> None:
        if not self._patience.isActive() and not self._seen:
            return
        frames = self._feed.frames
        fresh = all(frames[name].seq > seq + 1 for name, seq in self._seen.items())
        if fresh or not self._patience.isActive():
            self._patience.stop()
            self._seen = {}
            if self._store.auto:
                self._next()

    @Slot(str)
    def _held(self, why: str) -> None:
        """A watchdog of the rig holds the pose; a person has to look before it goes on."""
        self.finish(f"the arm holds its pose ({why.rstrip('.') or 'no reason given'})")

    @Slot(str)
    def _withdrawn(self, why: str) -> None:
        self.finish(why.rstrip(".").removeprefix("Disarmed: "))

    def _not_armed(self, sentence: str) -> None:
        self.finish(f"the plan was not armed ({sentence.rstrip('.')})")

    @Slot(str)
    def _stopped(self, by: str) -> None:
        self.finish(f"stopped by {by}")


def _lifted_object(client: Any) -> str:
    """Ask the lab for an object that is in the air; its name, or nothing."""
    for name in client.lab("objects"):
        if client.lab("lifted", name=name):
            return str(name)
    return ""
