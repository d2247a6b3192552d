"""Which piece of an answer each decision of the model belongs to: pure functions for the panel.

A decision says at which character of the text its token begins. Here those characters become depth
cells, trace points and action values, and the forward passes become ticks with words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.grammar import DEPTH_TOKEN, POINT, ROW
from core.types import ACTION_DIM, DEPTH_CODES, Reasoning

LOW = 0.3
"""A depth code with less than this probability is marked: it is one among many. Trace and action
values are not, because neighbours on their scale share the probability."""

NEAR = 3
"""A token may begin so many characters before the piece that it writes, with its separators."""

SNIPPET = 44
DIMENSIONS = ("Δx", "Δy", "Δz", "roll", "pitch", "yaw", "grip")
NOUNS = {"depth": "cell", "trace": "point", "actions": "step"}
_CELL = re.compile(r"[^,\s]+")


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of an answer.

    Attributes:
        start: Its first character.
        end: The character behind it.
        stage: "depth", "trace" or "actions".
        index: Number of the cell, point or step, from 0.
        column: Coordinate of the point or value of the step; 0 for a cell.
    """

    start: int
    end: int
    stage: str
    index: int
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one forward pass of the model decided.

    Attributes:
        seconds: Time since the request [s].
        stage: "depth", "trace", "actions", or empty for the wording between them.
        where: Which pieces, in words.
        text: What was written, shortened.
        count: Number of tokens.
        confidence: Least probability among them, 0..1.
    """

    seconds: float
    stage: str
    where: str
    text: str
    count: int
    confidence: float

    @property
    def words(self) -> str:
        """The pass in one line."""
        tokens = "1 token" if self.count == 1 else f"{self.count} tokens"
        sure = f"{percent(self.confidence)} sure"
        least = sure if self.count == 1 else f"least {sure}"
        return f"{1000 * self.seconds:.0f} ms · {self.where or 'wording'} · {tokens} · {least}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """What is known of the decisions behind an answer; NaN where a choice was not the model's.

    Attributes:
        passes: The forward passes in their order.
        codes: (C,) confidence of each depth code.
        points: (P,) confidence of each trace point: of its less sure coordinate.
        values: (R, 7) confidence of each value of each step.
    """

    passes: tuple[Pass, ...]
    codes: NDArray[np.float64]
    points: NDArray[np.float64]
    values: NDArray[np.float64]


def percent(share: float) -> str:
    """Write a share of 0..1 without claiming certainty: "<1 %", "43 %", ">99 %"."""
    if share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1.0 else f"{100 * share:.0f} %"


def spans(text: str) -> list[Span]:
    """List the pieces of an answer, also of an unfinished one, in the order of the text."""
    found: list[Span] = []
    for index, token in enumerate(DEPTH_TOKEN.finditer(text)):
        if index == DEPTH_CODES:
            break
        found.append(Span(*token.span(), "depth", index))
    behind = found[-1].end if found else 0
    for index, point in enumerate(POINT.finditer(text, behind)):
        found += [Span(*point.span(k + 1), "trace", index, k) for k in range(2)]
    behind = found[-1].end if found else 0
    step = 0
    for row in ROW.finditer(text, behind):
        cells = [cell.span() for cell in _CELL.finditer(text, *row.span(1))]
        known = all(text[start:end] in BIN_OF_SYMBOL for start, end in cells)
        if known and len(cells) == ACTION_DIM:
            found += [Span(*cell, "actions", step, k) for k, cell in enumerate(cells)]
            step += 1
    return found


def told(reasoning: Reasoning) -> Told | None:
    """Read the decisions behind an answer; None when its server did not tell them."""
    decisions = reasoning.decisions
    if decisions is None or not len(decisions.at):
        return None
    pieces = spans(reasoning.text)
    owners = _owners(pieces, decisions.at)
    confidence = decisions.confidence.astype(np.float64)
    return Told(
        passes=_passes(reasoning.text, pieces, owners, reasoning),
        codes=_least(pieces, owners, confidence, "depth", 1)[:, 0],
        points=np.fmin(*_least(pieces, owners, confidence, "trace", 2).T),
        values=_least(pieces, owners, confidence, "actions", ACTION_DIM),
    )


def _owners(pieces: list[Span], at: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the piece of each decision, -1 for the wording between pieces."""
    if not pieces:
        return np.full(len(at), -1)
    starts, ends = (np.array([getattr(p, n) for p in pieces]) for n in ("start", "end"))
    owner = np.searchsorted(ends, at, side="right")
    inside = np.minimum(owner, len(pieces) - 1)
    near = (owner < len(pieces)) & (starts[inside] - at <= NEAR)
    return np.where(near, owner, -1)


def _least(
    pieces: list[Span],
    owners: NDArray[np.int64],
    confidence: NDArray[np.float64],
    stage: str,
    columns: int,
) -> NDArray[np.float64]:
    """Return the least confidence (N, columns) among the decisions of each piece of a stage."""
    count = max((piece.index + 1 for piece in pieces if piece.stage == stage), default=0)
    least = [[2.0] * columns for _ in range(count)]
    for owner, sure in zip(owners.tolist(), confidence.tolist(), strict=True):
        if owner >= 0 and (piece := pieces[owner]).stage == stage:
            row = least[piece.index]
            row[piece.column] = min(row[piece.column], sure)
    result = np.array(least, float).reshape(count, columns)
    return np.where(result > 1.0, np.nan, result)


def _passes(
    text: str, pieces: list[Span], owners: NDArray[np.int64], reasoning: Reasoning
) -> tuple[Pass, ...]:
    decisions = reasoning.decisions
    assert decisions is not None
    seconds, at = decisions.seconds.tolist(), decisions.at.tolist()
    confidence, numbers = decisions.confidence.tolist(), owners.tolist()
    borders = (np.flatnonzero(np.diff(decisions.seconds)) + 1).tolist()
    result: list[Pass] = []
    for first, behind in pairwise([0, *borders, len(at)]):
        own = [pieces[k] for k in numbers[first:behind] if k >= 0]
        end = own[-1].end if own else at[first] + SNIPPET
        snippet = text[at[first] : end].strip()
        result.append(
            Pass(
                seconds=seconds[first],
                stage=own[0].stage if own else "",
                where=_where(own),
                text=snippet if len(snippet) <= SNIPPET else f"{snippet[: SNIPPET - 1]}…",
                count=behind - first,
                confidence=min(confidence[first:behind]),
            )
        )
    return tuple(result)


def _where(pieces: list[Span]) -> str:
    """Name pieces: "cells 3 to 9", "point 2", "step 1 Δz", "steps 2 to 4"."""
    names: list[str] = []
    for stage, group in groupby(pieces, key=lambda piece: piece.stage):
        own, one = list(group), NOUNS[stage]
        first, last = own[0].index + 1, own[-1].index + 1
        name = f"{one} {first}" if first == last else f"{one}s {first} to {last}"
        if stage == "actions" and own[0] == own[-1]:
            name += f" {DIMENSIONS[own[0].column]}"
        names.append(name)
    return ", ".join(names)
