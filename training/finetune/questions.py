"""What the model is asked and shall answer, in pieces that the loss can tell apart.

The sentences are those of :mod:`core.protocol.prompts`. The auxiliary questions are the reasoning
prompt's own two questions, asked alone, and are answered by its own two sentences; the paper does
not print other words (molmoact.md 6.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from core.protocol.prompts import (
    depth_text,
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
    trace_text,
)
from core.types import StudioError


class Kind(StrEnum):
    """Kinds of samples."""

    REASONING = "reasoning"
    STEERED = "steered"
    DEPTH = "depth"
    TRACE = "trace"
    AUXILIARY = "auxiliary"
    """Depth and trace, two questions about the same pictures in one sequence."""


class Segment(IntEnum):
    """What a token of an answer belongs to."""

    TEXT, DEPTH, TRACE, ACTION = range(4)


NEEDS_DEPTH = frozenset({Kind.REASONING, Kind.DEPTH, Kind.AUXILIARY})
NEEDS_TRACE = frozenset({Kind.REASONING, Kind.TRACE, Kind.AUXILIARY})
NEEDS_ACTIONS = frozenset({Kind.REASONING, Kind.STEERED})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known about one moment.

    Attributes:
        instruction: The task.
        actions: What :func:`core.protocol.action_codec.encode_chunk` wrote.
        trace: (L, 2) in 0..255, L >= 0.
        depth_codes: (100,) int64, or None.
    """

    instruction: str
    actions: str
    trace: NDArray[np.float64]
    depth_codes: NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt and its answer.

    Attributes:
        prompt: What the user says.
        answer: What the model shall write.
        spans: Parts of the answer that are more than words: (start, end, segment).
    """

    prompt: str
    answer: str
    spans: tuple[tuple[int, int, Segment], ...]


def questions(kind: Kind, facts: Facts, images: int) -> tuple[Question, ...]:
    """Return the questions of a sample.

    Args:
        kind: Kind of sample.
        facts: What the answers say.
        images: Pictures in the prompt.

    Raises:
        StudioError: The facts lack what the kind answers.
    """
    if kind is Kind.AUXILIARY:
        return (_depth(facts, images), _trace(facts, images))
    make = {
        Kind.REASONING: _reasoning,
        Kind.STEERED: _steered,
        Kind.DEPTH: _depth,
        Kind.TRACE: _trace,
    }
    return (make[kind](facts, images),)


def _reasoning(facts: Facts, images: int) -> Question:
    codes = _codes(facts)
    return _question(
        reasoning_prompt(facts.instruction, images),
        reasoning_answer(codes, [facts.trace], facts.actions, images),
        [
            (depth_text(codes), Segment.DEPTH),
            (trace_text(facts.trace), Segment.TRACE),
            (facts.actions, Segment.ACTION),
        ],
    )


def _steered(facts: Facts, images: int) -> Question:
    return _question(
        steered_prompt(facts.instruction, images),
        steered_answer(facts.actions),
        [(facts.actions, Segment.ACTION)],
    )


def _depth(facts: Facts, images: int) -> Question:
    text = depth_text(_codes(facts))
    which = "this image" if images == 1 else "the first image"
    subject = "the image" if images == 1 else "the first image"
    return _question(
        f"What is the depth map for {which}?",
        f"The depth map of {subject} is {text}.",
        [(text, Segment.DEPTH)],
    )


def _trace(facts: Facts, images: int) -> Question:
    text = trace_text(facts.trace)
    place = "" if images == 1 else " in the first image"
    return _question(
        f"The task is {facts.instruction}. What is the trajectory of the end effector{place}?",
        f"The trajectory of the end effector{place} is {text}.",
        [(text, Segment.TRACE)],
    )


def _codes(facts: Facts) -> NDArray[np.int64]:
    if facts.depth_codes is None:
        raise StudioError("a sample that answers with depth needs depth codes")
    return facts.depth_codes


def _question(prompt: str, answer: str, parts: Sequence[tuple[str, Segment]]) -> Question:
    spans: list[tuple[int, int, Segment]] = []
    at = 0
    for text, segment in parts:
        start = answer.index(text, at)
        at = start + len(text)
        spans.append((start, at, segment))
    return Question(prompt=prompt, answer=answer, spans=tuple(spans))
