"""Asking the policy and drawing: intents become numbered requests, answers become plans.

Every request has a number; an answer with another number than the one that is waited for is
dropped. Whether an intent is possible is decided by :mod:`app.rules` alone.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app import rules
from app.live import LiveFeed
from app.notify import Notifier
from app.observe import gripper_in_model_units, observation_from, remaining_trace
from app.orders import context_of, observed_ns
from app.policy_link import Comparison, PolicyLink, PolicyRequest
from app.session_log import SessionLog
from app.store import BUSY, Phase, Plan, PlanKind, Store
from app.watch import Watch
from app.workers import RigLink
from core.policy.comparison import Question
from core.policy.history import History
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
        self._pending: dict[int, PlanKind] = {}
        self._together = False
        self._before: History | None = None
        self._told: set[str] = set()
        self._instructions: dict[int, str] = {}
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
        self._begin([kind], Phase.THINKING if kind == PlanKind.MODEL else Phase.STEERING)
        self.store.drop_plan(kind)
        self._instructions = {self._last_request: observation.instruction}
        self._log.observed(self._last_request, observation)
        if trace is not None:
            self._log.steered(self._last_request, trace, observation, self.store.capabilities)
        self._policy.ask(
            PolicyRequest(request_id=self._last_request, observation=observation, trace=trace)
        )

    def ask_together(self, questions: dict[PlanKind, Question]) -> None:
        """Ask for several plans on the pinned picture; :mod:`app.compare` knows which.

        Args:
            questions: What is asked for each plan; their numbers are given here.
        """
        observation = self.store.observation
        assert observation is not None
        numbers = self._begin(list(questions), Phase.COMPARING)
        self._before = self._watch.history
        self.store.clear_plans()
        asked = tuple(
            replace(question, request_id=number)
            for number, question in zip(numbers, questions.values(), strict=True)
        )
        self._instructions = {
            question.request_id: question.about(observation).instruction for question in asked
        }
        self._log.observed(numbers[0], observation)
        self._log.compared(
            {number: str(kind) for number, kind in self._pending.items()},
            list(self._instructions.values()),
        )
        for question in asked:
            if question.trace is not None:
                self._log.steered(
                    question.request_id, question.trace, observation, self.store.capabilities
                )
        self._policy.compare(Comparison(observation=observation, questions=asked))

    def _begin(self, kinds: list[PlanKind], phase: Phase) -> list[int]:
        """Number new requests, which take the place of open ones."""
        numbers = [self._last_request + 1 + index for index in range(len(kinds))]
        self._last_request = numbers[-1]
        self._pending = dict(zip(numbers, kinds, strict=True))
        self._together = phase == Phase.COMPARING
        self._before, self._told = None, set()
        self.store.set_partial(None)
        self.store.set_waiting(dict.fromkeys(kinds))
        self.store.set_phase(phase)
        return numbers

    def cancel(self) -> bool:
        """Give up the open questions; false when there are none."""
        if not self._pending:
            return False
        for request_id in self._pending:
            self._log.note(f"request {request_id} cancelled")
        self._pending = {}
        self._policy.cancel()
        self._all_answered()
        return True

    def void(self, kind: PlanKind) -> None:
        """Forget a plan whose trace or words have changed, also one that is still asked for."""
        number = next((n for n, pending in self._pending.items() if pending == kind), None)
        if number is not None and len(self._pending) == 1:
            self.cancel()
        elif number is not None:
            del self._pending[number]
            self._log.note(f"request {number} is void: what it asked for has changed")
            self._notifier.info(f"Plan {kind.number} is left out: its trace has changed meanwhile.")
            self.store.set_waiting(_without(self.store.waiting, kind))
        self.store.drop_plan(kind)

    def _all_answered(self) -> None:
        self.store.set_partial(None)
        self.store.set_waiting({})
        self.store.settle()

    @Slot(object)
    def _staged(self, partial: Reasoning) -> None:
        kind = self._pending.get(partial.request_id)
        if kind is None:
            return
        self.store.set_waiting(self.store.waiting | {kind: partial})
        # Of several answers that arrive together the panels show the first one's.
        if kind == next(iter(self._pending.values())):
            self.store.set_partial(partial)

    def _taken(self, request_id: int) -> PlanKind | None:
        """Take a request off the open ones; what is left of it shows on its card no more."""
        kind = self._pending.pop(request_id, None)
        if kind is not None:
            self.store.set_waiting(_without(self.store.waiting, kind))
            self.store.set_partial(None)
        return kind

    @Slot(object)
    def _answered(self, reasoning: Reasoning) -> None:
        kind = self._taken(reasoning.request_id)
        if kind is None:
            self._log.note(f"answer {reasoning.request_id} came too late and was dropped")
            return
        told = self._instructions.get(reasoning.request_id, "")
        if self.store.observation is not None:
            reasoning = self._watch.judged(self.store.observation, reasoning, after=self._before)
        self._log.reasoned(reasoning)
        plan = Plan(kind=kind, reasoning=reasoning, instruction=told)
        self.store.set_plan(plan, select=not self._together)
        if not self._pending:
            self._all_answered()
        if reasoning.chunk is None:
            sentence = reasoning.error or "The answer has no actions; nothing can be run."
            self._tell_failure(sentence)
        else:
            self.preview(kind, reasoning.chunk, reasoning.request_id)

    @Slot(int, str)
    def _failed(self, request_id: int, sentence: str) -> None:
        kind = self._taken(request_id)
        if kind is None:
            return
        if self._together:  # the card says it
            nothing = Reasoning(request_id=request_id, text="", error=sentence)
            self.store.set_plan(Plan(kind=kind, reasoning=nothing), select=False)
        if not self._pending:
            self._all_answered()
        if sentence not in self._told:
            self._log.fault(sentence, "policy")
            self._notifier.error(sentence)
            self._told.add(sentence)
        self.plan_failed.emit(sentence)

    def _tell_failure(self, sentence: str) -> None:
        if sentence not in self._told:
            self._notifier.warning(sentence)
            self._told.add(sentence)
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
        if set(self._pending.values()) == {PlanKind.USER}:
            self._notifier.info(DROPPED)
        self.void(PlanKind.USER)
        self.store.set_draft(points)
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
        plans = self.store.plans
        if kind not in plans or kind == self.store.selected:
            return
        self.store.select(kind)
        among = [plan.reasoning.request_id for plan in plans.values()]
        self._log.chose(str(kind), plans[kind].reasoning.request_id, among)

    def allow(self) -> None:
        """Let the selected plan run in spite of severe doubts; a person has looked."""
        plan = self.store.plan
        if self._refused(rules.allow(self.store)) or plan is None:
            return
        self._log.note(f"plan {plan.reasoning.request_id} allowed; {' '.join(plan.doubts)}")
        self.store.update_plan(plan.kind, allowed=True)

    def preview(self, kind: PlanKind, chunk: ActionChunk, request_id: int) -> None:
        """Let the rig say where a plan leads and whether the guard allows it."""

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

        plan = self.store.plans.get(kind)
        if plan is None:
            return
        context, seen = context_of(plan, self.store.observation), observed_ns(self.store)
        clamp = self.store.clamp
        self._rig.call(
            lambda client: client.preview(chunk, context=context, observed_ns=seen, clamp=clamp),
            accept,
            refuse,
        )

    def preview_again(self) -> None:
        """Let the rig judge all plans anew: the limits have changed."""
        for kind, plan in list(self.store.plans.items()):
            if plan.chunk is not None:
                self.store.update_plan(kind, preview=None, refusal="")
                self.preview(kind, plan.chunk, plan.reasoning.request_id)

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


def _without(waiting: dict[PlanKind, Reasoning | None], kind: PlanKind) -> dict[Any, Any]:
    return {other: partial for other, partial in waiting.items() if other != kind}
