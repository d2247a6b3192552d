from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.decoding.drafts import DraftMemory
from core.decoding.engine import DecodingEngine
from core.decoding.requests import DecodeRequest, fork
from core.decoding.watched import same_up_to_rounding
from core.policy.base import Cancelled
from tests.core.decoding.recorded import MOST, Said, loaded, said

KINDS = [(0, False), (1, True)]
"""Episode, and whether its prompts are steered."""


@pytest.fixture(scope="module")
def engine() -> DecodingEngine:
    return DecodingEngine(loaded().model, end_ids=frozenset({loaded().processor.ids.eos}))


def request(wanted: Said, **changes) -> DecodeRequest:
    plain = DecodeRequest(inputs=wanted.prompt.inputs, max_new_tokens=MOST, grammar=wanted.grammar)
    return replace(plain, **changes)


def agrees(ids: list[int], wanted: Said) -> bool:
    return same_up_to_rounding(ids, wanted.ids, wanted.gaps)


@pytest.mark.parametrize(("episode", "steered"), KINDS)
@pytest.mark.parametrize("restricted", [True, False])
def test_the_grammar_alone_gives_the_ids_of_the_reference(episode, steered, restricted):
    engine = DecodingEngine(
        loaded().model, end_ids=frozenset({loaded().processor.ids.eos}), restricted=restricted
    )
    wanted = said(episode, 0, steered)
    done = engine.decode(request(wanted))
    assert agrees(done.ids, wanted)
    assert done.passes < len(done.ids)
    assert (done.guessed, done.held) == (0, 0)


@pytest.mark.parametrize(("episode", "steered"), KINDS)
def test_consecutive_cycles_with_guesses_give_the_ids_of_the_reference(engine, episode, steered):
    memory = DraftMemory()
    for cycle in range(3):
        wanted = said(episode, cycle, steered)
        done = engine.decode(request(wanted, memory=memory))
        assert agrees(done.ids, wanted)
        assert memory.ids == done.ids


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ids: [],
        lambda ids: ids,
        lambda ids: ids[:40],
        lambda ids: [*ids[:30], *ids[31:]],
        lambda ids: ids[::-1],
        lambda ids: np.random.default_rng(0).integers(0, 1664, len(ids)).tolist(),
        lambda ids: [-5, 10**9],
    ],
)
@pytest.mark.parametrize("grammar", [True, False])
def test_bad_guesses_change_nothing(engine, spoil, grammar):
    wanted = said(1, 1, True, free=not grammar)
    previous = said(1, 0, True)
    given = {} if grammar else {"grammar": None}
    done = engine.decode(request(wanted, memory=DraftMemory(ids=spoil(previous.ids)), **given))
    assert agrees(done.ids, wanted)


def test_wrong_guesses_that_fit_the_grammar_change_nothing(engine):
    wanted = said(1, 0, True)
    grammar, rng = wanted.grammar, np.random.default_rng(1)
    state, wrong = grammar.start, []
    while not grammar.is_end(state):
        wrong.append(int(rng.choice(grammar.allowed(state))))
        state = grammar.advance(state, wrong[-1])
    memory = DraftMemory(ids=wrong[:-1], shares=dict.fromkeys(["action"], 1.0))
    done = engine.decode(request(wanted, memory=memory))
    assert agrees(done.ids, wanted)
    assert done.guessed > done.held


def test_the_same_answer_again_takes_few_passes(engine):
    wanted = said(0, 0, False)
    memory = DraftMemory(ids=list(wanted.ids))
    done = engine.decode(request(wanted, memory=memory))
    assert agrees(done.ids, wanted)
    if done.ids == wanted.ids:
        assert done.held == done.guessed
        assert done.passes < len(done.ids) / 4


def test_an_answer_is_cut_at_its_longest(engine):
    wanted = said(0, 0, False)
    for most in (1, 7, 50):
        for memory in (None, DraftMemory(ids=list(wanted.ids))):
            done = engine.decode(request(wanted, max_new_tokens=most, memory=memory))
            assert same_up_to_rounding(done.ids, wanted.ids[:most], wanted.gaps)


