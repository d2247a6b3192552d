"""Everything that moves or stops the arm: run, home, stop, release, and what the rig reports."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app import rules
from app.notify import Notifier
from app.session_log import SessionLog
from app.store import Phase, Store
from app.workers import RigLink
from core.types import ActionChunk
from robot.rig import messages

STOP_CONFIRM_MS = 1000
"""Longest time until the rig has to confirm a stop before the person is told to act."""


class Motion(QObject):
    """Asks the rig to move, and believes only what the rig reports."""

    ended = Signal(bool, str)
    """Whether the run went through to its end, and how it ended in words."""
    stopping = Signal(str)
    """A stop was asked for, and by what."""
    scene_changed = Signal()
    """The lab was laid out anew; what was drawn belongs to another scene."""

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
        self._asked: tuple[ActionChunk, int] | None = None
        self._stop_timer = QTimer(self, singleShot=True, interval=STOP_CONFIRM_MS)
        self._stop_timer.timeout.connect(self._stop_unconfirmed)
        rig.stop_sent.connect(self._stop_sent)
        rig.stop_failed.connect(self._stop_failed)

    def run(self) -> None:
        """Run the selected plan in full, as previewed."""
        if not self._refused(rules.run(self._store)):
            self.begin_run(None)

    def begin_run(self, steps: int | None) -> None:
        """Run the first steps of the selected plan, or all of them; never two runs at a time."""
        plan = self._store.plan
        if plan is None or plan.chunk is None or self._store.phase == Phase.RUNNING:
            return
        chunk = plan.chunk
        total = len(chunk.actions) if steps is None else min(steps, len(chunk.actions))
        self._store.set_progress(0, total)
        self._store.set_phase(Phase.RUNNING)
        self._asked = (chunk, plan.reasoning.request_id)
        self._rig.call(lambda client: client.run(chunk, total), _ignore, self._refuse)

    def home(self) -> None:
        """Send the arm to its home pose."""
        if self._refused(rules.move(self._store)):
            return
        self._store.pin(None)
        self._store.set_progress(0, 0)
        self._store.set_phase(Phase.RUNNING)
        self._log.note("home")

        self._rig.call(lambda client: client.home(), _ignore, self._refuse)

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
        if not self._refused(rules.release(self._store)):
            self._rig.call(lambda client: client.release_stop(), _ignore, self._notifier.error)

    @Slot(object)
    def take_event(self, event: messages.RigEvent) -> None:
        """Take in one event of the rig."""
        self._log.rig_event(event)
        match event:
            case messages.RunStarted():
                asked, self._asked = self._asked, None
                if asked is not None:
                    self._log.run_started(event.run_id, asked[0], event.steps, asked[1])
            case messages.StepDone():
                self._store.set_progress(event.step + 1, self._store.progress[1])
            case messages.RunEnded():
                self._finish(event.reason)
            case messages.Stopped():
                self._stop_timer.stop()
                if self._store.phase != Phase.FAULT:
                    self._store.set_phase(Phase.STOPPED)
                self.stopping.emit(event.by)
            case messages.Released():
                if self._store.phase in (Phase.STOPPED, Phase.FAULT):
                    self._store.pin(None)
                    self._store.set_phase(Phase.READY)
            case messages.Fault():
                self._store.set_phase(Phase.FAULT)
                self.stopping.emit("fault")
                self._notifier.error(event.sentence)

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
