"""Numbers from lists of times and sizes; nothing here knows Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a measure is distributed, in the unit of its values.

    Attributes:
        count: How many values there are.
        p50: Median.
        p95: 95th percentile.
        p99: 99th percentile.
        worst: Largest value.
    """

    count: int
    p50: float
    p95: float
    p99: float
    worst: float

    def columns(self, unit: str = "ms") -> dict[str, float | int]:
        """Return the columns of a report's row."""
        rounded = {
            f"{name}_{unit}": round(getattr(self, name), 2)
            for name in ("p50", "p95", "p99", "worst")
        }
        return {"n": self.count, **rounded}


def spread(values: Sequence[float]) -> Spread:
    """Describe (N,) values; without any, all numbers are NaN, which meets no goal."""
    if not len(values):
        nan = float("nan")
        return Spread(count=0, p50=nan, p95=nan, p99=nan, worst=nan)
    p50, p95, p99 = (float(v) for v in np.percentile(values, (50, 95, 99)))
    return Spread(count=len(values), p50=p50, p95=p95, p99=p99, worst=float(np.max(values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through a quantity over time.

    Attributes:
        start: The line's value at the first time.
        per_minute: Its rise [unit/min].
        percent: Its rise over the whole time, in percent of ``start``.
    """

    start: float
    per_minute: float
    percent: float


def trend(seconds: Sequence[float], values: Sequence[float]) -> Trend:
    """Fit a line through (N,) values at (N,) times [s]; NaN for fewer than three."""
    if len(values) < 3:
        nan = float("nan")
        return Trend(start=nan, per_minute=nan, percent=nan)
    times = np.asarray(seconds, float) - seconds[0]
    slope, start = np.polyfit(times, np.asarray(values, float), 1)
    rise = float(slope * times[-1])
    return Trend(
        start=float(start), per_minute=60 * float(slope), percent=100 * rise / float(start)
    )


def per_second(times: Sequence[float]) -> float:
    """Return how often something happened per second, from its (N,) ascending times [s]."""
    if len(times) < 2 or times[-1] <= times[0]:
        return 0.0
    return (len(times) - 1) / (times[-1] - times[0])
