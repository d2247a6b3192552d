"""Who met whom, and with what outcome: the plain counts that stand beside every rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.ratings.cells import RATED
from core.study.votes import Outcome, Vote


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrices:
    """Plain numbers of votes between K policies.

    Attributes:
        policies: K names, in the order of rows and columns.
        wins: [K, K], how often the row's policy won against the column's.
        ties: [K, K], symmetric.
        both_bad: [K, K], symmetric.
    """

    policies: tuple[str, ...]
    wins: NDArray[np.int64]
    ties: NDArray[np.int64]
    both_bad: NDArray[np.int64]

    @property
    def votes(self) -> NDArray[np.int64]:
        """How often two policies met, [K, K]."""
        return self.wins + self.wins.T + self.ties + self.both_bad

    @property
    def shares(self) -> NDArray[np.float64]:
        """The row's share against the column: wins and half of what is undecided; NaN unmet."""
        undecided = (self.ties + self.both_bad) / 2
        with np.errstate(invalid="ignore"):
            return (self.wins + undecided) / self.votes


def make_matrices(votes: Sequence[Vote], policies: Sequence[str]) -> Matrices:
    """Count the votes that ratings take, "both bad" among them whatever the rule."""
    index = {name: number for number, name in enumerate(policies)}
    size = len(policies)
    wins, ties, both_bad = (np.zeros((size, size), np.int64) for _ in range(3))
    for vote in votes:
        if vote.kind not in RATED:
            continue
        left, right = index[vote.left], index[vote.right]
        if vote.outcome is Outcome.A:
            wins[left, right] += 1
        elif vote.outcome is Outcome.B:
            wins[right, left] += 1
        else:
            table = ties if vote.outcome is Outcome.TIE else both_bad
            table[left, right] += 1
            table[right, left] += 1
    return Matrices(policies=tuple(policies), wins=wins, ties=ties, both_bad=both_bad)
