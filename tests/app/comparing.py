"""A policy that answers several questions in one go; helpers around it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt

from app.store import PlanKind
from core.policy.base import Cancelled
from core.policy.comparison import Question
from core.types import ActionChunk, Observation, Reasoning, StudioError
from tests.app.fakes import actions

MODEL, USER, FIRST, SECOND, THIRD = PlanKind


class Comparing:
    """Answers several questions in one go, each with a motion of its own, once it may."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[tuple[Observation, tuple[Question, ...]]] = []
        self.cancelled = 0
        self.bad: dict[int, str] = {}
        self.fault = ""

    def compare(
        self, observation, questions, *, on_stage=None, on_result=None, cancelled=None
    ) -> list[Any]:
        self.asked.append((observation, tuple(questions)))
        if self.fault:
            raise StudioError(self.fault)
        for item, question in enumerate(questions):
            if on_stage is not None:
                on_stage(item, Reasoning(request_id=question.request_id, text=""))
        while not self.hold.wait(0.005):
            if cancelled is not None and cancelled():
                self.cancelled += 1
                raise Cancelled
        results: list[Any] = []
        for item, question in enumerate(questions):
            if item in self.bad:
                result: Any = StudioError(self.bad[item])
            else:
                result = self.policy.infer(
                    question.about(observation), question.trace, request_id=question.request_id
                )
                rows = actions()
                rows[:, 0] = 0.008 * item
                result = replace(result, chunk=ActionChunk(actions=rows))
            results.append(result)
            if on_result is not None:
                on_result(item, result)
        return results


def keep(rigged: Any, *ends: float) -> None:
    """Draw traces to these places and keep each."""
    for end in ends:
        rigged.drag((150, 100), (200, end))
        rigged.key(Qt.Key.Key_K)


def previewed(rigged: Any, count: int) -> None:
    """Wait until so many plans have their verdicts."""
    plans = rigged.store.plans
    rigged.until(lambda: len(plans) == count and all(p.preview for p in plans.values()))


def card(rigged: Any, kind: PlanKind) -> Any:
    rigged.show_changes()
    return rigged.window.workspace.plans.cards[kind]
