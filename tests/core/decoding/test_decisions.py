from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.decoding.decision_log import DecisionLog
from core.decoding.drafts import DraftMemory
from core.decoding.engine import DecodingEngine
from core.decoding.greedy import decode_greedily
from core.decoding.requests import DecodeRequest, fork
from tests.core.decoding.recorded import MOST, loaded, said

CLOSE = 1e-3
"""Rounding of probabilities between a pass of one token and one of many."""


@pytest.fixture(scope="module")
def engine() -> DecodingEngine:
    return DecodingEngine(loaded().model, end_ids=frozenset({loaded().processor.ids.eos}))


def reference(prompt, grammar) -> tuple[list[int], DecisionLog]:
    log = DecisionLog()
    ids = decode_greedily(
        loaded().model,
        prompt.inputs,
        end_ids={loaded().processor.ids.eos},
        max_new_tokens=MOST,
        grammar=grammar,
        decisions=log,
    )
    return ids, log


def request(wanted, **changes) -> DecodeRequest:
    plain = DecodeRequest(inputs=wanted.prompt.inputs, max_new_tokens=MOST, grammar=wanted.grammar)
    return replace(plain, **changes)


def check(log: DecisionLog, ids: list[int]) -> None:
    assert len(log.at) == len(log.moments) == len(log.confidence) > 0
    assert log.at == sorted(set(log.at))
    assert log.at[-1] < len(ids)
    assert log.moments == sorted(log.moments)
    assert all(0 < share <= 1 + 1e-6 for share in log.confidence)


def agree(log: DecisionLog, ids: list[int], wanted: DecisionLog, wanted_ids: list[int]) -> None:
    """Compare up to where rounding may have let two answers part."""
    same = next(
        (i for i, (a, b) in enumerate(zip(ids, wanted_ids, strict=False)) if a != b), len(ids)
    )
    count = sum(at < same for at in log.at)
    assert count > 20
    assert log.at[:count] == wanted.at[:count]
    assert np.allclose(log.confidence[:count], wanted.confidence[:count], atol=CLOSE)


@pytest.mark.parametrize(("episode", "cycle", "steered"), [(0, 0, False), (1, 1, True)])
def test_the_engine_is_as_sure_as_the_reference(engine, episode, cycle, steered):
    wanted = said(episode, cycle, steered)
    ids, log = reference(wanted.prompt, wanted.grammar)
    assert ids == wanted.ids
    check(log, ids)
    assert len(log.at) < len(ids), "forced tokens are no decisions"
    assert len(set(log.moments)) == len(log.moments), "one token a pass"
    previous = said(episode, 1 - cycle, steered)
    for memory in (None, DraftMemory(), DraftMemory(ids=list(previous.ids))):
        own = DecisionLog()
        done = engine.decode(request(wanted, memory=memory, decisions=own))
        check(own, done.ids)
        agree(own, done.ids, log, ids)
        # the pass that only decides the end decides no token
        assert len(set(own.moments)) in (done.passes, done.passes - 1)


def test_without_a_grammar_every_token_is_a_decision(engine):
    wanted = said(1, 0, True, free=True)
    ids, log = reference(wanted.prompt, None)
    own = DecisionLog()
    done = engine.decode(request(wanted, grammar=None, decisions=own))
    assert own.at == list(range(len(done.ids)))
    agree(own, done.ids, log, ids)


def test_asking_how_sure_it_is_changes_no_answer(engine):
    requests = [request(said(0, 1, False)), request(said(1, 1, True))]
    plain = engine.decode_batch(requests)
    logs = [DecisionLog(), DecisionLog()]
    both = [replace(one, decisions=log) for one, log in zip(requests, logs, strict=True)]
    for one, other, log in zip(plain, engine.decode_batch(both), logs, strict=True):
        assert one.ids == other.ids
        check(log, other.ids)
    only_first = [both[0], requests[1]]
    logs[0].at.clear(), logs[0].moments.clear(), logs[0].confidence.clear()
    assert [one.ids for one in engine.decode_batch(only_first)] == [one.ids for one in plain]
    check(logs[0], plain[0].ids)


def test_a_prefix_is_not_decided_and_forks_keep_logs_of_their_own(engine):
    wanted = said(0, 0, False)
    log = DecisionLog()
    first, second = fork(request(wanted, decisions=log), [wanted.ids[:120], wanted.ids[:130]])
    assert first.decisions is second.decisions is None
    own = DecisionLog()
    done = engine.decode(replace(first, decisions=own))
    check(own, done.ids)
    assert own.at[0] >= 120
    assert not log.at


def test_an_answer_that_is_cut_has_no_decision_behind_its_end(engine):
    for most in (1, 9, 30):
        log = DecisionLog()
        done = engine.decode(request(said(0, 0, False), max_new_tokens=most, decisions=log))
        assert len(done.ids) == most
        assert all(at < most for at in log.at)
