"""Reading a model's answer, strictly: it fits completely, or nothing moves.

Four wordings of the sentences exist, so the answer is read by its structure: a block of depth
tokens, lists of numbers (traces), and at the end one list of action symbols. What does not fit is
refused with a sentence. Actions are never mended; what can be shown of a refused answer is
collected by :func:`core.protocol.partial.partial_answer`, which makes no motion. A trace point
outside the image is moved to its border: a trace is looked at, not executed.

Source: molmoact.md sections 1.3 and 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_rows import Rows, check_rows, read_rows
from core.protocol.answer_error import AnswerError, AnswerFault
from core.protocol.grammar import DEPTH_TOKEN, NUMERIC_LIST, POINT, TRACE
from core.protocol.partial import PartialAnswer, partial_answer
from core.protocol.prompts import DEPTH_END, DEPTH_START
from core.types import (
    CODEBOOK_SIZE,
    DEPTH_CODES,
    MAX_TRACE_POINTS,
    TRACE_MAX,
    DepthTokens,
    Trace,
)

__all__ = [
    "MAX_ARMS",
    "AnswerError",
    "AnswerFault",
    "ParsedAnswer",
    "PartialAnswer",
    "parse_answer",
    "partial_answer",
]

MAX_ARMS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedAnswer:
    """A complete answer.

    Attributes:
        depth: Depth tokens, if the answer has them.
        traces: One trace per arm; empty when the answer has none.
        rows: Action rows of known symbols, as many and as long as asked for.
        warnings: Sentences about trace points that were moved into the image.
    """

    depth: DepthTokens | None
    traces: tuple[Trace, ...]
    rows: Rows
    warnings: tuple[str, ...] = ()


def parse_answer(
    text: str,
    *,
    chunk: int,
    action_dim: int = 7,
    expect_depth: bool | None = None,
    expect_trace: bool | None = None,
) -> ParsedAnswer:
    """Read a finished answer.

    Args:
        text: What the model wrote, without special tokens.
        chunk: Number of action rows that it must have.
        action_dim: Number of values in a row.
        expect_depth: Whether depth must (True) or must not (False) be there; None allows both.
        expect_trace: The same for traces.

    Raises:
        AnswerError: If anything is missing, cut off, unknown or in the wrong number.
    """
    if not text.strip():
        raise AnswerError(AnswerFault.EMPTY, "The model answered nothing.")
    depth, start = _read_depth(text)
    _check_presence(AnswerFault.DEPTH, "depth map", depth is not None, expect_depth)
    traces, start, warnings = _read_traces(text, start)
    _check_presence(AnswerFault.TRACE, "trace", bool(traces), expect_trace)
    rows = read_rows(text[start:])
    check_rows(rows, chunk, action_dim)
    return ParsedAnswer(depth=depth, traces=traces, rows=rows, warnings=tuple(warnings))


def _read_depth(text: str) -> tuple[DepthTokens | None, int]:
    """Return the depth tokens and where the text after them starts."""
    start = text.find(DEPTH_START)
    if start < 0:
        if "<DEPTH_" in text:
            raise AnswerError(AnswerFault.DEPTH, "The answer has depth tokens without a start tag.")
        return None, 0
    end = text.find(DEPTH_END, start)
    if end < 0:
        raise AnswerError(AnswerFault.DEPTH, "The answer's depth map is cut off: it has no end.")
    body = text[start + len(DEPTH_START) : end]
    codes = [int(code) for code in DEPTH_TOKEN.findall(body)]
    if DEPTH_TOKEN.sub("", body):
        raise AnswerError(AnswerFault.DEPTH, "The answer's depth map holds more than depth tokens.")
    if len(codes) != DEPTH_CODES:
        raise AnswerError(
            AnswerFault.DEPTH,
            f"The answer's depth map has {len(codes)} tokens; it should have {DEPTH_CODES}.",
        )
    if max(codes) >= CODEBOOK_SIZE:
        raise AnswerError(
            AnswerFault.DEPTH,
            f"The answer has depth token {max(codes)}; they run from 0 to {CODEBOOK_SIZE - 1}.",
        )
    rest = end + len(DEPTH_END)
    if "<DEPTH_" in text[rest:]:
        raise AnswerError(AnswerFault.DEPTH, "The answer has more than one depth map.")
    if "[" in text[:start] or "]" in text[:start]:
        raise AnswerError(AnswerFault.FORMAT, "The answer has a list before its depth map.")
    return DepthTokens(codes=np.array(codes)), rest


def _read_traces(text: str, start: int) -> tuple[tuple[Trace, ...], int, list[str]]:
    """Read the numeric lists that come before the action list."""
    lines: list[NDArray[np.float64]] = []
    warnings: list[str] = []
    while (bracket := text.find("[", start)) >= 0 and NUMERIC_LIST.match(text, bracket):
        found = TRACE.match(text, bracket)
        if found is None or "]" in text[start:bracket]:
            raise AnswerError(
                AnswerFault.TRACE,
                "The answer's trace is no complete list of points such as [[128, 40], [130, 60]].",
            )
        points = np.array(POINT.findall(found[0]), dtype=np.float64)
        if len(points) > MAX_TRACE_POINTS:
            raise AnswerError(
                AnswerFault.TRACE,
                f"The answer's trace has {len(points)} points; the most is {MAX_TRACE_POINTS}.",
            )
        inside = np.clip(points, 0.0, TRACE_MAX)
        if not np.array_equal(inside, points):
            warnings.append("A trace point lay outside the image and was moved to its border.")
        lines.append(inside)
        start = found.end()
    # the released fine-tuning text names a single arm's trace twice, as left and as right
    if len(lines) == MAX_ARMS and np.array_equal(lines[0], lines[1]):
        lines.pop()
    if len(lines) > MAX_ARMS:
        raise AnswerError(
            AnswerFault.TRACE, f"The answer has {len(lines)} traces; the most is {MAX_ARMS}."
        )
    arms = ("right",) if len(lines) == 1 else ("left", "right")
    traces = (Trace(points=line, arm=arm) for line, arm in zip(lines, arms, strict=False))
    return tuple(traces), start, warnings


def _check_presence(kind: AnswerFault, what: str, present: bool, expected: bool | None) -> None:
    if expected is True and not present:
        raise AnswerError(kind, f"The answer has no {what}.")
    if expected is False and present:
        raise AnswerError(kind, f"The answer has a {what}, which was not asked for.")
