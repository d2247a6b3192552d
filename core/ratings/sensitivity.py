"""How few participants or votes decide who is on top.

Those that speak most for the leader are taken out first, found by their influence on the lead to
first order, and the fit is made again without them (Broderick, Giordano and Meager 2020,
arXiv:2011.14999). The number found is enough to turn the order; a smaller set may exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.ratings.cells import Cells
from core.ratings.fit import Fit, Floats, fit, scores

_AT_ONCE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What must be left out for another policy to lead.

    Attributes:
        top: The leader.
        participants: Number of participants to leave out; None if the leader leads however many
            of those that speak most for it are left out.
        participants_to: Who leads then.
        votes: Number of votes to leave out, likewise.
        votes_to: Who leads then.
    """

    top: str
    participants: int | None
    participants_to: str | None
    votes: int | None
    votes_to: str | None


def leave_out(cells: Cells, found: Fit) -> Sensitivity:
    """Search for the fewest participants, and the fewest votes, that carry the leader.

    Args:
        cells: Model and votes.
        found: The fit to them.
    """
    strengths = found.values[0, : len(cells.policies)]
    top = int(strengths.argmax())
    people: list[tuple[int, int]] = []
    single: list[tuple[int, int]] = []
    for rival in range(len(strengths)):
        if rival == top:
            continue
        lead = np.zeros(len(cells.names))
        lead[top], lead[rival] = 1.0, -1.0
        toward = np.linalg.solve(found.curvature[0], lead)
        by_person = _fewest(cells, found, lead, *_people(cells, found, toward))
        by_vote = _fewest(cells, found, lead, *_votes(cells, found, toward))
        people += [] if by_person is None else [(by_person, rival)]
        single += [] if by_vote is None else [(by_vote, rival)]
    participants, votes = min(people, default=None), min(single, default=None)
    return Sensitivity(
        top=cells.policies[top],
        participants=participants and participants[0],
        participants_to=participants and cells.policies[participants[1]],
        votes=votes and votes[0],
        votes_to=votes and cells.policies[votes[1]],
    )


def _people(cells: Cells, found: Fit, toward: Floats) -> tuple[Floats, Floats]:
    """Return each participant's counts, most influential first, and how many each is of: one."""
    influence = scores(cells, found.values[0], cells.counts) @ toward
    order = np.argsort(-influence, kind="stable")[: len(influence) - 1]
    return cells.counts[order], np.ones(len(order))


def _votes(cells: Cells, found: Fit, toward: Floats) -> tuple[Floats, Floats]:
    """Return the counts of each kind of vote, most influential first, and how many each is of."""
    numbers, counts = cells.numbers.sum(axis=0), cells.counts.sum(axis=0)
    rows, outcomes = np.nonzero(numbers)
    each = np.zeros((len(rows), *numbers.shape))
    here = np.arange(len(rows)), rows, outcomes
    each[here] = counts[rows, outcomes]
    of = numbers[rows, outcomes]
    influence = (scores(cells, found.values[0], each) @ toward) / of
    order = np.argsort(-influence, kind="stable")
    return each[order], of[order]


def _fewest(cells: Cells, found: Fit, lead: Floats, groups: Floats, sizes: Floats) -> int | None:
    """Return how many units must go, in the given order, before the lead is gone."""
    whole = cells.counts.sum(axis=0)
    ends = np.concatenate([[0.0], np.cumsum(sizes)])
    flat = np.concatenate(
        [np.zeros((1, whole.size)), groups.reshape(len(groups), whole.size).cumsum(0)]
    )
    low, high = 0, int(ends[-1])
    turned = False
    while high > low:
        tried = np.unique(np.linspace(low + 1, high, min(high - low, _AT_ONCE)).astype(int))
        group = np.searchsorted(ends, tried, side="left") - 1
        part = (tried - ends[group]) / sizes[group]
        gone = flat[group] + part[:, None] * (flat[group + 1] - flat[group])
        left = np.maximum(whole - gone.reshape(-1, *whole.shape), 0.0)
        lost = fit(cells, left, found.values[0]).values @ lead < 0.0
        if not lost.any():
            break
        turned = True
        first = int(lost.argmax())
        high = int(tried[first])
        low = int(tried[first - 1]) if first else low
        if high - low <= 1:
            break
    return high if turned else None
