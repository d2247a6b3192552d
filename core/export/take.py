"""What an export is made of: takes, and in each the steps that an arm really carried out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.episode import Episode, Outcome, Steering
from core.export.timing import Span
from core.types import RobotState, Trace

WHOLE = 0
"""Number of the take that stands for a session without episodes."""

KEPT_REQUESTS = 256
"""Requests to the policy that are remembered until one of their plans is run."""

NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One row of a chunk that was executed.

    Attributes:
        run_id: Number of the run.
        step: Index within the chunk, from 0.
        request_id: Request that the chunk answers; 0 when it is not known.
        instruction: What the policy was told for this chunk.
        action: (7,) as in :class:`core.types.ActionChunk`.
        rate_hz: Steps per second that the chunk was made for.
        begun_ns: When it began [ns since 1970].
        done_ns: When it was done [ns since 1970].
        before: What the arm measured last before it, if known.
        after: What the arm measured after it, if known.
        trace: The trace that the plan followed: the drawn one, else the model's own.
        traced: Whether that trace was drawn by a person.
        reworded: Whether the policy was told something else than at the start of the take.
    """

    run_id: str
    step: int
    request_id: int
    instruction: str
    action: NDArray[np.float64]
    rate_hz: float
    begun_ns: int
    done_ns: int
    before: RobotState | None = None
    after: RobotState | None = None
    trace: Trace | None = None
    traced: bool = False
    reworded: bool = False

    @property
    def intervened(self) -> bool:
        """Whether a person's trace or words made this step what it was."""
        return self.traced or self.reworded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """One attempt, or a whole session that has no episodes.

    Attributes:
        path: The session file.
        number: Of the episode within the session; :data:`WHOLE` for the session.
        instruction: What the arm was to do.
        zero_ns: When the session began [ns since 1970].
        started_ns: When the take began [ns since 1970].
        ended_ns: When it ended [ns since 1970].
        steps: What was executed, in order.
        runs: (begin, end) of every run [ns since 1970].
        stops: How often somebody or something stopped the arm.
        plans: How many answers of the policy were complete.
        episode: What is known of the episode; None for a whole session.
        cameras: Calibration by camera; None where a camera is not calibrated.
        policy: Name of the checkpoint or server.
        checkpoint: SHA-256 of the weights, if known.
        robot: "lab" or "real".
    """

    path: Path
    number: int
    instruction: str
    zero_ns: int
    started_ns: int
    ended_ns: int
    steps: tuple[Step, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()
    stops: int = 0
    plans: int = 0
    episode: Episode | None = None
    cameras: dict[str, CameraModel | None] = field(default_factory=dict[str, CameraModel | None])
    policy: str = ""
    checkpoint: str = ""
    robot: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if anybody said."""
        return self.episode.outcome if self.episode is not None else None

    @property
    def progress(self) -> int | None:
        """How far it got [%], if anybody said."""
        return self.episode.progress if self.episode is not None else None

    @property
    def steered(self) -> frozenset[Steering]:
        """How a person changed what the arm did."""
        if self.episode is not None:
            return self.episode.steered
        ways = {Steering.TRACE for step in self.steps if step.traced}
        return frozenset(ways | {Steering.LANGUAGE for step in self.steps if step.reworded})

    @property
    def seconds(self) -> float:
        """How long it took [s]."""
        return (self.ended_ns - self.started_ns) / NS

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.path.name}, episode {self.number}" if self.number else self.path.name

    def since_start(self, wall_ns: int) -> float:
        """Return a time as seconds since the take began."""
        return (wall_ns - self.started_ns) / NS

    def pauses(self) -> tuple[Span, ...]:
        """Return the spans in which nothing was executed [s since the take began].

        The first ends with the first run; the last begins with the end of the last one.
        """
        edges = [0.0]
        for begin, end in self.runs:
            edges += [self.since_start(begin), self.since_start(end)]
        edges.append(self.seconds)
        return tuple(
            (begin, end)
            for begin, end in zip(edges[::2], edges[1::2], strict=True)
            if self.runs and end > begin
        )


@dataclass(slots=True)
class Requests:
    """What the policy was asked and answered, as far back as a run may still need it."""

    words: OrderedDict[int, str] = field(default_factory=OrderedDict[int, str])
    drawn: OrderedDict[int, Trace] = field(default_factory=OrderedDict[int, Trace])
    traces: OrderedDict[int, Trace] = field(default_factory=OrderedDict[int, Trace])

    def tell(self, request_id: int, instruction: str) -> None:
        """Remember what the policy was told."""
        _remember(self.words, request_id, instruction)

    def draw(self, request_id: int, trace: Trace) -> None:
        """Remember the trace that a request was to follow."""
        _remember(self.drawn, request_id, trace)

    def answer(self, request_id: int, traces: Sequence[Trace]) -> None:
        """Remember the trace of an answer."""
        if traces:
            _remember(self.traces, request_id, traces[0])

    def trace_of(self, request_id: int) -> tuple[Trace | None, bool]:
        """Return the trace that a plan follows, and whether a person drew it."""
        drawn = self.drawn.get(request_id)
        return (drawn, True) if drawn is not None else (self.traces.get(request_id), False)


def chosen(takes: Sequence[Take], numbers: Sequence[int], *, discarded: bool) -> list[Take]:
    """Return the takes that an export is to have.

    Args:
        takes: All takes of a session.
        numbers: Episodes to keep; none means all.
        discarded: Whether those that a person marked as not to be used are wanted too.
    """
    kept = [take for take in takes if not numbers or take.number in numbers]
    return [take for take in kept if discarded or take.outcome is not Outcome.DISCARDED]


def with_end(take: Take, ended_ns: int) -> Take:
    """Return an unfinished take that ends with the file."""
    return replace(take, ended_ns=max(ended_ns, take.started_ns))


def _remember(known: OrderedDict[int, Any], key: int, value: Any) -> None:
    known[key] = value
    while len(known) > KEPT_REQUESTS:
        known.popitem(last=False)
