"""What a checkpoint can do, from its configuration and its action statistics."""

from __future__ import annotations

import numpy as np

from core.model.loading import LoadedModel
from core.protocol.statistics import NormStats
from core.types import Capabilities


def abilities(loaded: LoadedModel, stats: NormStats) -> Capabilities:
    """Return the capabilities of a checkpoint in this process; the hash comes later."""
    config, size = loaded.config, loaded.config.image_size
    chunk = int(config.chunk)
    return Capabilities(
        name=loaded.name,
        depth=True,
        trace_out=True,
        trace_in=True,
        stream=True,
        cancel=True,
        chunk=chunk,
        images=int(config.images),
        image_size=None if size is None else (int(size[0]), int(size[1])),
        execute_steps=int(config.execute_steps or chunk),
        session=True,
        action_range=action_range(stats),
    )


def action_range(stats: NormStats) -> tuple[tuple[float, float], ...]:
    """Return the least and the largest value of each dimension that a symbol can stand for."""
    low, high = np.where(stats.scaled, stats.q01, -1.0), np.where(stats.scaled, stats.q99, 1.0)
    return tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
