from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tokenizers import AddedToken, normalizers
from transformers import PreTrainedTokenizerFast

from core.decoding.grammar import GrammarError, Part, compile_grammar
from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.answer import parse_answer
from core.protocol.prompts import reasoning_answer, steered_answer
from core.types import StudioError
from tests.core.decoding.conftest import compiled, letters
from training.tokenizer import build_tokenizer

CODES = arrays(np.int64, 100, elements=st.integers(0, 127))
TRACES = st.integers(1, 5).flatmap(lambda n: arrays(np.int64, (n, 2), elements=st.integers(0, 255)))
BINS = arrays(np.int64, (3, 7), elements=st.integers(0, 255))


def ids_of(tokenizer, text):
    return tokenizer(f" {text}", add_special_tokens=False)["input_ids"]


def walk(grammar, ids):
    """Return the states before each id and behind the last."""
    states = [grammar.start]
    for token in ids:
        assert token in grammar.allowed(states[-1])
        states.append(grammar.advance(states[-1], token))
    return states


@settings(max_examples=20)
@given(codes=CODES, trace=TRACES, bins=BINS)
def test_every_reasoning_answer_is_accepted_as_it_is_encoded(
    tokenizer, thinking, codes, trace, bins
):
    ids = ids_of(tokenizer, reasoning_answer(codes, [trace], rows_text(bins), 2))
    states = walk(thinking, [*ids, tokenizer.eos_token_id])
    assert [thinking.is_end(state) for state in states] == [False] * len(ids) + [False, True]
    assert thinking.allowed(states[-2]).tolist() == [tokenizer.eos_token_id]


@settings(max_examples=20)
@given(bins=BINS)
def test_every_steered_answer_is_accepted_as_it_is_encoded(tokenizer, steering, bins):
    ids = ids_of(tokenizer, steered_answer(rows_text(bins)))
    assert steering.is_end(walk(steering, [*ids, tokenizer.eos_token_id])[-1])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("steered", [True, False])
def test_any_choice_is_an_answer_that_parses_and_is_encoded_like_that(
    tokenizer, thinking, steering, steered, seed
):
    grammar, rng = steering if steered else thinking, np.random.default_rng(seed)
    state, ids = grammar.start, []
    while not grammar.is_end(state):
        ids.append(int(rng.choice(grammar.allowed(state))))
        state = grammar.advance(state, ids[-1])
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    parsed = parse_answer(
        text, chunk=3, action_dim=7, expect_depth=not steered, expect_trace=not steered
    )
    assert parsed.warnings == ()
    assert ids_of(tokenizer, text.strip()) == ids[:-1]
    assert tokenizer.decode(ids[-1:]) == "<|endoftext|>"


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_forced_tokens_are_those_without_a_choice(thinking, seed):
    rng, state = np.random.default_rng(seed), thinking.start
    while not thinking.is_end(state):
        behind = state
        for token in thinking.forced(state):
            assert thinking.allowed(behind).tolist() == [token]
            behind = thinking.advance(behind, token)
        assert thinking.is_end(behind) or len(thinking.allowed(behind)) > 1
        assert thinking.forced(behind) == ()
        choices = thinking.allowed(state)
        state = thinking.advance(state, int(rng.choice(choices)))
    assert thinking.allowed(state).tolist() == []


def test_parts_follow_each_other_and_their_heads_have_every_allowed_id(tokenizer, thinking):
    bins, trace = np.arange(21).reshape(3, 7), np.arange(10).reshape(5, 2)
    text = reasoning_answer(np.arange(100), [trace], rows_text(bins), 2)
    states = walk(thinking, ids_of(tokenizer, text))
    parts = [thinking.part(state) for state in states]
    order = [part for part, following in pairwise([*parts, None]) if part != following]
    assert order == ["text", "depth", "text", "trace", "text", "action", "text"]
    assert parts.count(Part.DEPTH) == 100
    for state, part in zip(states, parts, strict=True):
        assert np.isin(thinking.allowed(state), thinking.head_ids(part)).all()
    for ids in (thinking.allowed(states[5]), thinking.head_ids(Part.ACTION)):
        assert not ids.flags.writeable
        assert ids.dtype == np.int64
        assert (np.diff(ids) > 0).all()


def test_a_token_that_does_not_fit_is_refused(tokenizer, thinking):
    with pytest.raises(ValueError, match=f"token {tokenizer.eos_token_id} is not allowed"):
        thinking.advance(thinking.start, tokenizer.eos_token_id)
    assert thinking.end_ids == {tokenizer.eos_token_id}


def test_the_number_of_images_decides_the_wording(qwen2):
    answers = {
        images: ids_of(
            qwen2, reasoning_answer([5] * 100, [[[1, 2]]], rows_text(np.zeros((1, 7), int)), images)
        )
        for images in (1, 2)
    }
    for images, other in ((1, 2), (2, 1)):
        grammar = compiled(qwen2, chunk=1, images=images)
        walk(grammar, answers[images])
        with pytest.raises(AssertionError):
            walk(grammar, answers[other])


def test_neighbours_of_symbols_do_not_matter_in_qwen2(qwen2):
    grammar = compiled(qwen2, chunk=8, steered=True)
    pairs = np.array(list(product(range(256), range(0, 256, 9)))).reshape(-1)
    for rows in np.resize(pairs, (-(-len(pairs) // 56), 8, 7)):
        state = grammar.start
        for token in ids_of(qwen2, steered_answer(rows_text(rows))):
            state = grammar.advance(state, token)
        assert grammar.allowed(state).tolist() == [qwen2.eos_token_id]


def test_qwen2_needs_few_rows_of_its_head(qwen2):
    grammar = compiled(qwen2)
    rows = {part: len(grammar.head_ids(part)) for part in Part}
    assert rows[Part.DEPTH] == 128
    assert rows[Part.TRACE] < 20
    assert rows[Part.ACTION] < 120
    assert sum(rows.values()) <= 300


def with_tokens(*texts: str, normalizer=None) -> PreTrainedTokenizerFast:
    tokenizer = letters()
    if normalizer is not None:
        tokenizer.backend_tokenizer.normalizer = normalizer
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in texts])
    return tokenizer


@pytest.mark.parametrize(
    ("tokenizer", "sentence"),
    [
        (with_tokens(*(f"{v}, {v}" for v in range(256))), "several values"),
        (with_tokens(*(f"{v}], [" + str(v) for v in range(256))), "several values"),
        (with_tokens(*map(", ".join, pairwise(SYMBOLS[90:]))), "across their separators"),
        (with_tokens(normalizer=normalizers.Lowercase()), "apart|joins"),
        (with_tokens(normalizer=normalizers.NFKD()), "apart|joins"),
    ],
)
def test_tokenizers_that_mix_or_lose_values_are_refused(tokenizer, sentence):
    with pytest.raises(GrammarError, match=sentence):
        compiled(tokenizer, chunk=8)


def test_a_tokenizer_that_does_not_tell_spans_is_refused():
    class Slow:
        eos_token_id = 0

        def __call__(self, text: str, *, return_offsets_mapping: bool = False, **_: bool):
            if return_offsets_mapping:
                raise NotImplementedError("return_offset_mapping is not available")
            return {"input_ids": [ord(letter) for letter in text]}

    with pytest.raises(GrammarError, match="need a fast tokenizer"):
        compiled(Slow())
    assert issubclass(GrammarError, StudioError)


def test_impossible_sizes_are_refused():
    with pytest.raises(StudioError):
        compile_grammar(build_tokenizer(), chunk=0, dims=7, images=2, steered=True, end_id=0)
