from __future__ import annotations

import numpy as np
import pytest

from core.decoding.replay import Cycle, count_passes, cycle_of, token_streams
from core.protocol.action_codec import decode_bins
from core.protocol.statistics import read_statistics
from core.types import ActionChunk, DepthTokens, Reasoning, StudioError, Trace
from tests.core.decoding.conftest import compiled

STATS = read_statistics({"lab": {"action": {"q01": [-0.1] * 6 + [0.0], "q99": [0.1] * 6 + [1.0]}}})
END = 151643


def cycles(number: int) -> list[Cycle]:
    """Small motions, as they are in practice: symbols around the middle of their range."""
    rng = np.random.default_rng(0)
    return [
        Cycle(
            codes=rng.integers(0, 128, 100),
            trace=rng.integers(0, 256, (5, 2)),
            bins=np.clip(rng.laplace(127, 19, (8, 7)), 0, 254).astype(int),
        )
        for _ in range(number)
    ]


def test_a_third_of_the_passes_of_a_released_model_is_forced(qwen2):
    streams = token_streams(qwen2, cycles(50), images=2, end_id=END)
    passes = count_passes(compiled(qwen2), streams)
    assert 440 < passes.plain < 475
    assert passes.grammar <= 306
    assert passes.forced == pytest.approx(1 - passes.grammar / passes.plain)


def test_steered_answers_are_actions_only(qwen2):
    streams = token_streams(qwen2, cycles(3), images=2, end_id=END, steered=True)
    passes = count_passes(compiled(qwen2, steered=True), streams)
    assert passes.plain < 300
    assert passes.grammar < 185
    with pytest.raises(ValueError, match="not allowed"):
        count_passes(compiled(qwen2), streams)


def test_streams_say_what_the_cycles_say(qwen2):
    (cycle,) = cycles(1)
    (stream,) = token_streams(qwen2, [cycle], images=1, end_id=END)
    assert stream[-1] == END
    assert "The depth map of the image is <DEPTH_START>" in qwen2.decode(stream)
    codes = [int(token) - 151667 for token in stream if 151667 <= token < 151795]
    assert codes == cycle.codes.tolist()


def test_a_reasoning_becomes_a_cycle():
    (cycle,) = cycles(1)
    reasoning = Reasoning(
        depth=DepthTokens(codes=cycle.codes),
        traces=(Trace(points=cycle.trace),),
        chunk=ActionChunk(actions=decode_bins(cycle.bins, STATS)),
        request_id=0,
        text="",
    )
    again = cycle_of(reasoning, STATS)
    assert np.array_equal(again.codes, cycle.codes)
    assert np.array_equal(again.trace, cycle.trace)
    assert np.array_equal(again.bins, cycle.bins)
    with pytest.raises(StudioError, match="complete"):
        cycle_of(Reasoning(request_id=0, text="", error="no depth"), STATS)
