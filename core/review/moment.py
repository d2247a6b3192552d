"""What held at a time of a session: the last question, the plan in force, the trace, the run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.session.compare_events import Compared, PlanChosen
from core.session.event import Event
from core.session.events import (
    ChunkEnded,
    ChunkStarted,
    Observed,
    Previewed,
    Reasoned,
    Steered,
    StepDone,
    TraceEdited,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """What held at a time; every number is an index into the session's events.

    Attributes:
        question: The last :class:`Observed`; None before the first.
        answer: The :class:`Reasoned` in force: the newest, chosen or run; None before the first.
        thought: The last :class:`Reasoned` with depth: a steered answer has none of its own.
        preview: The guard's word on it, a :class:`Previewed`.
        steering: The :class:`Steered` that the answer follows.
        draft: (N, 2) drawn points, 0..255 across the image; (0, 2) for none.
        run: The :class:`ChunkStarted` that is under way.
        steps_done: Its steps that were executed by then.
        waiting: Whether a question is open that is answered later or never.
        instruction: What the policy was told last.
    """

    question: int | None = None
    answer: int | None = None
    thought: int | None = None
    preview: int | None = None
    steering: int | None = None
    draft: NDArray[np.float64]
    run: int | None = None
    steps_done: int = 0
    waiting: bool = False
    instruction: str = ""


class Timeline:
    """The moments of a session, one for each event that changes something."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Fold the events.

        Args:
            events: In the order of their times.
        """
        self._times: list[int] = []
        self._moments: list[Moment] = []
        self._questions: dict[int, list[int]] = {}
        self._answers: dict[int, int] = {}
        self._previews: dict[int, int] = {}
        self._steerings: dict[int, int] = {}
        now = Moment(draft=np.zeros((0, 2)))
        for index, event in enumerate(events):
            after = self._step(now, index, event)
            if after is not now:
                now = after
                self._times.append(event.wall_ns)
                self._moments.append(now)

    def at(self, wall_ns: int) -> Moment:
        """Return what held at a time [ns since 1970]."""
        place = bisect_right(self._times, wall_ns) - 1
        return self._moments[place] if place >= 0 else Moment(draft=np.zeros((0, 2)))

    def question(self, request_id: int, before: int | None = None) -> int | None:
        """Return the event that asked a request; the last one before another event."""
        known = self._questions.get(request_id, [])
        if before is not None:
            known = [index for index in known if index < before]
        return known[-1] if known else None

    def _step(self, now: Moment, index: int, event: Event) -> Moment:
        match event:
            case Observed():
                self._ask([event.request_id], index)
                words = event.observation.instruction
                return replace(now, question=index, waiting=True, instruction=words)
            case Compared() if now.question is not None:
                self._ask([n for n in event.request_ids if n not in self._fresh(now)], now.question)
                return now
            case Steered():
                self._steerings[event.request_id] = index
                return replace(now, draft=event.trace.points)
            case TraceEdited():
                return replace(now, draft=event.after)
            case Reasoned():
                number = event.reasoning.request_id
                self._answers[number] = index
                self._previews.pop(number, None)
                thought = now.thought if event.reasoning.depth is None else index
                return self._in_force(replace(now, waiting=False, thought=thought), number)
            case Previewed():
                self._previews[event.request_id] = index
                shown = now.answer is not None and self._answers.get(event.request_id) == now.answer
                return self._in_force(now, event.request_id) if shown else now
            case PlanChosen():
                return self._in_force(now, event.request_id)
            case ChunkStarted():
                run: dict[str, Any] = {"run": index, "steps_done": 0}
                return replace(self._in_force(now, event.request_id), **run)
            case StepDone() if now.run is not None:
                return replace(now, steps_done=max(now.steps_done, event.step + 1))
            case ChunkEnded():
                return replace(now, run=None, steps_done=0)
            case _:
                return now

    def _fresh(self, now: Moment) -> list[int]:
        return [n for n, known in self._questions.items() if known[-1] == now.question]

    def _ask(self, numbers: list[int], index: int) -> None:
        for number in numbers:
            self._questions.setdefault(number, []).append(index)
            # the same number again: a recorder or a studio was started anew
            for known in (self._answers, self._previews, self._steerings):
                known.pop(number, None)

    def _in_force(self, now: Moment, number: int) -> Moment:
        answer = self._answers.get(number)
        if answer is None:
            return now
        return replace(
            now,
            answer=answer,
            preview=self._previews.get(number),
            steering=self._steerings.get(number),
        )
