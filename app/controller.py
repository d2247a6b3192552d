"""Asking the policy and drawing: intents become numbered requests, answers become plans.

Every request has a number; an answer with another number than the one that is waited for is
dropped. Whether an intent is possible is decided by :mod:`app.rules` alone.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app import rules
from app.live import LiveFeed
from app.notify import Notifier
from app.observe import gripper_in_model_units, observation_from, remaining_trace
from app.session_log import SessionLog
from app.store import BUSY, Phase, Plan, PlanKind, Store
from app.watch import Watch
from app.workers import PolicyLink, PolicyRequest, RigLink
from core.types import ActionChunk, Capabilities, Reasoning, StudioError, Trace, TraceSource

logger = logging.getLogger(__name__)

Points = NDArray[np.float64]

DROPPED = (
    "You changed the trace while the model was following it, so that answer is dropped. Press "
    "Enter to steer with the new one."
)


class Controller(QObject):
    """Does what the person asks for."""

    plan_ready = Signal(object)
    """The kind of the plan whose verdict has arrived."""
    plan_failed = Signal(str)
    draft_replaced = Signal()
    """The drawn trace changed other than through undo."""

    def __init__(
        self,
        *,
        store: Store,
        policy: PolicyLink,
        rig: RigLink,
        feed: LiveFeed,
        notifier: Notifier,
        log: SessionLog,
        watch: Watch,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.store = store
        self.feed = feed
        self._policy, self._rig = policy, rig
        self._notifier, self._log, self._watch = notifier, log, watch
        self._last_request = 0
        self._pending: tuple[int, PlanKind] | None = None
        policy.connected.connect(self._policy_connected)
        policy.lost.connect(self._policy_lost)
        policy.staged.connect(self._staged)
        policy.answered.connect(self._answered)
        policy.failed.connect(self._failed)

    # -- asking the policy -------------------------------------------------------------------

    def set_instruction(self, text: str) -> None:
        """Take over what is typed."""
        self.store.set_instruction(text)

    def think(self) -> None:
        """Ask for a plan of the model's own, on the newest frames."""
        if not self._refused(rules.think(self.store)):
            self.begin_think()

    def begin_think(self) -> None:
        """Think without asking the rules; the automatic mode's way."""
        if self.pin_now():
            self._ask(PlanKind.MODEL, None)

    def steer(self) -> None:
        """Ask for a plan that follows the drawn trace, on the pinned picture if there is one."""
        if self._refused(rules.steer(self.store)):
            return
        observation = self.store.observation
        if observation is None:
            self.begin_steer()
            return
        if observation.instruction != self.store.instruction:
            self.store.observation = replace(observation, instruction=self.store.instruction)
        self._ask(PlanKind.USER, self._drawn())

    def begin_steer(self) -> None:
        """Take a new picture, trim what the gripper has passed, and ask."""
        if self.pin_now():
            self.trim()
            self._ask(PlanKind.USER, self._drawn())

    def pin_now(self) -> bool:
        """Pin the newest frames; false, with a word about it, when there are none."""
        try:
            observation = observation_from(self.store, self.feed)
        except StudioError as error:
            self._notifier.warning(str(error))
            self.plan_failed.emit(str(error))
            return False
        self.store.pin(observation)
        return True

    def _drawn(self) -> Trace:
        assert self.store.draft is not None
        return Trace(points=self.store.draft, source=TraceSource.USER)

    def _ask(self, kind: PlanKind, trace: Trace | None) -> None:
        observation = self.store.observation
        assert observation is not None
        self._last_request += 1
        self._pending = (self._last_request, kind)
        self.store.set_partial(None)
        self.store.drop_plan(kind)
        self._log.observed(self._last_request, observation)
        if trace is not None:
            self._log.steered(self._last_request, trace, observation, self.store.capabilities)
        self.store.set_phase(Phase.THINKING if kind == PlanKind.MODEL else Phase.STEERING)
        self._policy.ask(
            PolicyRequest(request_id=self._last_request, observation=observation, trace=trace)
        )

    def cancel(self) -> bool:
        """Give up the open question; false when there is none."""
        if self._pending is None:
            return False
        self._log.note(f"request {self._pending[0]} cancelled")
        self._pending = None
        self._policy.cancel()
        self.store.set_partial(None)
        self.store.settle()
        return True

    @Slot(object)
    def _staged(self, partial: Reasoning) -> None:
        if self._pending is not None and partial.request_id == self._pending[0]:
            self.store.set_partial(partial)

    @Slot(object)
    def _answered(self, reasoning: Reasoning) -> None:
        if self._pending is None or reasoning.request_id != self._pending[0]:
            self._log.note(f"answer {reasoning.request_id} came too late and was dropped")
            return
        kind = self._pending[1]
        self._pending = None
        if self.store.observation is not None:
            reasoning = self._watch.judged(self.store.observation, reasoning)
        self._log.reasoned(reasoning)
        self.store.set_partial(None)
        self.store.set_plan(Plan(kind=kind, reasoning=reasoning))
        self.store.settle()
        if reasoning.chunk is None:
            sentence = reasoning.error or "The answer has no actions; nothing can be run."
            self._notifier.warning(sentence)
            self.plan_failed.emit(sentence)
        else:
            self._preview(kind, reasoning.chunk, reasoning.request_id)

    @Slot(int, str)
    def _failed(self, request_id: int, sentence: str) -> None:
        if self._pending is not None and request_id == self._pending[0]:
            self._pending = None
            self.store.set_partial(None)
            self._log.fault(sentence, "policy")
            self.store.settle()
            self._notifier.error(sentence)
            self.plan_failed.emit(sentence)

    # -- the drawn trace ---------------------------------------------------------------------

    def begin_drawing(self) -> str:
        """Pin the picture if it still moves; return why drawing is refused, or nothing."""
        reason = rules.draw(self.store)
        if not reason and self.store.observation is None:
            try:
                self.store.pin(observation_from(self.store, self.feed))
            except StudioError as error:
                return str(error)
        return reason

    def put_draft(self, points: Points | None) -> None:
        """Replace the drawn trace; a plan that followed the old one is void."""
        if self._pending is not None and self._pending[1] == PlanKind.USER:
            self.cancel()
            self._notifier.info(DROPPED)
        self.store.set_draft(points)
        self.store.drop_plan(PlanKind.USER)
        if self.store.phase not in BUSY and self.store.phase != Phase.RUNNING:
            self.store.settle()

    def log_edit(self, before: Points | None, after: Points | None, operation: str) -> None:
        """Note an edit in the session log."""
        self._log.edited(operation, before, after, self._last_request)

    def trim(self) -> None:
        """Let the drawn trace begin at the gripper; what it has passed is shown as travelled."""
        store = self.store
        position = gripper_in_model_units(store)
        if store.draft is None or position is None:
            return
        before = store.draft
        after, travelled = remaining_trace(before, position, store.travelled)
        store.set_draft(after, travelled)
        self.draft_replaced.emit()
        self._log.edited("trim travelled", before, after, self._last_request)

    # -- plans --------------------------------------------------------------------

    def select_plan(self, kind: PlanKind) -> None:
        """Choose the plan that is shown and would be run."""
        self.store.select(kind)

    def allow(self) -> None:
        """Let the selected plan run in spite of severe doubts; a person has looked."""
        plan = self.store.plan
        if self._refused(rules.allow(self.store)) or plan is None:
            return
        self._log.note(f"plan {plan.reasoning.request_id} allowed; {' '.join(plan.doubts)}")
        self.store.update_plan(plan.kind, allowed=True)

    def _preview(self, kind: PlanKind, chunk: ActionChunk, request_id: int) -> None:
        def is_current() -> bool:
            plan = self.store.plans.get(kind)
            return plan is not None and plan.reasoning.request_id == request_id

        def accept(preview: object) -> None:
            if is_current():
                self._log.previewed(chunk, preview, request_id)
                self.store.update_plan(kind, preview=preview)
                self.plan_ready.emit(kind)

        def refuse(sentence: str) -> None:
            if is_current():
                self.store.update_plan(kind, refusal=sentence)
                self._notifier.warning(sentence)
                self.plan_failed.emit(sentence)

        self._rig.call(lambda client: client.preview(chunk), accept, refuse)

    def go_live(self) -> None:
        """Let the pinned picture go."""
        if not self._refused(rules.go_live(self.store)):
            self.store.pin(None)
            self.store.settle()

    @Slot(object)
    def _policy_connected(self, capabilities: Capabilities) -> None:
        self.store.set_capabilities(capabilities)
        self.store.set_service("policy", "")

    @Slot(str)
    def _policy_lost(self, sentence: str) -> None:
        self.store.set_capabilities(None)
        self.store.set_service("policy", "not connected")
        self._notifier.error(sentence)

    def policy_died(self, sentence: str) -> None:
        """The policy's process is gone; what was asked will never be answered."""
        self.store.set_capabilities(None)
        if self.cancel():
            self.plan_failed.emit(sentence)

    def _refused(self, reason: str) -> bool:
        if reason:
            self._notifier.warning(reason)
        return bool(reason)
