"""What every interval is read from: the fit, its resamples and its covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.ratings.bias import points_per_logit
from core.ratings.cells import Cells
from core.ratings.fit import Fit, Floats
from core.ratings.intervals import bounds, sandwich
from core.ratings.recipe import Recipe, ResampleBy
from core.ratings.resample import resample
from core.ratings.result import Interval

_ROUNDING = 1e-12
"""Variance [squared logits] that is rounding, not people who differ."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """A fit and how it varies.

    Attributes:
        recipe: The rules.
        found: The fit to all votes.
        by_recipe: Fits to the recipe's resamples.
        by_votes: Fits to resamples of single votes.
        robust: [D, D], the clustered sandwich.
        people: Participants.
        votes: Votes.
    """

    recipe: Recipe
    found: Fit
    by_recipe: Fit
    by_votes: Fit
    robust: Floats
    people: int
    votes: int

    @property
    def by(self) -> ResampleBy:
        """What the recipe's resamples drew; one participant cannot be drawn again."""
        return ResampleBy.VOTES if self.people == 1 else self.recipe.resample_by

    @property
    def units(self) -> int:
        """How many units each resample drew."""
        return self.votes if self.by is ResampleBy.VOTES else self.people

    def interval(self, contrast: Floats, doubtful: bool) -> Interval:
        """Return the recipe's interval; at least the posterior's where that is doubtful."""
        point = self.found.values @ contrast
        low, high = bounds(
            (self.by_recipe.values @ contrast)[:, None],
            point,
            self.units,
            self.recipe.confidence,
            self.recipe.interval,
        )
        ends = [float(low[0]), float(high[0])]
        if doubtful:
            spread = self.posterior_error(contrast)
            half = float(stats.norm.ppf((1 + self.recipe.confidence) / 2)) * spread
            ends = [min(ends[0], float(point[0]) - half), max(ends[1], float(point[0]) + half)]
        return Interval(low=ends[0], high=ends[1])

    @property
    def alike(self) -> bool:
        """Whether there are several people and they do not differ at all."""
        return self.people > 1 and float(self.robust.diagonal().max()) < _ROUNDING

    def posterior_error(self, contrast: Floats) -> float:
        """Return the posterior's standard deviation, which holds votes independent."""
        return float(np.sqrt(contrast @ np.linalg.solve(self.found.curvature[0], contrast)))

    def sandwich_error(self, contrast: Floats) -> float | None:
        """Return the clustered standard error; the posterior's if all are alike; None with one."""
        if self.people < 2:
            return None
        if self.alike:
            return self.posterior_error(contrast)
        return float(np.sqrt(max(contrast @ self.robust @ contrast, 0.0)))

    def quantile(self) -> float:
        """Return Student's quantile for the sandwich."""
        return float(stats.t.ppf((1 + self.recipe.confidence) / 2, max(self.people - 1, 1)))


def gather(cells: Cells, found: Fit, recipe: Recipe) -> Evidence:
    """Draw the resamples: by the recipe, and by single votes for comparison."""
    people = len(cells.participants)
    by = ResampleBy.VOTES if people == 1 else recipe.resample_by
    start = found.values[0]
    drawn = resample(cells, start, by, recipe.resamples, np.random.default_rng(recipe.seed))
    single = drawn
    if by is not ResampleBy.VOTES:
        # a generator of its own: the comparison must not depend on how the first was drawn
        other = np.random.default_rng([recipe.seed, 1])
        single = resample(cells, start, ResampleBy.VOTES, recipe.resamples, other)
    return Evidence(
        recipe=recipe,
        found=found,
        by_recipe=drawn,
        by_votes=single,
        robust=sandwich(cells, start, found.curvature[0]),
        people=people,
        votes=int(cells.numbers.sum()),
    )


def contrast_of(cells: Cells, place: int, reference: str | None) -> Floats:
    """Return the weights [D] of a policy's strength minus another's, or minus the mean (None)."""
    weights = np.zeros(len(cells.names))
    weights[place] += 1.0
    if reference is None:
        weights[: len(cells.policies)] -= 1 / len(cells.policies)
    else:
        weights[cells.policies.index(reference)] -= 1.0
    return weights


def on_scale(interval: Interval, recipe: Recipe) -> Interval:
    """Return an interval of logits as one of ratings."""
    unit, centre = points_per_logit(recipe), recipe.centre
    return Interval(low=centre + interval.low * unit, high=centre + interval.high * unit)
