from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.model.layers import attend


def heads(count: int, length: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, count, length, 16, generator=generator)


@pytest.mark.parametrize("kind", ["all", "causal", "boolean", "additive"])
def test_training_in_bf16_attends_as_the_fused_kernel_does(kind):
    q, k, v = heads(6, 9, 0), heads(2, 9, 1), heads(2, 9, 2)
    lower = torch.ones(9, 9, dtype=torch.bool).tril()[None, None]
    mask = {"boolean": lower, "additive": torch.zeros(lower.shape).masked_fill(~lower, -1e4)}.get(
        kind
    )
    causal = kind == "causal"
    exact = F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=True
    )
    low = [part.bfloat16().requires_grad_() for part in (q, k, v)]
    trained = attend(*low, mask=mask, causal=causal)
    assert trained.dtype == torch.bfloat16
    assert (trained.float() - exact).abs().max() < 0.05
    trained.float().square().sum().backward()
    assert all(part.grad is not None and part.grad.isfinite().all() for part in low)
    with torch.no_grad():
        fused = attend(q, k, v, mask=mask, causal=causal)
    assert torch.equal(fused, exact)
