"""How many participants and votes a study needs, by a formula that can be checked by hand.

K policies of nearly equal strength that meet equally often: N votes tell a difference of two
strengths with variance 2 / (K w), where w is the information about each pair, N / (K(K-1)/2) votes
of (1 - ties) / 4 each. People who differ add their own variance of that difference, divided by the
number of people; more votes from the same people do not lower it. Power is Student's, noncentral,
with participants - 1 degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.ratings.cells import Cells
from core.ratings.fit import Floats

PARTICIPANTS = (10, 20, 30, 50, 100)
VOTES_EACH = (15, 30, 60)
GAPS = (25.0, 50.0, 100.0)
USUAL_SPREAD = 0.7
"""A person's own difference of two policies varies by this much [logits] if nothing is known: two
strengths that vary by 0.5 each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRow:
    """What a study of some size can tell about two of its policies.

    Attributes:
        participants: How many take part.
        votes_each: Votes of each.
        half_width: Half of the interval of a difference [points].
        power: Chance to find a gap, one for each gap asked for.
    """

    participants: int
    votes_each: int
    half_width: float
    power: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerTable:
    """Sizes of a study and what each can tell.

    Attributes:
        policies: How many policies meet each other.
        ties: Assumed share of ties.
        spread: Assumed standard deviation of a person's own difference of two policies [logits].
        measured: Whether ``spread`` is from votes.
        gaps: Differences asked for [points].
        rows: One for each size.
    """

    policies: int
    ties: float
    spread: float
    measured: bool
    gaps: tuple[float, ...]
    rows: tuple[PowerRow, ...]


def power_table(
    policies: int,
    *,
    unit: float,
    ties: float = 0.2,
    spread: float | None = None,
    confidence: float = 0.95,
    participants: Sequence[int] = PARTICIPANTS,
    votes_each: Sequence[int] = VOTES_EACH,
    gaps: Sequence[float] = GAPS,
) -> PowerTable:
    """Plan a study.

    Args:
        policies: How many policies, at least 2.
        unit: Points of one logit (``core.ratings.bias.points_per_logit``).
        ties: Share of votes that will be ties or both bad.
        spread: How much people differ [logits], as measured; None for the usual.
        confidence: Of the intervals; a test fails with the rest of it.
        participants: Numbers of participants, each at least 2.
        votes_each: Numbers of votes of each.
        gaps: Differences that shall be found [points].
    """
    rows: list[PowerRow] = []
    differ = USUAL_SPREAD if spread is None else spread
    ties = min(max(ties, 0.0), 0.95)
    for people in participants:
        quantile = float(stats.t.ppf((1 + confidence) / 2, people - 1))
        for each in votes_each:
            pair_votes = people * each / (policies * (policies - 1) / 2)
            by_votes = 2 / (policies * pair_votes * (1 - ties) / 4)
            error = float(np.sqrt(by_votes + differ**2 / people)) * unit
            found = [
                float(
                    stats.nct.sf(quantile, people - 1, gap / error)
                    + stats.nct.cdf(-quantile, people - 1, gap / error)
                )
                for gap in gaps
            ]
            rows.append(
                PowerRow(
                    participants=people,
                    votes_each=each,
                    half_width=quantile * error,
                    power=tuple(min(max(chance, 0.0), 1.0) for chance in found),
                )
            )
    return PowerTable(
        policies=policies,
        ties=ties,
        spread=differ,
        measured=spread is not None,
        gaps=tuple(gaps),
        rows=tuple(rows),
    )


def people_spread(cells: Cells, robust: Floats, curvature: Floats) -> float:
    """Estimate how much people differ in their difference of two policies [logits].

    It is what the clustered covariance has beyond that of independent votes, over all pairs; zero
    if it has nothing beyond.

    Args:
        cells: Model and votes.
        robust: [D, D], the sandwich.
        curvature: [D, D] at the fit.
    """
    count = len(cells.policies)
    extra = (robust - np.linalg.inv(curvature))[:count, :count]
    first, second = np.triu_indices(count, 1)
    own = np.diagonal(extra)
    mean = float((own[first] + own[second] - 2 * extra[first, second]).mean())
    return float(np.sqrt(max(mean, 0.0) * len(cells.participants)))