def test_rows_of_a_batch_come_out_as_they_would_alone(engine):
    reasoning, steered = said(0, 1, False), said(1, 1, True)
    free, previous = said(1, 0, True, free=True), said(0, 0, False)
    requests = [
        request(reasoning, memory=DraftMemory(ids=list(previous.ids))),
        request(steered),
        request(free, grammar=None),
        request(said(1, 2, True), memory=DraftMemory(ids=list(steered.ids))),
    ]
    done = engine.decode_batch(requests)
    for one, wanted in zip(done, (reasoning, steered, free, said(1, 2, True)), strict=True):
        assert one.error is None
        assert agrees(one.ids, wanted)
    assert max(one.passes for one in done) < len(reasoning.ids)


def test_forks_continue_one_prompt_as_they_would_alone(engine):
    wanted = said(0, 0, False)
    own = tuple(wanted.ids[:120])
    edited = list(wanted.ids[: len(own)])
    depth = loaded().processor.ids.depth_codes
    at = next(i for i, token in enumerate(edited) if token in depth)
    edited[at] = depth[(depth.index(edited[at]) + 64) % 128]
    plain = request(wanted)
    done = engine.decode_batch(fork(plain, [own, edited, ()]))
    alone = [engine.decode(one) for one in fork(plain, [own, edited, ()])]
    assert agrees(done[0].ids, wanted)
    assert agrees(done[2].ids, wanted)
    assert done[1].ids[: len(edited)] == edited
    assert [one.ids for one in done] == [one.ids for one in alone]


@pytest.mark.parametrize("prefix", [[5], [-1], [10**9]])
def test_a_prefix_that_no_answer_begins_with_is_refused(engine, prefix):
    with pytest.raises(ValueError, match="prefix"):
        engine.decode(request(said(1, 0, True), prefix=tuple(prefix)))


@pytest.mark.parametrize("polls", [0, 1, 4])
def test_cancelling_takes_at_most_the_pass_that_runs(engine, polls):
    wanted, asked, memory = said(1, 0, True), [], DraftMemory(ids=[1, 2])
    with pytest.raises(Cancelled):
        engine.decode(
            request(
                wanted,
                memory=memory,
                cancelled=lambda: asked.append(0) or len(asked) > polls,
            )
        )
    assert len(asked) == polls + 1
    assert memory.ids == [1, 2]
    assert agrees(engine.decode(request(wanted)).ids, wanted)


def test_one_row_ends_early_and_the_others_go_on(engine):
    first, second, third = (said(1, cycle, True) for cycle in range(3))
    seen: list[int] = []

    def burst(ids: list[int]) -> None:
        if len(ids) > 20:
            raise KeyError("a callback of the second row")

    done = engine.decode_batch(
        [
            request(first, cancelled=lambda: len(seen) >= 5),
            request(second, on_tokens=burst),
            request(third, on_tokens=lambda ids: seen.append(len(ids))),
        ]
    )
    assert isinstance(done[0].error, Cancelled)
    assert isinstance(done[1].error, KeyError)
    assert done[2].error is None
    assert agrees(done[2].ids, third)
    assert seen == sorted(set(seen))
    assert seen[-1] == len(done[2].ids)
    assert len(done[0].ids) < len(first.ids)


def test_memory_is_reused_and_grows_without_a_trace_of_older_answers(engine):
    small, large = said(1, 0, True), said(0, 0, False)
    fresh = DecodingEngine(loaded().model, end_ids=frozenset({loaded().processor.ids.eos}))
    for wanted in (small, large, small):
        assert agrees(fresh.decode(request(wanted)).ids, wanted)
    both = fresh.decode_batch([request(large), request(small)])
    assert agrees(both[0].ids, large)
    assert agrees(both[1].ids, small)
    assert agrees(fresh.decode(request(large)).ids, large)
    with torch.no_grad():
        assert agrees(fresh.decode(request(small)).ids, small)
