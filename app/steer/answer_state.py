"""What of an answer can be shown: pure functions from a Reasoning to stages, bars and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.partial import PartialAnswer, partial_answer
from core.types import ACTION_DIM, DEPTH_CODES, Capabilities, Reasoning

_LAST_BIN = 255
STAGES = ("depth", "trace", "actions")


class StageState(StrEnum):
    """How far a stage of an answer is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of an answer.

    Attributes:
        name: "depth", "trace" or "actions".
        state: How far it is.
        detail: Progress such as "34/100", or empty.
        seconds: How long it took; negative while unknown.
    """

    name: str
    state: StageState
    detail: str = ""
    seconds: float = -1.0


def shown(reasoning: Reasoning) -> PartialAnswer:
    """Return what of the answer's text is there to be shown."""
    return partial_answer(reasoning.text)


def has_parts(reasoning: Reasoning, part: PartialAnswer) -> bool:
    """Whether anything of an answer is there to be shown beside its text."""
    return bool(part.depth_codes or part.traces or part.rows or reasoning.depth or reasoning.traces)


def stage_seconds(timings: Mapping[str, float]) -> dict[str, float]:
    """Turn seconds since the request, per stage, into the seconds that each stage took."""
    result: dict[str, float] = {}
    before = 0.0
    for stage in STAGES:
        if stage in timings:
            result[stage] = max(timings[stage] - before, 0.0)
            before = timings[stage]
    return result


def stages(
    reasoning: Reasoning,
    part: PartialAnswer,
    capabilities: Capabilities | None,
    *,
    complete: bool,
) -> tuple[Stage, ...]:
    """List the stages that this answer has, in the order in which they come.

    A steered answer goes straight to the actions.

    Args:
        reasoning: The answer, or as much of it as has arrived.
        part: What of its text can be shown.
        capabilities: What the policy can do; None assumes everything.
        complete: Whether the answer is complete.
    """
    steered = reasoning.steered_by is not None
    wants_depth = (capabilities is None or capabilities.depth) and not steered
    wants_trace = (capabilities is None or capabilities.trace_out) and not steered
    chunk = capabilities.chunk if capabilities else 0
    rows = len(reasoning.chunk.actions) if reasoning.chunk is not None else len(part.rows)
    points = sum(len(t) for t in part.traces) or sum(len(t.points) for t in reasoning.traces)
    codes = len(part.depth_codes)
    found: list[tuple[str, bool, str]] = []
    if wants_depth:
        done = reasoning.depth is not None or part.depth_complete
        found.append(("depth", done, "" if done or not codes else f"{codes}/{DEPTH_CODES}"))
    if wants_trace:
        done = bool(reasoning.traces) or part.traces_complete
        found.append(("trace", done, f"{points} points" if points and not done else ""))
    done = reasoning.chunk is not None
    progress = f"{rows}/{chunk}" if chunk else str(rows)
    found.append(("actions", done, progress if rows and not done else ""))

    took = stage_seconds(reasoning.timings)
    result: list[Stage] = []
    active = not complete
    for name, done, detail in found:
        if done:
            state = StageState.DONE
        elif complete:
            state = StageState.FAILED
        else:
            state = StageState.RUNNING if active else StageState.WAITING
            active = False
        seconds = took.get(name, -1.0)
        result.append(Stage(name=name, state=state, detail=detail, seconds=seconds))
    return tuple(result)


def places(reasoning: Reasoning, part: PartialAnswer) -> NDArray[np.float64]:
    """Place every value of the action rows within the range that the model can say.

    Returns:
        (N, 7) in -1..1, from the symbols where there are some; otherwise relative to the largest
        value of each dimension, with the gripper's 0..1 spread over the range.
    """
    rows = [row for row in part.rows if len(row) == ACTION_DIM]
    if rows:
        bins = np.array([[BIN_OF_SYMBOL[symbol] for symbol in row] for row in rows], float)
        result = 2.0 * bins / _LAST_BIN - 1.0
        # The gripper is written as 0..1 and not scaled, so 0.5 is its middle.
        result[:, -1] = np.where(result[:, -1] > 0.5, 1.0, -1.0)
        return result
    if reasoning.chunk is None:
        return np.zeros((0, ACTION_DIM))
    actions = reasoning.chunk.actions
    largest = np.maximum(np.abs(actions).max(axis=0), 1e-9)
    result = actions / largest
    result[:, -1] = np.where(actions[:, -1] > 0.5, 1.0, -1.0)
    return result
