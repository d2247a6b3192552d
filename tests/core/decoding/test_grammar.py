from __future__ import annotations

import numpy as np
import pytest

from core.decoding.grammar import compile_grammar
from core.protocol.answer import parse_answer
from training.tokenizer import build_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


@pytest.mark.parametrize("steered", [True, False])
def test_any_walk_is_an_answer_that_parses(tokenizer, steered):
    end = tokenizer.eos_token_id
    grammar = compile_grammar(tokenizer, chunk=8, dims=7, images=2, steered=steered, end_id=end)
    rng = np.random.default_rng(1)
    for _ in range(20):
        state, ids = grammar.start, []
        while not grammar.is_end(state):
            ids.append(int(rng.choice(grammar.allowed(state))))
            state = grammar.advance(state, ids[-1])
        text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        parsed = parse_answer(
            text, chunk=8, action_dim=7, expect_depth=not steered, expect_trace=not steered
        )
        assert len(parsed.rows) == 8
