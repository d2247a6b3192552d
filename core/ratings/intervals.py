"""Intervals from resamples, and those that need none.

With few participants the percentile interval is too short: a resample of n has (n - 1)/n of the
variance, and the normal's quantiles stand where Student's belong. The expanded percentile interval
(Hesterberg 2015, "What Teachers Should Know About the Bootstrap", American Statistician 69:371)
reads the resamples further out by just that, and meets the percentile interval as n grows. The
outermost resamples of very few participants lie too near, since nobody can be drawn more often than
always; below ten, the same factor is applied to the resamples' standard deviation.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from core.ratings.cells import Cells
from core.ratings.fit import Floats, scores
from core.ratings.recipe import IntervalRule

_FEWEST_UNITS = 10
_FEWEST_BEYOND = 2.0
"""Resamples that must lie beyond a quantile for it to mean anything."""


def reach(units: int, confidence: float) -> float:
    """Return how many of the resamples' standard deviations an interval must reach out.

    Args:
        units: Number of independent units that were drawn (participants or votes).
        confidence: Wanted coverage.
    """
    if units < 2:
        return float("inf")
    quantile = float(stats.t.ppf((1 + confidence) / 2, units - 1))
    return quantile * float(np.sqrt(units / (units - 1)))


def bounds(
    samples: Floats, point: Floats, units: int, confidence: float, rule: IntervalRule
) -> tuple[Floats, Floats]:
    """Return the ends of an interval for each column.

    Args:
        samples: [N, M], the quantity in each resample.
        point: [M], the quantity from the votes themselves.
        units: Number of units that each resample drew.
        confidence: Wanted coverage.
        rule: How to read the resamples.

    Returns:
        Low and high, each [M].
    """
    tail = (1 - confidence) / 2
    if rule is IntervalRule.EXPANDED:
        wide = reach(units, confidence)
        tail = float(stats.norm.sf(wide))
        few = units < _FEWEST_UNITS or tail * len(samples) < _FEWEST_BEYOND
        if few and units >= 2:
            half = wide * samples.std(axis=0)
            return point - half, point + half
    low, high = np.quantile(samples, [tail, 1 - tail], axis=0)
    return low, high


def sandwich(cells: Cells, values: Floats, curvature: Floats) -> Floats:
    """Return the parameters' covariance [D, D], robust to the likeness of one person's votes.

    The usual estimator for clusters with the factor P/(P - 1) (Liang and Zeger 1986, Biometrika
    73:13); all zeros when there is one participant.

    Args:
        cells: Model and votes.
        values: [D], the fit.
        curvature: [D, D] at the fit.
    """
    slopes = scores(cells, values, cells.counts)
    people = len(slopes)
    if people < 2:
        return np.zeros_like(curvature)
    slopes = slopes - slopes.mean(axis=0)
    bread = np.linalg.inv(curvature)
    return bread @ (slopes.T @ slopes) @ bread * people / (people - 1)


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval for a share; 0 to 1 when there were no trials."""
    if trials == 0:
        return 0.0, 1.0
    found = stats.binomtest(successes, trials).proportion_ci(confidence, "wilson")
    return float(found.low), float(found.high)


def holm(chances: Floats) -> Floats:
    """Return p-values adjusted for being several (Holm 1979, Scand. J. Statist. 6:65)."""
    order = np.argsort(chances)
    factors = len(chances) - np.arange(len(chances))
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(np.maximum.accumulate(chances[order] * factors), 1.0)
    return adjusted
