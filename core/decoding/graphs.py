"""Recorded forward passes for a GPU, where launching a pass costs more than computing it.

Kernels and their order are those of the pass that is recorded, on fixed addresses and shapes: the
number of tokens is rounded up to a bucket, and attention reads the cache's whole memory under a
mask. Tokens behind the given ones are junk that the next pass overwrites; a cache needs room for
:data:`BUCKETS`' largest behind every answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.decoding.kv_cache import RollbackCache
from core.decoding.lean import Pass

BUCKETS = (1, 16, 32, 64, 128)
WARM_UP = 2
"""Passes before the recording, in which libraries allocate what they keep."""


class GraphedPass:
    """Runs a pass over row 0 of a cache from recordings, made when they are first needed."""

    longest = BUCKETS[-1]

    def __init__(self, run: Pass, cache: RollbackCache, device: torch.device) -> None:
        self._run, self._cache, self._device = run, cache, device
        self._made: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor, Tensor]] = {}
        self._generation = cache.generation

    def __call__(self, tokens: Sequence[int]) -> Tensor:
        """Put tokens behind those of row 0; the result (1, T, hidden) lasts until the next call."""
        cache, count = self._cache, len(tokens)
        if cache.generation != self._generation:
            self._made.clear()
            self._generation = cache.generation
        size = next(size for size in BUCKETS if size >= count)
        if size not in self._made:
            self._made[size] = self._record(size)
        graph, ids, positions, hidden = self._made[size]
        ids.copy_(torch.tensor([[*tokens, *[0] * (size - count)]]))
        first = cache.lengths[0]
        positions.copy_(torch.arange(first, first + size)[None])
        graph.replay()
        return hidden[:, :count]

    def _record(self, size: int) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor, Tensor]:
        cache, made = self._cache, {"dtype": torch.int64, "device": self._device}
        ids = torch.zeros((1, size), **made)
        # Warm-up writes its junk behind the tokens that are already there.
        first = cache.lengths[0]
        positions = torch.arange(first, first + size, **made)[None]
        stream = torch.cuda.Stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._run(ids, cache.open_at(positions, keys=cache.size))
        torch.cuda.current_stream(self._device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            hidden = self._run(ids, cache.open_at(positions, keys=cache.size))
        return graph, ids, positions, hidden


def graphed_pass(run: Pass, cache: RollbackCache) -> GraphedPass:
    """Return ``run`` from recordings, for row 0 of ``cache`` on the current GPU."""
    return GraphedPass(run, cache, cache.device)
