"""Following an answer while it is decoded, to show it before it is complete."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.decoding.decision_log import DecisionLog
from core.decoding.spelling import Spelling
from core.policy.base import StageCallback
from core.protocol.answer import MAX_ARMS
from core.protocol.partial import PartialAnswer, partial_answer
from core.protocol.prompts import DEPTH_END
from core.types import Decisions, DepthMap, DepthTokens, Reasoning, Trace


class Progress:
    """Watches the ids as they come and reports each completed piece.

    Pieces end with a bracket or with the depth map's end tag; only then is the text looked at, so
    that watching costs next to nothing per token.

    Attributes:
        timings: Seconds since ``started`` at which pieces were complete: "prefill" (first token),
            "depth", "trace", "first_row".
        depth_map: The decoded depth map, once the depth is complete.
        newest: The answer as far as it can be shown.
        log: For the decoder to note its decisions in.
    """

    def __init__(
        self,
        blank: Reasoning,
        *,
        started: float,
        spelling: Spelling,
        depth_map_of: Callable[[DepthTokens], DepthMap | None],
        on_stage: StageCallback | None,
    ) -> None:
        """Start watching.

        Args:
            blank: The answer without its content; stages are copies of it.
            started: ``time.perf_counter()`` of the request [s].
            spelling: Turns ids into text.
            depth_map_of: Decodes depth tokens to a picture.
            on_stage: Told about each new piece.
        """
        self.timings: dict[str, float] = dict(blank.timings)
        self.depth_map: DepthMap | None = None
        self.newest = blank
        self._started = started
        self.log = DecisionLog()
        self._spelling = spelling
        self._depth_map_of = depth_map_of
        self._on_stage = on_stage
        self._closing: dict[int, bool] = {}
        self._depth: DepthTokens | None = None
        self._shown = (False, 0, 0)
        self._seen = 0

    def __call__(self, ids: list[int]) -> None:
        """Take in the ids so far: those of the last call and at least one more."""
        new, self._seen = ids[self._seen :], len(ids)
        if self.log.at:  # what an answer always begins with is known before the prompt is read
            self._mark("prefill")
        if not any(map(self._closes, new)):
            return
        text = self._spelling.text(ids)
        partial = partial_answer(text)
        points = sum(len(trace) for trace in partial.traces)
        found = (partial.depth_complete, points, len(partial.rows))
        if partial.traces_complete:
            self._mark("trace")
        if found == self._shown:
            return
        self._shown = found
        self._take_in(partial)
        self.newest = replace(
            self.newest,
            text=text,
            depth=self._depth,
            depth_map=self.depth_map,
            traces=_traces(partial),
            timings=dict(self.timings),
            decisions=self.decisions(ids),
        )
        if self._on_stage is not None:
            self._on_stage(self.newest)

    def decisions(self, ids: list[int]) -> Decisions | None:
        """Return what was noted about the decisions behind some ids; None if there were none."""
        log = self.log
        if not log.at:
            return None
        starts = self._spelling.starts(ids)
        return Decisions(
            at=np.array([starts[index] for index in log.at], np.int32),
            seconds=(np.array(log.moments) - self._started).astype(np.float32),
            confidence=np.minimum(log.confidence, 1.0).astype(np.float32),
        )

    def _take_in(self, partial: PartialAnswer) -> None:
        if partial.depth_complete and self._depth is None:
            self._mark("depth")
            self._depth = DepthTokens(codes=np.array(partial.depth_codes))
            self.depth_map = self._depth_map_of(self._depth)
        if partial.rows:
            self._mark("first_row")

    def _mark(self, stage: str) -> None:
        self.timings.setdefault(stage, time.perf_counter() - self._started)

    def _closes(self, token_id: int) -> bool:
        closes = self._closing.get(token_id)
        if closes is None:
            token = self._spelling.token(token_id)
            closes = "]" in token or token == DEPTH_END
            self._closing[token_id] = closes
        return closes


def _traces(partial: PartialAnswer) -> tuple[Trace, ...]:
    arms = ("right",) if len(partial.traces) == 1 else ("left", "right")
    lines = partial.traces[:MAX_ARMS]
    return tuple(Trace(points=line, arm=arm) for line, arm in zip(lines, arms, strict=False))
