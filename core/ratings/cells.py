"""Votes as counts: everything the fit needs, however many votes there are.

Votes that look alike to the model (same two policies, same sides, same order, same scene) share a
row; a resample only changes how often each row's outcomes count. This is what makes a thousand
refits cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.ratings.recipe import BothBadRule, Recipe, TieRule
from core.study.votes import Outcome, Shown, Vote, VoteKind
from core.types import StudioError

RATED = (VoteKind.NORMAL, VoteKind.SHARED)
"""Kinds of votes that ratings take: a repeat would count one opinion twice."""

A, B, TIE = 0, 1, 2
_COLUMN = {Outcome.A: A, Outcome.B: B, Outcome.TIE: TIE, Outcome.BOTH_BAD: TIE}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Counts of votes and the linear model over them.

    The first K parameters are the policies' strengths; then come, as the recipe has them, the left
    side's, the first place's and the scenes' terms; the last one is the logarithm of the tie
    parameter, if ties have one.

    Attributes:
        policies: K names, sorted.
        participants: P codes, sorted.
        names: D names of the parameters.
        design: [R, D'], what each row adds of each parameter to the left side's advantage; D' is D
            without the tie parameter.
        counts: [P, R, 3], weight of the outcomes left, right and tie by participant and row.
        numbers: [P, R, 3], the same as plain numbers of votes.
        precision: [D], inverse variance of the normal prior on each parameter.
        ties: Whether the last parameter is the tie parameter.
    """

    policies: tuple[str, ...]
    participants: tuple[str, ...]
    names: tuple[str, ...]
    design: NDArray[np.float64]
    counts: NDArray[np.float64]
    numbers: NDArray[np.float64]
    precision: NDArray[np.float64]
    ties: bool


def rated(votes: Sequence[Vote], recipe: Recipe) -> list[Vote]:
    """Return the votes that enter the fit."""
    dropped: set[Outcome] = set()
    if recipe.both_bad is BothBadRule.LEFT_OUT or recipe.ties is TieRule.LEFT_OUT:
        dropped.add(Outcome.BOTH_BAD)
    if recipe.ties is TieRule.LEFT_OUT:
        dropped.add(Outcome.TIE)
    return [vote for vote in votes if vote.kind in RATED and vote.outcome not in dropped]


def make_cells(votes: Sequence[Vote], recipe: Recipe, policies: Sequence[str] = ()) -> Cells:
    """Count votes.

    Args:
        votes: All counted votes; those that do not enter the fit are passed over.
        recipe: The rules.
        policies: Names that shall be rated even without a vote.

    Raises:
        StudioError: If no vote is left or the anchor is not among the policies.
    """
    kept = rated(votes, recipe)
    if not kept:
        raise StudioError("There is no vote to rate from; collect votes first.")
    names = sorted({*policies, *(vote.left for vote in kept), *(vote.right for vote in kept)})
    if recipe.anchor is not None and recipe.anchor not in names:
        raise StudioError(
            f"The anchor '{recipe.anchor}' has no votes; choose one of: {', '.join(names)}."
        )
    people = sorted({vote.participant for vote in kept})
    scenes = sorted({vote.scene for vote in kept}) if recipe.scenes else []
    keys = sorted({_key(vote, recipe) for vote in kept})
    row = {key: number for number, key in enumerate(keys)}
    person = {code: number for number, code in enumerate(people)}
    places = np.array(
        [(person[v.participant], row[_key(v, recipe)], _COLUMN[v.outcome]) for v in kept]
    ).T
    numbers = np.zeros((len(people), len(keys), 3))
    counts = np.zeros_like(numbers)
    np.add.at(numbers, tuple(places), 1.0)
    np.add.at(counts, tuple(places), [vote.weight for vote in kept])
    design, parameters, spread = _design(keys, names, scenes, recipe)
    davidson = recipe.ties is TieRule.DAVIDSON
    if davidson:
        parameters, spread = [*parameters, "ties"], [*spread, recipe.tie_sd]
    return Cells(
        policies=tuple(names),
        participants=tuple(people),
        names=tuple(parameters),
        design=design,
        counts=counts,
        numbers=numbers,
        precision=np.array(spread) ** -2.0,
        ties=davidson,
    )


_Key = tuple[str, str, float, str]


def _key(vote: Vote, recipe: Recipe) -> _Key:
    order = 0.0
    if recipe.order_bias and vote.first is not None:
        order = 1.0 if vote.first is Shown.LEFT else -1.0
    return vote.left, vote.right, order, vote.scene if recipe.scenes else ""


def _design(
    keys: Sequence[_Key], policies: Sequence[str], scenes: Sequence[str], recipe: Recipe
) -> tuple[NDArray[np.float64], list[str], list[float]]:
    """Return design, names and prior spreads of all parameters but the tie parameter."""
    index = {name: number for number, name in enumerate(policies)}
    rows = np.arange(len(keys))
    left = np.array([index[key[0]] for key in keys])
    right = np.array([index[key[1]] for key in keys])
    strength = np.zeros((len(keys), len(policies)))
    strength[rows, left], strength[rows, right] = 1.0, -1.0
    blocks, names = [strength], [*policies]
    spread = [recipe.prior_sd] * len(policies)
    if recipe.side_bias:
        blocks.append(np.ones((len(keys), 1)))
        names.append("side")
        spread.append(recipe.bias_sd)
    if recipe.order_bias:
        blocks.append(np.array([[key[2]] for key in keys]))
        names.append("order")
        spread.append(recipe.bias_sd)
    for scene in scenes:
        here = np.array([[float(key[3] == scene)] for key in keys])
        blocks.append(strength * here)
        names += [f"{policy} in {scene}" for policy in policies]
        spread += [recipe.scene_sd] * len(policies)
    return np.hstack(blocks), names, spread
