from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training.encoding import AnswerEncoder
from training.losses import SIGMAS, OrdinalLoss

GROUP, VALUE = AnswerEncoder.NEXT_SYMBOL, 100


@pytest.fixture(scope="module")
def loss(encoder) -> OrdinalLoss:
    return OrdinalLoss(encoder)


def one(loss, encoder, logits, *, soft: bool, value: int = VALUE) -> torch.Tensor:
    target = torch.tensor([int(encoder.groups[GROUP, value])])
    group, values = torch.tensor([GROUP]), torch.tensor([value])
    return loss(logits, target, group, values, torch.tensor([soft]))


def bell(encoder, tokens: int, centre: float) -> torch.Tensor:
    """Logits whose probabilities are the bell around a value of the group."""
    logits = torch.full((1, tokens), -1e4)
    values = torch.arange(256.0)
    logits[0, torch.as_tensor(encoder.groups[GROUP])] = (
        -0.5 * ((values - centre) / SIGMAS["symbol"]) ** 2
    )
    return logits


def test_hard_targets_are_plain_cross_entropy(loss, encoder, tokenizer):
    logits = torch.randn(5, len(tokenizer), generator=torch.Generator().manual_seed(0))
    target = torch.tensor([3, 300, 800, 1, 7])
    none = torch.full((5,), -1)
    each = loss(logits, target, none, torch.zeros(5, dtype=int), torch.zeros(5, dtype=bool))
    assert torch.equal(each, F.cross_entropy(logits, target, reduction="none"))


def test_the_soft_loss_is_least_at_its_bell(loss, encoder, tokenizer):
    tokens = len(tokenizer)
    least = one(loss, encoder, bell(encoder, tokens, VALUE), soft=True)
    for shift in (-8, -1, -0.5, 0.5, 1, 8):
        assert one(loss, encoder, bell(encoder, tokens, VALUE + shift), soft=True) > least
    sharp = bell(encoder, tokens, VALUE) * 3.0
    assert one(loss, encoder, sharp, soft=True) > least
    logits = bell(encoder, tokens, VALUE).requires_grad_()
    one(loss, encoder, logits, soft=True).backward()
    assert logits.grad.abs().max() < 1e-5


def test_near_misses_cost_less_than_far_ones_only_when_soft(loss, encoder, tokenizer):
    def guess(value: int, *, soft: bool) -> float:
        logits = torch.zeros(1, len(tokenizer))
        logits[0, encoder.groups[GROUP, value]] = 8.0
        return one(loss, encoder, logits, soft=soft).item()

    soft = [guess(VALUE + miss, soft=True) for miss in (0, 2, 5, 40)]
    assert soft == sorted(soft)
    assert soft[0] < soft[1] < soft[2]
    assert guess(VALUE + 2, soft=False) == pytest.approx(guess(VALUE + 40, soft=False))


def test_soft_and_hard_rows_mix(loss, encoder, tokenizer):
    logits = torch.randn(2, len(tokenizer), generator=torch.Generator().manual_seed(1))
    target = torch.tensor([int(encoder.groups[GROUP, VALUE]), 5])
    group, value = torch.tensor([GROUP, -1]), torch.tensor([VALUE, 0])
    both = loss(logits, target, group, value, torch.tensor([True, False]))
    assert both[0] == pytest.approx(one(loss, encoder, logits[:1], soft=True).item(), rel=1e-5)
    assert both[1] == F.cross_entropy(logits[1:], target[1:])
    assert loss(logits.bfloat16(), target, group, value, torch.tensor([True, False])).dtype == (
        torch.float32
    )


@pytest.mark.parametrize("value", [0, 255])
def test_bells_at_the_ends_are_whole(loss, encoder, tokenizer, value):
    least = one(loss, encoder, bell(encoder, len(tokenizer), value), soft=True, value=value)
    shifted = bell(encoder, len(tokenizer), abs(value - 9))
    assert least < one(loss, encoder, shifted, soft=True, value=value)
