from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache

from core.decoding.automaton import Builder
from core.decoding.grammar import Part
from core.decoding.greedy import decode_greedily
from core.policy.base import Cancelled

END = 9


class Counter:
    """Says 1, 2, 3, ... and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []

    def __call__(self, **inputs):
        self.asked.append(inputs)
        logits = torch.zeros(1, 1, 12)
        logits[0, -1, len(self.asked)] = 1.0
        return type("Result", (), {"logits": logits})()


def prompt() -> dict[str, torch.Tensor]:
    return {
        "input_ids": torch.arange(5)[None],
        "attention_mask": torch.ones(1, 5, dtype=torch.int64),
        "images": torch.zeros(1, 2, 3, 4),
    }


def test_tokens_until_the_end_token():
    model, seen = Counter(), []
    ids = decode_greedily(
        model,
        prompt(),
        end_ids={END},
        max_new_tokens=50,
        on_token=lambda ids: seen.append(list(ids)),
    )
    assert ids == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seen == [ids[:n] for n in range(1, 9)]
    first, second = model.asked[:2]
    assert "images" in first
    assert "attention_mask" not in first
    assert "images" not in second
    assert second["input_ids"].tolist() == [[1]]
    assert [int(step["position_ids"]) for step in model.asked[1:]] == list(range(5, 13))
    assert isinstance(first["past_key_values"], DynamicCache)
    assert second["past_key_values"] is first["past_key_values"]


def test_an_endless_answer_is_cut():
    model = Counter()
    assert len(decode_greedily(model, prompt(), end_ids={END}, max_new_tokens=3)) == 3
    assert len(model.asked) == 3


def test_cancelling_is_noticed_before_each_pass():
    model = Counter()
    with pytest.raises(Cancelled):
        decode_greedily(
            model,
            prompt(),
            end_ids={END},
            max_new_tokens=50,
            cancelled=lambda: len(model.asked) == 2,
        )
    assert len(model.asked) == 2


def test_a_grammar_leaves_only_what_fits():
    builder = Builder(END)
    state = builder.join(Part.TEXT, [((3, 5), builder.last), ((2, 4), builder.last)])
    model = Counter()
    grammar = builder.finish(state)
    ids = decode_greedily(model, prompt(), end_ids={END}, max_new_tokens=50, grammar=grammar)
    # the model says 1, 2, 3: neither 1 nor 3 fits, and among equals the first wins
    assert ids == [2, 4]
    assert len(model.asked) == 3
