"""Weights from a closed formula, so that golden outputs of large networks need no weight file.

Defined in the golden folders' ``meta.json`` / ``vqvae_meta.json``: tensors in the order of their
names, a 32-bit hash of the position in the tensor, scaled by a rule on name and shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Rule = Callable[[str, tuple[int, ...], NDArray[np.float64]], NDArray[np.float64]]


def fill(module: nn.Module, rule: Rule, constant: int) -> None:
    """Overwrite all tensors of a network by the formula.

    Args:
        module: The network.
        rule: Scales the uniform numbers of -0.5..0.5 for a tensor's name and shape.
        constant: The formula's constant c.
    """
    state = module.state_dict()
    for k, name in enumerate(sorted(state)):
        shape = tuple(state[name].shape)
        numbers = _uniform(math.prod(shape), k, constant)
        values = rule(name, shape, numbers).astype(np.float32).reshape(shape)
        state[name].copy_(torch.from_numpy(values))


def language_rule(name: str, shape: tuple[int, ...], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale for the whole MolmoAct network."""
    spread = math.sqrt(12)
    if name.endswith(("wte.embedding", "wte.new_embedding")):
        return u * 0.7 * spread
    if name == "lm_head.weight":
        return u * 3 * spread / math.sqrt(shape[1])
    if name.endswith("positional_embedding"):
        return u * 0.4 * spread
    if len(shape) == 2:
        return u * spread / math.sqrt(shape[1])
    if name.endswith(("_norm.weight", "ln_f.weight")):
        return 1 + 0.7 * u
    return 0.35 * u


def codec_rule(name: str, shape: tuple[int, ...], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale for the depth codec."""
    if len(shape) == 4:
        return u * math.sqrt(24 / math.prod(shape[1:]))
    return u * (0.1 if name.endswith("bias") else math.sqrt(12))


def _uniform(count: int, k: int, constant: int) -> NDArray[np.float64]:
    x = (np.arange(1, count + 1, dtype=np.uint64) * 2654435761) + (k + 1) * 40503 * constant
    x &= 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> np.uint64(13)
    return x.astype(np.float64) / 2**32 - 0.5
