"""The interface behind which every policy stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.types import Capabilities, Observation, Reasoning, StudioError, Trace

StageCallback = Callable[[Reasoning], None]
"""Called with as much of the answer as is complete; each call includes the earlier ones."""

MAX_INSTRUCTION = 1000
"""Longest instruction [characters]; training instructions have fewer than 100."""


class Cancelled(StudioError):
    """The request was cancelled before it was answered; nothing is wrong."""

    def __init__(self, sentence: str = "The request was cancelled.") -> None:
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyRequest:
    """One question to a policy, with everything that goes with it.

    Attributes:
        observation: Frames (the first is the one that traces refer to) and the instruction.
        trace: The drawn trace to follow, at least two points; ``None`` lets the model plan.
        request_id: Copied into the answer.
        on_stage: Called as pieces of this answer become complete, from the thread that infers.
        cancelled: Polled between tokens; returning true ends this request and no other.
        session: Name of the conversation that the request belongs to; a policy with the
            capability ``session`` may draft its answer from the previous one of that name.
    """

    observation: Observation
    trace: Trace | None = None
    request_id: int = 0
    on_stage: StageCallback | None = None
    cancelled: Callable[[], bool] | None = None
    session: str | None = None


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


class BatchPolicy(Policy, Protocol):
    """A policy that answers several requests in one go."""

    @property
    def max_batch(self) -> int:
        """Most requests that are worth answering together: 1 on a CPU, more on a GPU."""
        ...

    def infer_many(self, requests: Sequence[PolicyRequest]) -> list[Reasoning | StudioError]:
        """Answer several requests; a fault of one is its own, in its place in the list."""
        ...


def ask(policy: Policy, request: PolicyRequest) -> Reasoning:
    """Ask a policy by request; the session goes along only where the policy knows sessions.

    Raises:
        Cancelled: If ``request.cancelled`` returned true.
        StudioError: If the request cannot be answered, with a sentence.
    """
    extra: dict[str, Any] = {"session": request.session} if policy.capabilities.session else {}
    return policy.infer(
        request.observation,
        request.trace,
        request_id=request.request_id,
        on_stage=request.on_stage,
        cancelled=request.cancelled,
        **extra,
    )


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
