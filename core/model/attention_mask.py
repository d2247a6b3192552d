"""Turns the masks that callers give into what the attention kernel wants."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import Cache


def past_length(cache: Cache | None) -> int:
    """Return how many tokens a cache holds already."""
    return 0 if cache is None else int(cache.get_seq_length())


def attention_plan(
    attention_mask: Tensor | None, *, length: int, cache: Cache | None, device: torch.device
) -> tuple[Tensor | None, bool]:
    """Decide on a mask for ``length`` new tokens after those in ``cache``.

    Args:
        attention_mask: None; (B, keys) with 1 for real tokens and 0 for padding; or (B, 1, length,
            keys), boolean with True = attend or additive, which is used as it is.
        length: Number of new tokens.
        cache: Earlier keys and values, if any.
        device: Where the mask is needed.

    Returns:
        The mask or None, and whether the kernel shall apply the plain causal mask itself. None is
        returned wherever possible: kernels are faster without a mask.
    """
    if attention_mask is not None and attention_mask.ndim == 4:
        return attention_mask, False
    if attention_mask is not None and length > 1 and not torch.compiler.is_compiling():
        # Nothing is padded in most prompts; one look here saves the mask in every layer.
        attention_mask = None if bool(attention_mask.all()) else attention_mask
    past = past_length(cache)
    keys, offset = (length, 0) if cache is None else cache.get_mask_sizes(length, 0)
    dynamic = keys == past + length
    if attention_mask is None and dynamic and (length == 1 or past == 0):
        return None, length > 1
    key_at = torch.arange(keys, device=device) + offset
    query_at = torch.arange(length, device=device) + past
    mask = (key_at <= query_at[:, None]).view(1, 1, length, keys)
    if attention_mask is not None:
        padding = attention_mask.bool()
        if padding.shape[-1] < keys:
            missing = keys - padding.shape[-1]
            padding = torch.nn.functional.pad(padding, (0, missing), value=True)
        mask = mask & padding[:, None, None, :keys]
        # A padding row attends to itself: a softmax over nothing is not a number, and the
        # gradient of it would spread.
        mask = mask | (key_at == query_at[:, None]).view(1, 1, length, keys)
    return mask, False
