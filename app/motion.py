"""Everything that moves or stops the arm: run, home, stop, release, and what the rig reports."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app import orders, rules
from app.motion_info import LATCHED
from app.notify import Notifier
from app.orders import Order
from app.session_log import SessionLog
from app.store import Phase, Store
from app.workers import RigLink
from robot.rig import messages
from robot.rig.states import MotionState

STOP_CONFIRM_MS = 1000
"""Longest time until the rig has to confirm a stop before the person is told to act."""


class Motion(QObject):
    """Asks the rig to move, and believes only what the rig reports."""

    ended = Signal(bool, str)
    """Whether the run went through to its end, and how it ended in words."""
    stopping = Signal(str)
    """A stop was asked for, and by what."""
    holding = Signal(str)
    """The rig holds the pose, and why; what would have moved the arm next must not."""
    scene_changed = Signal()
    """The lab was laid out anew; what was drawn belongs to another scene."""
    arm_wanted = Signal()
    """The selected plan shall be armed: this arm moves only while something is held."""
    hold_wanted = Signal(str, object)
    """A way somewhere, in words and as a call, that starts as soon as it is held."""
    confirmation_wanted = Signal()
    """A real arm goes on only after a person has gone through a list."""

    def __init__(
        self,
        *,
        store: Store,
        rig: RigLink,
        notifier: Notifier,
        log: SessionLog,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._rig = store, rig
        self._notifier, self._log = notifier, log
        self._asked: Order | None = None
        self._stop_timer = QTimer(self, singleShot=True, interval=STOP_CONFIRM_MS)
        self._stop_timer.timeout.connect(self._stop_unconfirmed)
        rig.stop_sent.connect(self._stop_sent)
        rig.stop_failed.connect(self._stop_failed)

    def run(self) -> None:
        """Run the selected plan in full, as previewed; where something must be held, arm it."""
        if self._refused(rules.run(self._store)):
            return
        if self._store.motion.hold_to_run:
            self.arm_wanted.emit()
        else:
            self.begin_run(None)

    def begin_run(self, steps: int | None) -> None:
        """Run the first steps of the selected plan, or all of them; never two runs at a time."""
        order = orders.order_of(self._store, steps)
        if order is not None:
            self.begin(order, lambda client: orders.arm_and_start(client, order))

    def begin(self, order: Order, call: Callable[[Any], Any]) -> None:
        """Let the arm move by a call in the rig's thread, unless it moves already."""
        if self._store.phase == Phase.RUNNING:
            return
        self._store.set_progress(0, order.steps)
        self._store.set_phase(Phase.RUNNING)
        self._asked = order
        self._rig.call(call, _ignore, self._refuse)

    def home(self) -> None:
        """Send the arm to its home pose."""
        self._way("go home", lambda client: client.home())

    def tidy(self) -> None:
        """Open the gripper and fold the arm away."""
        self._way("tidy up", lambda client: client.tidy())

    def _way(self, words: str, call: Callable[[Any], Any]) -> None:
        if self._refused(rules.go(self._store)):
            return
        if self._store.motion.hold_to_run:
            self.hold_wanted.emit(words, call)
        else:
            self.go(words, call)

    def go(self, words: str, call: Callable[[Any], Any]) -> None:
        """Let the arm go somewhere by a call in the rig's thread, unless it moves already."""
        if self._store.phase == Phase.RUNNING:
            return
        self._store.pin(None)
        self._store.set_progress(0, 0)
        self._store.set_phase(Phase.RUNNING)
        self._log.note(words)
        self._rig.call(call, _ignore, self._refuse)

    def reset_lab(self, seed: int) -> None:
        """Lay out a new scene in the simulated lab."""
        if self._refused(rules.reset_lab(self._store)):
            return
        self._log.note(f"lab reset with seed {seed}")

        def done(_: object) -> None:
            self._store.pin(None)
            self._store.set_draft(None)
            self._store.settle()
            self.scene_changed.emit()
            self._notifier.info(f"New scene, seed {seed}.")

        self._rig.call(lambda client: client.lab("reset", seed=seed), done, self._notifier.error)

    def stop(self, by: str = "operator") -> None:
        """Stop the arm at once, whatever else is going on; the stop latches."""
        sent = self._rig.stop(by)
        self._log.stopped(by)
        self.stopping.emit(by)
        if sent:
            self._store.set_phase(Phase.STOPPED)
            self._stop_timer.start()
        else:
            self._notifier.warning(
                "No rig is connected, so there is nothing that the studio could stop. If the arm "
                "moves, use its own emergency stop."
            )

    def release(self) -> None:
        """Release a latched stop or recover from a fault; nothing moves by that."""
        if self._refused(rules.release(self._store)):
            return
        rig, failed = self._store.rig, self._store.motion.state == MotionState.FAULT
        if failed and rig is not None and rig.kind != "lab":
            self.confirmation_wanted.emit()
        else:
            self.confirm_release(())

    def confirm_release(self, confirmed: tuple[str, ...]) -> None:
        """Release, with the names of what a person has confirmed."""
        self._rig.call(lambda client: client.release_stop(confirmed), _ignore, self._notifier.error)

    @Slot(object)
    def take_event(self, event: messages.RigEvent) -> None:
        """Take in one event of the rig."""
        self._log.rig_event(event)
        match event:
            case messages.RunStarted():
                asked, self._asked = self._asked, None
                if asked is not None:
                    self._log.run_started(event.run_id, asked.chunk, event.steps, asked.request_id)
            case messages.StepDone():
                self._store.set_progress(event.step + 1, self._store.progress[1])
                self._note_step(event)
            case messages.RunEnded():
                if event.latency_ms is not None:
                    self._store.set_motion(latency_s=event.latency_ms / 1e3)
                self._finish(event.reason)
            case messages.Stopped():
                self._stop_timer.stop()
                if self._store.phase != Phase.FAULT:
                    self._store.set_phase(Phase.STOPPED)
                self.stopping.emit(event.by)
            case messages.Released():
                self._released()
            case messages.Fault():
                self._store.set_phase(Phase.FAULT)
                self.stopping.emit("fault")
                self._notifier.error(event.sentence)
            case messages.SpeedChanged():
                self._store.set_motion(speed=event.share)
            case messages.StateChanged():
                self._enter(event)

    def meet(self, client: Any) -> None:
        """Take over what a rig says when it is connected."""
        self._store.set_motion(
            hold_to_run=bool(client.hold_to_run),
            speed=float(client.speed),
            max_speed=float(client.max_speed),
            faults=str(client.faults),
            latency_s=None,
            behind_s=None,
            holds=None,
        )
        self._enter(client.motion)

    def _enter(self, event: messages.StateChanged) -> None:
        """Believe the rig about what the arm may do."""
        state, before = MotionState(event.state), self._store.motion.state
        self._store.set_motion(
            state=state,
            why=event.why,
            digest=event.digest,
            holder=event.holder,
            mine=self._rig.is_holder(event.holder),
            expires_at=None if event.expires_s is None else time.monotonic() + event.expires_s,
        )
        match state:
            case MotionState.EXECUTING if self._store.phase not in (Phase.STOPPED, Phase.FAULT):
                self._store.set_phase(Phase.RUNNING)
            case MotionState.STOPPED:
                self._stop_timer.stop()
                if self._store.phase != Phase.FAULT:
                    self._store.set_phase(Phase.STOPPED)
            case MotionState.FAULT:
                self._store.set_phase(Phase.FAULT)
            case MotionState.HOLD if before != MotionState.HOLD:
                self._notifier.warning(f"The arm holds its pose: {event.why or 'no reason given.'}")
                self.holding.emit(event.why)
            case _ if before in LATCHED and state not in LATCHED:
                self._released()

    def _released(self) -> None:
        if self._store.phase in (Phase.STOPPED, Phase.FAULT):
            self._store.pin(None)
            self._store.set_phase(Phase.READY)

    def _note_step(self, event: messages.StepDone) -> None:
        if event.latency_ms is not None:
            self._store.set_motion(behind_s=event.latency_ms / 1e3)
        if event.holds is not None:
            self._store.set_motion(holds=event.holds)

    def _finish(self, reason: str) -> None:
        completed = reason == messages.DONE
        if self._store.phase == Phase.RUNNING:
            if not self._store.auto:
                self._store.pin(None)
            self._store.set_phase(Phase.READY)
            self._store.settle()
            if reason not in (messages.DONE, messages.STOPPED):
                self._notifier.warning(f"The run ended early: {reason}")
        self.ended.emit(completed, reason)

    def _refuse(self, sentence: str) -> None:
        self._log.fault(sentence, "rig")
        if self._store.phase == Phase.RUNNING:
            self._store.set_phase(Phase.READY)
            self._store.settle()
        self._notifier.error(sentence)
        self.ended.emit(False, sentence)

    @Slot(str)
    def _stop_sent(self, _by: str) -> None:
        self._stop_timer.stop()

    @Slot(str)
    def _stop_failed(self, sentence: str) -> None:
        self._stop_timer.stop()
        self._notifier.error(
            f"The stop did not reach the rig: {sentence} The rig stops by itself when the studio "
            "is gone; if the arm still moves, use its own emergency stop."
        )

    def _stop_unconfirmed(self) -> None:
        self._notifier.error(
            "The rig has not confirmed the stop within a second. If the arm still moves, use its "
            "own emergency stop."
        )

    def _refused(self, reason: str) -> bool:
        if reason:
            self._notifier.warning(reason)
        return bool(reason)


def _ignore(_: object) -> None:
    """What comes of it is reported as an event, in order with the other events."""
