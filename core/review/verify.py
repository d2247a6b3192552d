"""Asks a checkpoint again what a session has recorded, and compares every token and action.

The pictures of a question are stored exactly and so is the drawn trace, so that the same weights
give the same answer. Tokens are compared as the text that they spell and, where the server told
them, the places at which they begin; numbers have to be equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.policy.base import Policy, PolicyRequest, ask
from core.review.session import ReviewSession
from core.session.compare_events import Compared
from core.session.events import Observed, Reasoned, Steered
from core.types import Reasoning, StudioError

_AROUND = 24
"""Characters that are shown before a difference."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """A question of a session and the answer that it got.

    Attributes:
        request: The question, with the number of the request.
        answer: What was recorded.
        wall_ns: When the answer came [ns since 1970].
    """

    request: PolicyRequest
    answer: Reasoning
    wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where an answer is another one.

    Attributes:
        request_id: Number of the request.
        seconds: When its answer came, since the session's start [s].
        part: "tokens", "token places", "actions", "depth", "trace" or "picture".
        words: What was recorded and what came now.
    """

    request_id: int
    seconds: float
    part: str
    words: str


@dataclass(slots=True, kw_only=True)
class Verification:
    """What a verification has found so far.

    Attributes:
        answers: Answers that were compared.
        tokens: Decided tokens among them, where the server told.
        actions: Rows of actions among them.
        unanswered: Questions without an answer in the file: cancelled, or cut off.
        differences: Where an answer is another one; at most one for each part of an answer.
    """

    answers: int = 0
    tokens: int = 0
    actions: int = 0
    unanswered: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])


def check_checkpoint(session: ReviewSession, digest: str, model: str) -> None:
    """Refuse a checkpoint that is not the recorded one.

    Args:
        session: The session.
        digest: SHA-256 of the weights at hand.
        model: Where they are.

    Raises:
        StudioError: If the session names no checkpoint, or another one.
    """
    started = session.started
    recorded = "" if started is None else started.checkpoint
    name = "" if started is None else started.policy
    if not recorded:
        raise StudioError(
            f"{session.path} does not say which weights answered"
            + (f" (its policy was “{name}”)" if name else "")
            + "; verify it with --any-checkpoint to compare with those at hand anyway"
        )
    if recorded != digest:
        raise StudioError(
            f"{session.path} was recorded with “{name}” (weights {recorded[:12]}…), but {model} "
            f"has the weights {digest[:12] or 'of no file'}…; name the right folder with --model"
        )


def questions(session: ReviewSession) -> Iterator[Recorded]:
    """Yield the questions that were answered, in the order of their answers."""
    asked: dict[int, PolicyRequest] = {}
    for index, event in enumerate(session.events):
        match event:
            case Observed():
                whole = session.whole(index)
                assert isinstance(whole, Observed)
                asked[event.request_id] = PolicyRequest(
                    observation=whole.observation, request_id=event.request_id, session="verify"
                )
            case Compared() if event.request_ids and event.request_ids[0] in asked:
                first = asked[event.request_ids[0]]
                for item, number in enumerate(event.request_ids):
                    words = dict(zip(event.request_ids, event.instructions, strict=False))
                    told = words.get(number, first.observation.instruction)
                    asked[number] = replace(
                        first,
                        observation=replace(first.observation, instruction=told),
                        request_id=number,
                        session=f"verify/{item}",
                    )
            case Steered() if event.request_id in asked:
                asked[event.request_id] = replace(asked[event.request_id], trace=event.trace)
            case Reasoned() if event.reasoning.request_id in asked:
                whole = session.whole(index)
                assert isinstance(whole, Reasoned)
                yield Recorded(
                    request=asked.pop(event.reasoning.request_id),
                    answer=whole.reasoning,
                    wall_ns=event.wall_ns,
                )
            case _:
                pass


