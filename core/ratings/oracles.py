"""The fit beside two other libraries', on votes that all of them can rate."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.ratings.bias import points_per_logit
from core.ratings.cells import make_cells
from core.ratings.fit import Floats, fit
from core.ratings.recipe import Recipe, TieRule
from core.ratings.simulated import simulated_votes
from core.study.votes import Outcome, Vote
from core.types import StudioError

FLAT = 1e3
"""Spread of a prior that has no say [logits]."""


def largest_deviations(generator: np.random.Generator, studies: int) -> dict[str, float]:
    """Compare fits of simulated, connected votes about 3 to 6 policies.

    Args:
        generator: Source of randomness.
        studies: How many sets of votes.

    Returns:
        By the name of the comparison, the largest deviation of a rating from the mean [points].

    Raises:
        StudioError: If the other libraries are not installed.
    """
    try:
        choix, evalica = (importlib.import_module(name) for name in ("choix", "evalica"))
    except ImportError as error:
        raise StudioError(
            f"{error.name} is not installed; 'pip install -e .[bench]' brings what this compares "
            "with."
        ) from error
    worst: dict[str, float] = {}
    for study in range(studies):
        policies = 3 + study % 4
        votes = simulated_votes(
            votes=300 * policies, policies=policies, participants=20, generator=generator
        )
        for name, rule, theirs in (
            ("evalica Newman, our Davidson", TieRule.DAVIDSON, _newman(evalica, votes)),
            ("evalica Bradley-Terry, ties as halves", TieRule.HALF, _half(evalica, votes)),
            ("choix ILSR, ties left out", TieRule.LEFT_OUT, _ilsr(choix, votes)),
        ):
            gap = float(np.abs(flat_strengths(votes, rule) - theirs).max())
            worst[name] = max(worst.get(name, 0.0), gap * points_per_logit(Recipe()))
    return worst


def flat_strengths(votes: Sequence[Vote], ties: TieRule) -> Floats:
    """Return centred strengths [K] without a prior to speak of, sorted by policy."""
    cells = make_cells(votes, Recipe(ties=ties, prior_sd=FLAT, tie_sd=FLAT))
    found = fit(cells, cells.counts.sum(axis=0)[None]).values[0, : len(cells.policies)]
    return found - found.mean()


def _newman(evalica: Any, votes: Sequence[Vote]) -> Floats:
    found = evalica.newman(*_columns(evalica, votes), tolerance=1e-12, limit=100_000)
    return _centred(found.scores)


def _half(evalica: Any, votes: Sequence[Vote]) -> Floats:
    found = evalica.bradley_terry(*_columns(evalica, votes), tolerance=1e-12, limit=100_000)
    return _centred(found.scores)


def _ilsr(choix: Any, votes: Sequence[Vote]) -> Floats:
    names = sorted({vote.left for vote in votes} | {vote.right for vote in votes})
    place = {name: number for number, name in enumerate(names)}
    decided = [
        (place[vote.left], place[vote.right])
        if vote.outcome is Outcome.A
        else (place[vote.right], place[vote.left])
        for vote in votes
        if vote.outcome in (Outcome.A, Outcome.B)
    ]
    found = np.asarray(choix.ilsr_pairwise(len(names), decided, alpha=0.0, tol=1e-12))
    return found - found.mean()


def _columns(evalica: Any, votes: Sequence[Vote]) -> tuple[list[str], list[str], list[Any]]:
    words = {Outcome.A: evalica.Winner.X, Outcome.B: evalica.Winner.Y}
    winners = [words.get(vote.outcome, evalica.Winner.Draw) for vote in votes]
    return [vote.left for vote in votes], [vote.right for vote in votes], winners


def _centred(scores: Any) -> Floats:
    """Return the logarithm of a table of strengths by policy, centred and sorted by policy."""
    strengths = np.log(scores.sort_index().to_numpy(dtype=float))
    return strengths - strengths.mean()
