"""How often the intervals hold what they claim: votes simulated from people who differ.

Each simulated person has strengths of their own around the population's, and an own readiness to
call a tie. What an interval should hold is what the same model would say about infinitely many
such people, which is computed by Gauss-Hermite quadrature, not the centre of the people's
strengths: averaging over people draws preferences towards a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.ratings.cells import Cells
from core.ratings.fit import Floats, fit
from core.ratings.intervals import bounds, sandwich
from core.ratings.recipe import IntervalRule, Recipe, ResampleBy
from core.ratings.resample import resample

_NODES = 40
_PLENTY = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A population and a study of it.

    Attributes:
        strengths: Centre of the people's strengths, one per policy [logits].
        spread: Standard deviation of a person's strength around that, per policy [logits].
        tie: Logarithm of the tie parameter.
        tie_spread: Its standard deviation between people.
        participants: How many take part.
        votes: Votes of each; spread evenly over the pairs.
    """

    strengths: tuple[float, ...]
    spread: float
    tie: float = -0.8
    tie_spread: float = 0.5
    participants: int = 10
    votes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Share of intervals for a difference of two policies that held the truth.

    Attributes:
        expanded: Participants drawn, expanded percentile interval (the default).
        percentile: Participants drawn, plain percentile interval.
        sandwich: Clustered sandwich with Student's quantile.
        by_votes: Single votes drawn, percentile interval.
        intervals: How many intervals each share is of.
    """

    expanded: float
    percentile: float
    sandwich: float
    by_votes: float
    intervals: int


def measure(world: World, recipe: Recipe, studies: int, generator: np.random.Generator) -> Coverage:
    """Simulate studies and count how often intervals hold the truth.

    Args:
        world: What is simulated.
        recipe: How it is rated; its interval and its unit of resampling are varied.
        studies: How many studies.
        generator: Source of randomness.
    """
    pairs = np.array(list(combinations(range(len(world.strengths)), 2)))
    sought = truth(world)
    goal = sought[pairs[:, 0]] - sought[pairs[:, 1]]
    hits = np.zeros(4)
    for _ in range(studies):
        cells = simulate(world, recipe, pairs, generator)
        found = fit(cells, cells.counts.sum(axis=0)[None])
        values = found.values[0]
        point = values[pairs[:, 0]] - values[pairs[:, 1]]
        drawn = _gaps(cells, values, ResampleBy.PARTICIPANTS, pairs, recipe, generator)
        spans = [
            bounds(drawn, point, world.participants, recipe.confidence, rule)
            for rule in (IntervalRule.EXPANDED, IntervalRule.PERCENTILE)
        ]
        spread = np.sqrt(_variances(sandwich(cells, values, found.curvature[0]), pairs))
        half = stats.t.ppf((1 + recipe.confidence) / 2, world.participants - 1) * spread
        spans.append((point - half, point + half))
        single = _gaps(cells, values, ResampleBy.VOTES, pairs, recipe, generator)
        total = world.participants * world.votes
        spans.append(bounds(single, point, total, recipe.confidence, IntervalRule.PERCENTILE))
        hits += [((low <= goal) & (goal <= high)).mean() for low, high in spans]
    rates = hits / studies
    return Coverage(
        expanded=float(rates[0]),
        percentile=float(rates[1]),
        sandwich=float(rates[2]),
        by_votes=float(rates[3]),
        intervals=studies * len(pairs),
    )


def simulate(
    world: World, recipe: Recipe, pairs: NDArray[np.int_], generator: np.random.Generator
) -> Cells:
    """Draw one study's votes; sides are of no matter here, so one row stands for a pair."""
    people, policies = world.participants, len(world.strengths)
    own = generator.normal(world.strengths, world.spread, (people, policies))
    tie = generator.normal(world.tie, world.tie_spread, people)
    chance = _chances(own[:, pairs[:, 0]] - own[:, pairs[:, 1]], tie[:, None])
    each = np.full(len(pairs), world.votes // len(pairs))
    each[: world.votes % len(pairs)] += 1
    counts = generator.multinomial(np.broadcast_to(each, chance.shape[:2]), chance).astype(float)
    return _cells(policies, pairs, counts, recipe)


def truth(world: World) -> Floats:
    """Return the strengths [K] that the model finds in infinitely many votes of many people."""
    pairs = np.array(list(combinations(range(len(world.strengths)), 2)))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    centre = np.array(world.strengths)
    gaps = centre[pairs[:, 0]] - centre[pairs[:, 1]]
    gap = gaps[:, None, None] + np.sqrt(2) * world.spread * nodes[None, :, None]
    tie = world.tie + world.tie_spread * nodes
    chance = _chances(gap, np.broadcast_to(tie, (1, 1, _NODES)))
    mean = np.einsum("rabo,a,b->ro", chance, weights, weights)
    cells = _cells(len(centre), pairs, mean[None] * _PLENTY, Recipe(prior_sd=1e3))
    return fit(cells, cells.counts.sum(axis=0)[None]).values[0, : len(centre)]


def _gaps(
    cells: Cells,
    values: Floats,
    by: ResampleBy,
    pairs: NDArray[np.int_],
    recipe: Recipe,
    generator: np.random.Generator,
) -> Floats:
    """Return each pair's difference in each resample."""
    drawn = resample(cells, values, by, recipe.resamples, generator).values
    return drawn[:, pairs[:, 0]] - drawn[:, pairs[:, 1]]


def _chances(gap: Floats, tie: Floats) -> Floats:
    """Return the probabilities of left, right and tie in a new last axis."""
    powers = np.stack(np.broadcast_arrays(gap / 2, -gap / 2, tie), axis=-1)
    powers = np.exp(powers - powers.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _cells(policies: int, pairs: NDArray[np.int_], counts: Floats, recipe: Recipe) -> Cells:
    design = np.zeros((len(pairs), policies))
    rows = np.arange(len(pairs))
    design[rows, pairs[:, 0]], design[rows, pairs[:, 1]] = 1.0, -1.0
    names = tuple(str(number) for number in range(policies))
    spread = np.array([recipe.prior_sd] * policies + [recipe.tie_sd])
    return Cells(
        policies=names,
        participants=tuple(str(number) for number in range(len(counts))),
        names=(*names, "ties"),
        design=design,
        counts=counts,
        numbers=counts,
        precision=spread**-2.0,
        ties=True,
    )


def _variances(covariance: Floats, pairs: NDArray[np.int_]) -> Floats:
    """Return the variance of each pair's difference."""
    first, second = pairs.T
    own = np.diagonal(covariance)
    return own[first] + own[second] - 2 * covariance[first, second]
