"""Whether the left side, or the rollout shown first, wins more than it should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from core.ratings.cells import make_cells, rated
from core.ratings.fit import fit
from core.ratings.intervals import sandwich
from core.ratings.recipe import Recipe
from core.study.votes import Outcome, Shown, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """How much one place is favoured, whatever policy is there.

    Attributes:
        name: "left side" or "shown first".
        wins: Decided votes that this place won.
        decided: Decided votes in which one place can be told from the other.
        points: Advantage of the place in the fit [points].
        low: Low end of its interval, clustered by participant.
        high: High end.
        chance: p-value of no advantage; None with one participant.
    """

    name: str
    wins: int
    decided: int
    points: float
    low: float
    high: float
    chance: float | None


def measure_bias(votes: Sequence[Vote], recipe: Recipe) -> tuple[Bias, ...]:
    """Fit with side and order terms, whether or not the recipe has them, and test both.

    Returns:
        The side; then the order, unless no vote tells which rollout came first.
    """
    kept = rated(votes, recipe)
    ordered = any(vote.first is not None for vote in kept)
    wide = replace(recipe, side_bias=True, order_bias=ordered, anchor=None)
    cells = make_cells(votes, wide)
    found = fit(cells, cells.counts.sum(axis=0)[None])
    spread = np.sqrt(np.diagonal(sandwich(cells, found.values[0], found.curvature[0])))
    unit = points_per_logit(recipe)
    people = len(cells.participants)
    quantile = stats.t.ppf((1 + recipe.confidence) / 2, people - 1) if people > 1 else np.inf
    biases: list[Bias] = []
    for parameter, name in (("side", "left side"), ("order", "shown first")):
        if parameter not in cells.names:
            continue
        place = cells.names.index(parameter)
        value, error = float(found.values[0, place]), float(spread[place])
        half = float(quantile) * error if people > 1 else float("inf")
        chance = None
        if people > 1 and error > 0.0:
            chance = float(2 * stats.t.sf(abs(value) / error, people - 1))
        wins, decided = _count(kept, parameter)
        biases.append(
            Bias(
                name=name,
                wins=wins,
                decided=decided,
                points=value * unit,
                low=(value - half) * unit,
                high=(value + half) * unit,
                chance=chance,
            )
        )
    return tuple(biases)


def points_per_logit(recipe: Recipe) -> float:
    """Return how many rating points one logit is; 173.7 on the usual scale."""
    return recipe.scale / float(np.log(recipe.base))


def order_is_side(votes: Sequence[Vote]) -> bool:
    """Tell whether the same side always came first, so that the two cannot be told apart."""
    return len({vote.first for vote in votes if vote.first is not None}) == 1


def _count(votes: Sequence[Vote], parameter: str) -> tuple[int, int]:
    wins = decided = 0
    for vote in votes:
        if vote.outcome not in (Outcome.A, Outcome.B):
            continue
        favoured = Shown.LEFT if parameter == "side" else vote.first
        if favoured is None:
            continue
        decided += 1
        wins += (vote.outcome is Outcome.A) == (favoured is Shown.LEFT)
    return wins, decided
