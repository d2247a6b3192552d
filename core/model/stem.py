"""The convolutional patch stem (``vit_config.patch_stem = "conv"``, ours)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def stem_strides(patch_size: int) -> list[int]:
    """Split a patch size into the strides of the stem: up to three halvings, then the rest.

    >>> stem_strides(16), stem_strides(20), stem_strides(14)
    ([2, 2, 2, 2], [2, 2, 5], [2, 7])
    """
    strides: list[int] = []
    while patch_size % 2 == 0 and patch_size > 2 and len(strides) < 3:
        strides.append(2)
        patch_size //= 2
    return [*strides, patch_size]


def sincos_positions(rows: int, columns: int, size: int) -> Tensor:
    """Return 2-D sine/cosine positions of magnitude 1, (rows * columns, size) float32.

    Learned positions that start tiny drown in the stem's output and the encoder collapses to one
    vector for all patches (handbook, embedded-model.md, pitfall 1).
    """
    quarter = math.ceil(size / 4)
    rates = 1.0 / 100.0 ** (torch.arange(quarter, dtype=torch.float32) / quarter)
    down = torch.arange(rows, dtype=torch.float32)[:, None] * rates
    across = torch.arange(columns, dtype=torch.float32)[:, None] * rates
    down = torch.cat([down.sin(), down.cos()], dim=-1)[:, None].expand(-1, columns, -1)
    across = torch.cat([across.sin(), across.cos()], dim=-1)[None].expand(rows, -1, -1)
    return torch.cat([down, across], dim=-1).reshape(rows * columns, -1)[:, :size].contiguous()


class ConvStem(nn.Module):
    """A few strided convolutions whose total stride is the patch size, then LayerNorm."""

    def __init__(self, *, patch_size: int, grid: tuple[int, int], size: int, eps: float) -> None:
        super().__init__()
        self.patch_size, self.grid = patch_size, grid
        strides = stem_strides(patch_size)
        channels = [max(size // 2 ** (len(strides) - i), 8) for i in range(1, len(strides))]
        channels = [3, *channels, size]
        self.convs = nn.ModuleList(
            nn.Conv2d(channels[i], channels[i + 1], 3, stride=2, padding=1)
            if stride == 2
            else nn.Conv2d(channels[i], channels[i + 1], stride, stride=stride)
            for i, stride in enumerate(strides)
        )
        self.norm = nn.LayerNorm(size, eps=eps)

    def forward(self, patches: Tensor) -> Tensor:
        """Encode patches (n, rows * columns, p * p * 3) to (n, rows * columns, size)."""
        rows, columns = self.grid
        p = self.patch_size
        x = patches.reshape(-1, rows, columns, p, p, 3).transpose(2, 3)
        # Channels stay innermost in memory, the layout that convolutions run fastest in.
        x = x.reshape(-1, rows * p, columns * p, 3).permute(0, 3, 1, 2)
        for i, conv in enumerate(self.convs):
            x = conv(x if i == 0 else F.gelu(x))
        return self.norm(x.flatten(2).transpose(1, 2))
