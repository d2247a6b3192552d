"""The interface behind which every policy stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.types import Capabilities, Observation, Reasoning, StudioError, Trace

StageCallback = Callable[[Reasoning], None]
"""Called with as much of the answer as is complete; each call includes the earlier ones."""

MAX_INSTRUCTION = 1000
"""Longest instruction [characters]; training instructions have fewer than 100."""


class Cancelled(StudioError):
    """The request was cancelled before it was answered; nothing is wrong."""

    def __init__(self, sentence: str = "The request was cancelled.") -> None:
        super().__init__(sentence)


class Policy(Protocol):
    """Something that can be asked for the next actions."""

    @property
    def capabilities(self) -> Capabilities:
        """What the policy can do."""
        ...

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: StageCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        """Answer one observation; blocks until the answer is complete.

        Args:
            observation: Frames (the first is the one that traces refer to) and the instruction.
            trace: The drawn trace to follow, at least two points; ``None`` lets the model plan.
            request_id: Copied into the answer.
            on_stage: Called from the calling thread as depth, trace points and action rows
                become complete. An exception in it ends the request.
            cancelled: Polled between tokens; returning true ends the request.

        Returns:
            The answer. If it could not be parsed it has an ``error`` and no chunk.

        Raises:
            Cancelled: If ``cancelled`` returned true.
            StudioError: If the request cannot be answered, with a sentence.
        """
        ...


def check_request(observation: Observation, trace: Trace | None) -> None:
    """Refuse a request that no policy can answer sensibly.

    Raises:
        StudioError: If the instruction is empty or too long, or the trace is a single point.
    """
    instruction = observation.instruction
    if not instruction.strip():
        raise StudioError("The instruction is empty; type what the arm should do.")
    if len(instruction) > MAX_INSTRUCTION:
        raise StudioError(
            f"The instruction has {len(instruction)} characters; at most {MAX_INSTRUCTION} are "
            "possible. A short sentence works best."
        )
    if trace is not None and len(trace.points) < 2:
        raise StudioError("A trace to follow needs at least two points; draw a line.")
