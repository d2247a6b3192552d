"""Comparing plans before one of them moves anything: what is kept, what is asked, which is chosen.

What takes part: the model's own plan, the drawn trace, and up to three candidates, each a kept
trace or the instruction in other words. All are asked about the same pinned picture.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app import compare_rules
from app.controller import Controller
from app.notify import Notifier
from app.session_log import SessionLog
from app.store import CANDIDATES, Candidate, PlanKind, Store
from core.policy.comparison import Question
from core.types import Trace, TraceSource


class Compare(QObject):
    """Keeps candidates and asks for their plans."""

    def __init__(
        self,
        *,
        store: Store,
        controller: Controller,
        notifier: Notifier,
        log: SessionLog,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._notifier, self._log = notifier, log

    def keep(self) -> None:
        """Keep the drawn trace as a candidate, with its plan if there is one."""
        if self._refused(compare_rules.keep(self._store)):
            return
        store = self._store
        assert store.draft is not None
        kind = self._put(Candidate(points=store.draft.copy()))
        plan = store.plans.get(PlanKind.USER)
        if plan is not None:
            store.set_plan(replace(plan, kind=kind), select=False)
            if plan.preview is None and plan.chunk is not None and not plan.refusal:
                self._controller.preview(kind, plan.chunk, plan.reasoning.request_id)

    def add_wording(self, text: str) -> str:
        """Keep the instruction in other words as a candidate.

        Args:
            text: The instruction.

        Returns:
            Why it was not kept; nothing if it was.
        """
        text = " ".join(text.split())
        reason = compare_rules.add_wording(self._store, text)
        if not reason:
            self._put(Candidate(wording=text))
        return reason

    def drop(self) -> None:
        """Let the selected candidate go, or the newest."""
        kind = compare_rules.at_hand(self._store)
        if not self._refused(compare_rules.drop(self._store)) and kind is not None:
            self.drop_candidate(kind)

    def drop_candidate(self, kind: PlanKind) -> None:
        """Let one candidate go, with its plan."""
        if kind in self._store.candidates:
            self._store.set_candidate(kind, None)
            self._controller.void(kind)
            if not self._store.waiting:
                self._store.settle()
            self._log.dropped(str(kind))

    def clear(self) -> None:
        """Let all candidates go; they belong to another scene."""
        for kind in tuple(self._store.candidates):
            self.drop_candidate(kind)

    def compare(self) -> None:
        """Ask for all plans together, on the pinned picture if there is one."""
        if self._refused(compare_rules.compare(self._store)):
            return
        store = self._store
        if store.observation is None and not self._controller.pin_now():
            return
        assert store.observation is not None
        if store.observation.instruction != store.instruction:
            store.observation = replace(store.observation, instruction=store.instruction)
        self._controller.ask_together(questions(store))

    def trace_of_candidate(self, kind: PlanKind | None = None) -> NDArray[np.float64] | None:
        """Return a candidate's points, to be edited, or None with a word about it.

        Args:
            kind: Which candidate; None takes the selected one, or the newest.
        """
        if self._refused(compare_rules.edit(self._store, kind)):
            return None
        kind = kind or compare_rules.at_hand(self._store)
        return None if kind is None else self._store.candidates[kind].points

    def _put(self, candidate: Candidate) -> PlanKind:
        kind = next(place for place in CANDIDATES if place not in self._store.candidates)
        self._store.set_candidate(kind, candidate)
        self._log.kept(str(kind), candidate.points, candidate.wording)
        return kind

    def _refused(self, reason: str) -> bool:
        if reason:
            self._notifier.warning(reason)
        return bool(reason)


def questions(store: Store) -> dict[PlanKind, Question]:
    """Return what would be compared now: always the model's own plan first."""
    asked = {PlanKind.MODEL: Question(label=str(PlanKind.MODEL))}
    if store.draft is not None and len(store.draft) >= 2:
        trace = Trace(points=store.draft, source=TraceSource.USER)
        asked[PlanKind.USER] = Question(label=str(PlanKind.USER), trace=trace)
    for kind in CANDIDATES:
        candidate = store.candidates.get(kind)
        if candidate is not None and candidate.points is not None:
            trace = Trace(points=candidate.points, source=TraceSource.USER)
            asked[kind] = Question(label=str(kind), trace=trace)
        elif candidate is not None:
            asked[kind] = Question(label=str(kind), instruction=candidate.wording)
    return asked
