"""Statistics of columns and pictures as LeRobot keeps them, per episode and over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.export.timing import Picture

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}

Stats = dict[str, NDArray[np.float64]]
"""min, max, mean, std, the quantiles, and count, which has shape (1,)."""


def column_stats(values: NDArray[Any]) -> Stats:
    """Return the statistics of a column.

    Args:
        values: (N,) or (N, D), N >= 1.

    Returns:
        Arrays of shape (D,), or (1,) for a single value.
    """
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    stats = {
        "min": rows.min(axis=0),
        "max": rows.max(axis=0),
        "mean": rows.mean(axis=0),
        "std": rows.std(axis=0),
        "count": np.array([len(rows)], dtype=np.float64),
    }
    return stats | {name: np.quantile(rows, q, axis=0) for name, q in QUANTILES.items()}


class PictureStats:
    """Exact statistics of many pictures, from counts of their 256 values per channel."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), np.int64)
        self._pictures = 0

    def add(self, picture: Picture) -> None:
        """Take in an (H, W, 3) uint8 picture."""
        for channel in range(3):
            self._counts[channel] += np.bincount(picture[..., channel].ravel(), minlength=256)
        self._pictures += 1

    def stats(self) -> Stats:
        """Return the statistics, 0 to 1 and of shape (3, 1, 1); ``count`` counts pictures."""
        values = np.arange(256) / 255.0
        shares = self._counts / self._counts.sum(axis=1, keepdims=True)
        below = np.cumsum(shares, axis=1)
        mean = shares @ values
        # rounding may take a constant channel's variance below zero
        deviation = np.sqrt(np.maximum(shares @ values**2 - mean**2, 0.0))
        found = {
            "min": values[np.argmax(self._counts > 0, axis=1)],
            "max": values[255 - np.argmax(self._counts[:, ::-1] > 0, axis=1)],
            "mean": mean,
            "std": deviation,
        }
        for name, q in QUANTILES.items():
            found[name] = values[np.argmax(below >= q - 1e-12, axis=1)]
        shaped = {name: value.reshape(3, 1, 1) for name, value in found.items()}
        return shaped | {"count": np.array([self._pictures], dtype=np.float64)}


def joined(parts: Sequence[Mapping[str, Any]]) -> Stats:
    """Return the statistics of several episodes together.

    Means and deviations are exact; quantiles are means weighted by length, as LeRobot does it.

    Args:
        parts: Statistics of one feature by episode, at least one.
    """
    stats = [
        {name: np.asarray(value, dtype=np.float64) for name, value in p.items()} for p in parts
    ]
    counts = np.array([s["count"][0] for s in stats])
    weights = counts / counts.sum()

    def weighted(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.asarray(np.tensordot(weights, np.stack(values), axes=1), dtype=np.float64)

    mean = weighted([s["mean"] for s in stats])
    variance = weighted([s["std"] ** 2 + (s["mean"] - mean) ** 2 for s in stats])
    result = {
        "min": np.min([s["min"] for s in stats], axis=0),
        "max": np.max([s["max"] for s in stats], axis=0),
        "mean": mean,
        "std": np.sqrt(variance),
        "count": np.array([counts.sum()]),
    }
    return result | {name: weighted([s[name] for s in stats]) for name in QUANTILES}
