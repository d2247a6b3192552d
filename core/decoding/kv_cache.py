"""Keys and values of earlier tokens in fixed memory: taking tokens back costs nothing.

One cache serves every request of a process. Its memory is made once, grows only when a longer
prompt comes, and is never cleared: what lies behind a row's length is never attended to.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.model.configuration import MolmoActLlmConfig

GRAIN = 128
"""Sizes are rounded up to multiples of this [tokens], so that few requests need more memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Span:
    """Where the tokens of one forward pass stand.

    Attributes:
        positions: (B, T) or (1, T) int64.
        mask: None, or what may be attended to, (B or 1, 1, T, keys): float, 0 or -inf, or boolean.
        causal: The kernel shall apply the plain causal mask: nothing is before these tokens.
    """

    positions: Tensor
    mask: Tensor | None
    causal: bool


class RollbackCache:
    """A cache for :class:`core.model.decoder.Decoder` whose rows are independent answers.

    Before a forward pass, :meth:`open_row` or :meth:`open_rows` says where its tokens go; the
    decoder then calls :meth:`update` once per layer. A row is rolled back by setting its length.

    Attributes:
        lengths: Valid tokens of each row; what is behind them is junk that the next pass
            overwrites.
        rows: Number of rows that there is memory for.
        size: Tokens that a row has memory for.
        device: Where the memory is.
    """

    def __init__(
        self, config: MolmoActLlmConfig, *, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Make a cache without memory; :meth:`reserve` gives it some."""
        self._shape = (config.num_key_value_heads, config.head_dim)
        self._layers = config.num_hidden_layers
        self._dtype, self.device = dtype, device
        self.rows, self.size = 0, 0
        self.lengths: list[int] = []
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._positions = self._triangle = torch.empty(0)
        self._where: Tensor | None = None
        self._row, self._start, self._end, self._count = 0, 0, 0, 0

    @property
    def generation(self) -> tuple[int, int]:
        """Changes with the memory's addresses."""
        return self.rows, self.size

    def reserve(self, rows: int, size: int) -> None:
        """Make room for ``rows`` answers of ``size`` tokens and forget all tokens."""
        if rows > self.rows or size > self.size:
            self.rows = max(rows, self.rows)
            self.size = max(-(-size // GRAIN) * GRAIN, self.size)
            shape = (self.rows, self.size, *self._shape)
            made = {"dtype": self._dtype, "device": self.device}
            self._keys = [torch.zeros(shape, **made) for _ in range(self._layers)]
            self._values = [torch.zeros(shape, **made) for _ in range(self._layers)]
            self._positions = torch.arange(self.size, device=self.device)
            # One row per query and one column per key: a pass takes a view of it as its mask.
            ahead = torch.full((self.size, self.size), float("-inf"), **made)
            self._triangle = ahead.triu_(1)[None, None]
        self.lengths = [0] * self.rows

    def open_row(self, row: int, new: int) -> Span:
        """Put the next ``new`` tokens behind those of one row."""
        start = self.lengths[row]
        end = start + new
        self._where, self._row, self._start, self._end = None, row, start, end
        mask = None
        if start and new > 1:
            mask = self._triangle[:, :, start:end, :end]
        return Span(
            positions=self._positions[start:end][None], mask=mask, causal=not start and new > 1
        )

    def open_rows(self, count: int, new: int) -> Span:
        """Put the next ``new`` tokens behind those of each of the first ``count`` rows."""
        starts = torch.tensor(self.lengths[:count], device=self.device)
        positions = starts[:, None] + self._positions[:new]
        return self.open_at(positions, keys=max(self.lengths[:count]) + new)

    def open_at(self, positions: Tensor, *, keys: int) -> Span:
        """Put tokens at the positions (B, T) of the first B rows; attend to ``keys`` places.

        Shapes depend on the arguments' shapes and on ``keys`` alone, as a CUDA graph wants it.
        """
        count = positions.shape[0]
        first = torch.arange(count, device=self.device)[:, None] * self.size
        self._where, self._count, self._end = (first + positions).flatten(), count, keys
        mask = self._positions[:keys] <= positions[:, None, :, None]
        return Span(positions=positions, mask=mask, causal=False)

    def update(self, k: Tensor, v: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Store new keys and values (B, heads, T, D); return all of the opened rows.

        Returns:
            Keys and values (B, heads, keys, D), views of the memory.
        """
        return self.store(k.transpose(1, 2), v.transpose(1, 2), layer)

    def store(self, k: Tensor, v: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Do as :meth:`update` does, with (B, T, heads, D)."""
        keys, values, end = self._keys[layer], self._values[layer], self._end
        if self._where is None:
            keys, values = keys[self._row : self._row + 1], values[self._row : self._row + 1]
            keys[:, self._start : end] = k
            values[:, self._start : end] = v
        else:
            keys.flatten(0, 1).index_copy_(0, self._where, k.flatten(0, 1))
            values.flatten(0, 1).index_copy_(0, self._where, v.flatten(0, 1))
            keys, values = keys[: self._count], values[: self._count]
        return keys[:, :end].transpose(1, 2), values[:, :end].transpose(1, 2)

    def copy_row(self, source: int, target: int) -> None:
        """Give ``target`` the tokens of ``source``."""
        length = self.lengths[source]
        for memory in (*self._keys, *self._values):
            memory[target, :length] = memory[source, :length]
        self.lengths[target] = length
