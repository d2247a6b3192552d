"""Supervised attention: which picture token a head must look at when a prompt ends.

A small decoder finds out by itself what is asked for, but takes very long to look there, because
one token among 135 hardly changes its answer. So during training three heads are told where to
look: at the object that is asked for (or at the end of the drawn line), at the gripper, and, one
block later, at the object in the wrist picture.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.decoder import DecoderBlock, rotary_rates, rotate, rotation
from training.embedded import PATCHES
from training.vision_heads import split_cells

FRONT_START = 3
"""Position of the front picture's first token: after BOS, "Image 1" and ``<im_start>``."""

WRIST_START = FRONT_START + PATCHES + 3
"""Likewise of the wrist picture: after ``<im_end>``, "Image 2" and ``<im_start>``."""

LOOK_LAYER = 1
OBJECT_HEAD, GRIPPER_HEAD, WRIST_HEAD = 0, 3, 0
"""Object and gripper heads use different keys (heads 0-2 share one, 3-5 the other)."""


def look_loss(
    blocks: nn.ModuleList,
    trail: list[Tensor],
    *,
    ask: Tensor,
    position: Tensor,
    prefix: int,
    theta: float,
    spot: Tensor,
    tool: Tensor,
    wrist: Tensor,
) -> Tensor:
    """Return the cross-entropy of the three heads' attention over the prefix.

    Args:
        blocks: The decoder's blocks.
        trail: Input of every block, (B, T, hidden).
        ask: (m,) flat index of each branch's last prompt token.
        position: (m,) its position.
        prefix: Number of tokens before the prompts.
        theta: Base of the rotary positions.
        spot: (m, 2) the object in the front picture, 0..255.
        tool: (m, 2) the gripper in the front picture, 0..255.
        wrist: (m, 2) the object in the wrist picture, NaN when out of sight.
    """
    row = ask // trail[0].shape[1]
    first = _scores(blocks[LOOK_LAYER], trail[LOOK_LAYER], ask, row, position, prefix, theta)
    second = _scores(
        blocks[LOOK_LAYER + 1], trail[LOOK_LAYER + 1], ask, row, position, prefix, theta
    )
    at_object = FRONT_START + split_cells(spot)[0]
    at_tool = FRONT_START + split_cells(tool)[0]
    loss = F.cross_entropy(first[:, OBJECT_HEAD], at_object)
    loss = loss + F.cross_entropy(first[:, GRIPPER_HEAD], at_tool)
    seen = ~wrist.isnan().any(1)
    if seen.any():
        at_wrist = WRIST_START + split_cells(wrist[seen])[0]
        loss = loss + F.cross_entropy(second[seen, WRIST_HEAD], at_wrist)
    return loss


def _scores(
    block: nn.Module,
    x: Tensor,
    ask: Tensor,
    row: Tensor,
    position: Tensor,
    prefix: int,
    theta: float,
) -> Tensor:
    """Return a block's attention scores (m, heads, prefix) of the asking tokens."""
    assert isinstance(block, DecoderBlock)
    attention = block.self_attn
    heads, kv_heads, size = attention.heads, attention.kv_heads, attention.head_dim
    rates = rotary_rates(size, theta, x.device)
    queries = attention.att_proj(block.attn_norm(x.flatten(0, 1)[ask]))
    keys = attention.att_proj(block.attn_norm(x[:, :prefix]))
    q = queries.float().view(len(ask), -1, size)[:, :heads, None]
    k = keys.float().view(len(x), prefix, -1, size)[:, :, heads : heads + kv_heads]
    q = rotate(q, rotation(position[:, None], rates))[:, :, 0]
    k = rotate(k.transpose(1, 2), rotation(torch.arange(prefix)[None], rates))
    k = k.repeat_interleave(heads // kv_heads, dim=1)[row]
    return torch.einsum("mhs,mhps->mhp", q, k) / math.sqrt(size)
