from __future__ import annotations

import numpy as np
import pytest

from core.decoding.skeleton import skeleton_for
from core.protocol.answer import parse_answer
from training.tokenizer import build_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


@pytest.mark.parametrize("steered", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_any_walk_along_the_skeleton_is_an_answer_that_parses(tokenizer, steered, seed):
    skeleton = skeleton_for(tokenizer, chunk=8, dims=7, images=2)
    assert skeleton is not None
    rng = np.random.default_rng(seed)
    ids: list[int] = []
    while not ids or ids[-1] != tokenizer.eos_token_id:
        ids.append(int(rng.choice(skeleton.allowed(ids, steered=steered))))
        assert len(ids) < 300
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    parsed = parse_answer(
        text, chunk=8, action_dim=7, expect_depth=not steered, expect_trace=not steered
    )
    assert len(parsed.rows) == 8
    assert (parsed.depth is None) == steered
    if not steered:
        assert 1 <= len(parsed.traces[0].points) <= 5


def test_every_trace_length_can_be_chosen(tokenizer):
    skeleton = skeleton_for(tokenizer, chunk=8, dims=7, images=2)
    assert skeleton is not None
    close = tokenizer.convert_tokens_to_ids("]]")
    lengths = set()
    for wanted in range(1, 6):
        ids: list[int] = []
        points = 0
        while tokenizer.eos_token_id not in ids:
            choices = skeleton.allowed(ids, steered=False)
            if close in choices and len(choices) > 1:
                points += 1
                ids.append(close if points == wanted else next(c for c in choices if c != close))
            else:
                ids.append(choices[0])
        text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        parsed = parse_answer(text, chunk=8, action_dim=7, expect_depth=True, expect_trace=True)
        lengths.add(len(parsed.traces[0].points))
    assert lengths == {1, 2, 3, 4, 5}


def test_a_tokenizer_that_splits_symbols_has_no_skeleton():
    class Letters:
        eos_token_id = 0

        def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
            return {"input_ids": [ord(letter) for letter in text]}

    assert skeleton_for(Letters(), chunk=8, dims=7, images=2) is None