def verify(
    session: ReviewSession, policy: Policy, told: Callable[[Recorded, int], None] | None = None
) -> Verification:
    """Ask the policy every recorded question and compare its answers.

    Args:
        session: The session.
        policy: Has the recorded weights.
        told: Gets each question when it has been compared, with the number of its differences.

    Raises:
        StudioError: If the session holds no answer, or the policy cannot be asked.
    """
    found = Verification()
    for recorded in questions(session):
        now = ask(policy, recorded.request)
        different = compare(recorded.answer, now, (recorded.wall_ns - session.start_ns) / 1e9)
        found.answers += 1
        decisions, chunk = recorded.answer.decisions, recorded.answer.chunk
        found.tokens += 0 if decisions is None else len(decisions.at)
        found.actions += 0 if chunk is None else len(chunk.actions)
        found.differences += different
        if told is not None:
            told(recorded, len(different))
    if not found.answers:
        raise StudioError(f"{session.path} holds no answer of a policy; there is nothing to verify")
    found.unanswered = _asked(session) - found.answers
    return found


def compare(recorded: Reasoning, now: Reasoning, seconds: float = 0.0) -> list[Difference]:
    """Return where two answers differ; times and warnings may.

    Args:
        recorded: The answer in the file.
        now: The answer of today.
        seconds: When the recorded one came, since the session's start [s].
    """
    parts: list[tuple[str, str]] = [("tokens", _text(recorded, now))]
    if recorded.decisions is not None and now.decisions is not None:
        parts.append(("token places", _numbers(recorded.decisions.at, now.decisions.at)))
    if recorded.depth is not None or now.depth is not None:
        parts.append(("depth", _numbers(_codes(recorded), _codes(now))))
    parts.append(("trace", _traces(recorded, now)))
    parts.append(("actions", _numbers(_rows(recorded), _rows(now))))
    if recorded.model_image is not None and now.model_image is not None:
        same = np.array_equal(recorded.model_image, now.model_image)
        parts.append(("picture", "" if same else "the model's input has other pixels"))
    return [
        Difference(request_id=recorded.request_id, seconds=seconds, part=part, words=words)
        for part, words in parts
        if words
    ]


def _text(recorded: Reasoning, now: Reasoning) -> str:
    before, after = recorded.text, now.text
    if before == after:
        return ""
    pairs = enumerate(zip(before, after, strict=False))
    short = min(len(before), len(after))
    at = next((place for place, (a, b) in pairs if a != b), short)
    decisions, token = recorded.decisions, ""
    if decisions is not None and len(decisions.at):
        place = max(int(np.searchsorted(decisions.at, at, side="right")) - 1, 0)
        sure = round(100 * float(decisions.confidence[place]))
        token = f", decided token {place + 1} (then {sure} % sure)"
    start = max(at - _AROUND, 0)
    return (
        f"at character {at + 1}{token}: recorded “…{before[start : at + _AROUND]}…”, "
        f"now “…{after[start : at + _AROUND]}…”"
    )


def _traces(recorded: Reasoning, now: Reasoning) -> str:
    if len(recorded.traces) != len(now.traces):
        return f"recorded {len(recorded.traces)} traces, now {len(now.traces)}"
    pairs = zip(recorded.traces, now.traces, strict=True)
    return next((words for a, b in pairs if (words := _numbers(a.points, b.points))), "")


def _numbers(before: Any, after: Any) -> str:
    """Say where two arrays differ; nothing when they are equal."""
    if before is None or after is None:
        return "" if before is after else f"recorded {_count(before)}, now {_count(after)}"
    if before.shape != after.shape:
        return f"recorded {before.shape}, now {after.shape}"
    unequal = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    if not unequal.any():
        return ""
    places = np.argwhere(unequal)
    first: Any = tuple(int(place) for place in places[0])
    names = ", ".join(str(place + 1) for place in first)
    return (
        f"{len(places)} of {before.size} values, the first at {names}: recorded "
        f"{before[first]:.9g}, now {after[first]:.9g}"
    )


def _count(array: Any) -> str:
    return "none" if array is None else f"{len(array)}"


def _codes(reasoning: Reasoning) -> Any:
    return None if reasoning.depth is None else reasoning.depth.codes


def _rows(reasoning: Reasoning) -> Any:
    return None if reasoning.chunk is None else reasoning.chunk.actions


def _asked(session: ReviewSession) -> int:
    numbers = 0
    for event in session.events:
        numbers += isinstance(event, Observed)
        numbers += len(event.request_ids) - 1 if isinstance(event, Compared) else 0
    return numbers
