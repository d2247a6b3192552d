"""Shares and means with what is not known about them; differences paired by layout."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.ratings.intervals import wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of some trials succeeded.

    Attributes:
        done: Successes.
        trials: Trials.
        low: Low end of Wilson's 95 % interval.
        high: Its high end.
    """

    done: int
    trials: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share of successes; NaN without trials."""
        return self.done / self.trials if self.trials else math.nan

    def beats(self, other: Share) -> bool:
        """Whether this interval lies wholly above the other."""
        return self.low > other.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean and its standard error; the error is NaN for fewer than two values."""

    value: float
    error: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """First minus second on the same layouts.

    Attributes:
        value: Mean difference of the shares.
        error: Its standard error, from the differences of the pairs.
        better: Layouts where only the first succeeded.
        worse: Layouts where only the second did.
        pairs: Layouts that both were tried on.
        chance: Two-sided p of the exact sign test on the pairs that differ (McNemar 1947).
    """

    value: float
    error: float
    better: int
    worse: int
    pairs: int
    chance: float


def share(successes: Iterable[bool]) -> Share:
    """Count successes and give them Wilson's interval."""
    flags = [bool(flag) for flag in successes]
    low, high = wilson(sum(flags), len(flags))
    return Share(done=sum(flags), trials=len(flags), low=low, high=high)


def mean(values: Iterable[float]) -> Mean:
    """Return the mean and its standard error."""
    found = np.array(list(values), dtype=np.float64)
    if not len(found):
        return Mean(value=math.nan, error=math.nan, count=0)
    error = float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else math.nan
    return Mean(value=float(found.mean()), error=error, count=len(found))


def paired(first: Mapping[int, bool], second: Mapping[int, bool]) -> Difference:
    """Compare two conditions on the layouts that both were tried on.

    Args:
        first: Success by layout.
        second: Success by layout.
    """
    both = [key for key in first if key in second]
    steps = mean(float(first[key]) - float(second[key]) for key in both)
    better = sum(first[key] and not second[key] for key in both)
    worse = sum(second[key] and not first[key] for key in both)
    differing = better + worse
    chance = float(stats.binomtest(better, differing).pvalue) if differing else 1.0
    return Difference(
        value=steps.value,
        error=steps.error,
        better=better,
        worse=worse,
        pairs=len(both),
        chance=chance,
    )
