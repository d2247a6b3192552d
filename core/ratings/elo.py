"""Online Elo, for display while votes come in.

It depends on the order of the votes: the same 500 votes in another order easily move a rating by
200 points at K = 32. Results are read from the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from core.ratings.cells import rated
from core.ratings.recipe import Recipe
from core.study.votes import Outcome, Vote

_POINTS = {Outcome.A: 1.0, Outcome.B: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}


def online_elo(votes: Sequence[Vote], recipe: Recipe) -> list[dict[str, float]]:
    """Return every policy's rating after each rated vote, in the votes' order of time.

    Votes of the same time keep the order in which they are given. A policy is in the result from
    its first vote on and begins with the recipe's centre.
    """

    def after(ratings: dict[str, float], vote: Vote) -> dict[str, float]:
        left, right = (ratings.get(name, recipe.centre) for name in (vote.left, vote.right))
        expected = 1 / (1 + recipe.base ** ((right - left) / recipe.scale))
        step = recipe.elo_k * vote.weight * (_POINTS[vote.outcome] - expected)
        return {**ratings, vote.left: left + step, vote.right: right - step}

    ordered = sorted(rated(votes, recipe), key=lambda vote: vote.at)
    start: dict[str, float] = {}
    return list(accumulate(ordered, after, initial=start))[1:]
