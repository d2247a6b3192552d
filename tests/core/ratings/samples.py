"""Votes to rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.ratings.cells import Cells, make_cells
from core.ratings.fit import fit
from core.ratings.recipe import Recipe
from core.ratings.simulated import simulated_votes
from core.study.votes import Outcome, Shown, Vote

NAMES = ("amber", "birch", "cedar")
FLIPPED = {
    Outcome.A: Outcome.B,
    Outcome.B: Outcome.A,
    Outcome.TIE: Outcome.TIE,
    Outcome.BOTH_BAD: Outcome.BOTH_BAD,
}


def vote(left: str, right: str, outcome: str | Outcome, who: str = "p0", **more: Any) -> Vote:
    given: dict[str, Any] = {"item": f"{left} {right}", "first": None} | more
    return Vote(participant=who, left=left, right=right, outcome=Outcome(outcome), **given)


def swapped(given: Vote) -> Vote:
    """The same opinion with the sides exchanged."""
    first = {None: None, Shown.LEFT: Shown.RIGHT, Shown.RIGHT: Shown.LEFT}[given.first]
    return Vote(
        participant=given.participant,
        item=given.item,
        left=given.right,
        right=given.left,
        first=first,
        outcome=FLIPPED[given.outcome],
        weight=given.weight,
    )


def votes_strategy(least: int = 1, most: int = 30) -> st.SearchStrategy[list[Vote]]:
    """Any votes about three policies by up to four people, however one-sided."""
    one = st.builds(
        lambda pair, outcome, who, first: vote(*pair, outcome, who, first=first),
        st.permutations(NAMES).map(lambda names: names[:2]),
        st.sampled_from(list(Outcome)),
        st.sampled_from(["p0", "p1", "p2", "p3"]),
        st.sampled_from([None, Shown.LEFT, Shown.RIGHT]),
    )
    return st.lists(one, min_size=least, max_size=most)


def simulated(seed: int = 0, **size: int) -> list[Vote]:
    given = {"votes": 400, "policies": 3, "participants": 12} | size
    return simulated_votes(**given, generator=np.random.default_rng(seed))


def strengths(votes: Iterable[Vote], recipe: Recipe) -> dict[str, float]:
    """Fitted parameters by name."""
    cells, values = fitted(votes, recipe)
    return dict(zip(cells.names, values.tolist(), strict=True))


def fitted(votes: Iterable[Vote], recipe: Recipe) -> tuple[Cells, Any]:
    cells = make_cells(list(votes), recipe)
    return cells, fit(cells, cells.counts.sum(axis=0)[None]).values[0]
