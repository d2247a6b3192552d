"""Answers with decisions, as a server that tells them would send them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from core.protocol.action_codec import bins_of, rows_text
from core.protocol.prompts import reasoning_answer
from core.types import ActionChunk, Capabilities, Decisions, DepthTokens, Reasoning, Trace
from tests.app.fakes import CODES, MODEL_TRACE, STATS, actions

RANGE = ((-0.05, 0.05),) * 3 + ((-0.05, 0.05),) * 3 + ((-1.0, 1.0),)
CAPABILITIES = Capabilities(
    name="told", depth=True, trace_out=True, trace_in=True, chunk=8, action_range=RANGE
)
UNSURE_CELL = 34
PER_PASS = 5
FIRST, STEP = 0.2, 0.02
"""Times of the passes [s]."""


def complete() -> Reasoning:
    """An answer of eight steps; every cell but one is sure, five tokens a pass."""
    rows = rows_text(bins_of(actions(), STATS))
    text = f" {reasoning_answer(CODES, [MODEL_TRACE], rows, 2)}"
    at = [m.start() for m in re.finditer(r"<DEPTH_\d", text)]
    at += [m.start() for m in re.finditer(r"\d+(?=[,\]])", text) if m.start() > at[-1]]
    behind = text.index("action that the robot should take")
    at += [m.start() for m in re.finditer(r"[^\x00-\x7f]\S*?(?=[,\]])", text) if m.start() > behind]
    confidence = np.full(len(at), 0.9)
    confidence[UNSURE_CELL] = 0.12
    confidence[100:] = 0.25
    return Reasoning(
        request_id=1,
        text=text,
        depth=DepthTokens(codes=CODES),
        traces=(Trace(points=MODEL_TRACE),),
        chunk=ActionChunk(actions=actions()),
        timings={"depth": 0.6, "trace": 0.65, "actions": 0.9, "total": 0.9},
        decisions=Decisions(
            at=np.array(at),
            seconds=FIRST + STEP * (np.arange(len(at)) // PER_PASS),
            confidence=confidence,
        ),
    )


def up_to(reasoning: Reasoning, end: int) -> Reasoning:
    """The part of an answer that has arrived when its text has so many characters."""
    decisions = reasoning.decisions
    assert decisions is not None
    known = int((decisions.at < end).sum())
    return replace(
        reasoning,
        text=reasoning.text[:end],
        depth=None,
        traces=(),
        chunk=None,
        timings={},
        decisions=Decisions(
            at=decisions.at[:known],
            seconds=decisions.seconds[:known],
            confidence=decisions.confidence[:known],
        ),
    )
