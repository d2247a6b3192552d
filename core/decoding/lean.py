"""The decoder's forward pass without modules, for small models on a CPU.

A pass of the embedded model is a hundred short operations; calling them through ``nn.Module`` takes
as long as the operations themselves. These are the same operations on the same weights in the same
order as in :mod:`core.model.decoder`, so that the results are equal bit for bit (a test compares).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from core.decoding.kv_cache import RollbackCache, Span
from core.model.decoder import Decoder, DecoderBlock, rotary_rates, rotation

Pass = Callable[[Tensor, Span], Tensor]
"""Ids (B, T) and their places to hidden states (B, T, hidden) after the final norm."""


def lean_pass(decoder: Decoder, cache: RollbackCache) -> Pass | None:
    """Return the forward pass over ids of the vocabulary (no image tokens), or None.

    Only for float32 networks of the Qwen2 style: norms before the sub-layers, none on queries and
    keys.
    """
    config = decoder.config
    table = decoder.wte.embedding
    odd_style = config.norm_after or config.use_qk_norm or config.hidden_act != "silu"
    if odd_style or table.dtype != torch.float32 or table.device.type != "cpu":
        return None
    weights = [
        (
            block.attn_norm.weight,
            block.self_attn.att_proj.weight,
            block.self_attn.att_proj.bias,
            block.self_attn.attn_out.weight,
            block.ff_norm.weight,
            block.mlp.ff_proj.weight,
            block.mlp.ff_out.weight,
        )
        for block in cast(Iterable[DecoderBlock], decoder.blocks)
    ]
    last = decoder.ln_f.weight
    heads, kv_heads, width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    turned, half = heads + kv_heads, width // 2
    grouped, shape, eps = heads != kv_heads, last.shape, config.layer_norm_eps
    rates = rotary_rates(width, config.rope_theta, table.device)
    rms_norm, linear, attention = torch.rms_norm, F.linear, F.scaled_dot_product_attention

    def run(ids: Tensor, span: Span) -> Tensor:
        batch, length = ids.shape
        cos, sin = (factor.transpose(1, 2) for factor in rotation(span.positions, rates))
        x = F.embedding(ids, table)
        for layer, (norm, into, bias, out, ff_norm, ff_into, ff_out) in enumerate(weights):
            joined = linear(rms_norm(x, shape, norm, eps), into, bias)
            joined = joined.view(batch, length, -1, width)
            qk = joined[:, :, :turned]
            qk = qk * cos + qk.roll(half, -1) * sin
            k, v = cache.store(qk[:, :, heads:], joined[:, :, turned:], layer)
            seen = attention(
                qk[:, :, :heads].transpose(1, 2),
                k,
                v,
                attn_mask=span.mask,
                is_causal=span.causal,
                enable_gqa=grouped,
            )
            x = x + linear(seen.transpose(1, 2).reshape(batch, length, -1), out)
            flat, gate = linear(rms_norm(x, shape, ff_norm, eps), ff_into).chunk(2, -1)
            x = x + linear(F.silu(gate) * flat, ff_out)
        return rms_norm(x, shape, last, eps)

    return run
