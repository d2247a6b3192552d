from __future__ import annotations

import sys

import numpy as np
import pytest

from core.decoding.mask_cost import automaton_cost, lark_grammar, llguidance_cost
from core.decoding.replay import Cycle, token_streams
from core.types import StudioError
from tests.core.decoding.conftest import CL100K, byte_level, compiled


@pytest.fixture(scope="module")
def small():
    return byte_level(regex=CL100K, trim=False)


@pytest.fixture(scope="module")
def streams(small):
    rng = np.random.default_rng(0)
    cycles = [
        Cycle(
            codes=rng.integers(0, 128, 100),
            trace=rng.integers(0, 256, (length, 2)),
            bins=rng.integers(0, 256, (2, 7)),
        )
        for length in (1, 5)
    ]
    return token_streams(small, cycles, images=2, end_id=small.eos_token_id)


def test_the_automaton_is_timed_on_whole_answers(small, streams):
    cost = automaton_cost(compiled(small, chunk=2), streams)
    assert cost.name == "automaton"
    assert cost.first > 0
    assert cost.warm > 0
    with pytest.raises(ValueError, match="not allowed"):
        automaton_cost(compiled(small, chunk=3), streams)


def test_both_grammars_accept_the_same_answers(small, streams):
    pytest.importorskip("llguidance")
    lark = lark_grammar(small, chunk=2, dims=7, images=2)
    assert llguidance_cost(small, lark, streams).warm > 0
    longer = lark_grammar(small, chunk=3, dims=7, images=2)
    with pytest.raises(StudioError, match="llguidance does not follow"):
        llguidance_cost(small, longer, streams)
    with pytest.raises(StudioError, match="goes on"):
        llguidance_cost(small, lark, [streams[0][:-9]])


def test_without_llguidance_there_is_a_sentence(small, streams, monkeypatch):
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(StudioError, match=r"pip install 'steering-studio\[bench\]'"):
        llguidance_cost(small, "", streams)
