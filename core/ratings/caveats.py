"""What votes cannot tell, found from their counts before anything is believed.

A rating has a finite maximum without a prior only if no group of policies beats the rest without
ever losing to it or tying with it (Ford 1957, Amer. Math. Monthly 64:28; Hunter 2004, Ann. Statist.
32:384). Where that fails the prior holds the number, and the resamples, which all share the fault,
cannot show how unsure it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from core.ratings.matrices import Matrices

FEW_PARTICIPANTS = 10
FEW_VOTES = 30


class CaveatKind(StrEnum):
    """Names of caveats, for programs."""

    UNDEFEATED = "undefeated"
    WINLESS = "winless"
    SEPARATED = "separated"
    DISCONNECTED = "disconnected"
    UNMET = "unmet"
    ALL_TIES = "all_ties"
    ALL_ALIKE = "all_alike"
    ONE_PARTICIPANT = "one_participant"
    FEW_PARTICIPANTS = "few_participants"
    FEW_VOTES = "few_votes"
    VOTES_HELD_INDEPENDENT = "votes_held_independent"
    ORDER_IS_SIDE = "order_is_side"
    NOT_SETTLED = "not_settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """Something a reader must know before using the numbers.

    Attributes:
        kind: Its name.
        text: One sentence or two.
        policies: Whose numbers are doubtful because of it; empty if it is about none in particular.
    """

    kind: CaveatKind
    text: str
    policies: tuple[str, ...] = ()


DOUBTFUL = frozenset(
    {
        CaveatKind.UNDEFEATED,
        CaveatKind.WINLESS,
        CaveatKind.SEPARATED,
        CaveatKind.DISCONNECTED,
        CaveatKind.UNMET,
        CaveatKind.ALL_TIES,
        CaveatKind.ALL_ALIKE,
    }
)
"""Caveats whose policies get an interval at least as wide as the posterior's."""


def graph_caveats(counted: Matrices) -> list[Caveat]:
    """Find what the pattern of wins and ties leaves open."""
    names = np.array(counted.policies)
    undecided = counted.ties + counted.both_bad
    above = (counted.wins + undecided) > 0  # row is at least once not below column
    groups = _groups(above, "weak")
    found: list[Caveat] = []
    met = counted.votes.sum(axis=1)
    if any(met == 0):
        unmet = tuple(names[met == 0].tolist())
        found.append(
            Caveat(
                kind=CaveatKind.UNMET,
                text=f"No vote in the fit is about {_list(unmet)}: the prior alone rates.",
                policies=unmet,
            )
        )
    if max(groups) > 0 and len(set(groups[met > 0])) > 1:
        parts = [_list(names[groups == g].tolist()) for g in sorted(set(groups[met > 0]))]
        found.append(
            Caveat(
                kind=CaveatKind.DISCONNECTED,
                text=f"No votes join these groups: {'; '.join(parts)}. Ratings compare within a "
                "group only; between groups there is only the prior.",
                policies=tuple(names.tolist()),
            )
        )
    if counted.wins.sum() == 0:
        found.append(
            Caveat(
                kind=CaveatKind.ALL_TIES,
                text="Every vote is a tie or both bad: nothing tells the policies apart.",
                policies=tuple(names.tolist()),
            )
        )
    return found + _separated(counted, above, groups)


def people_caveats(participants: int, votes: int) -> list[Caveat]:
    """Find what the numbers of participants and votes leave open."""
    found: list[Caveat] = []
    if participants == 1:
        found.append(
            Caveat(
                kind=CaveatKind.ONE_PARTICIPANT,
                text="All votes are one participant's: intervals describe this person's votes and "
                "nobody else's. Single votes were drawn instead of participants.",
            )
        )
    elif participants < FEW_PARTICIPANTS:
        found.append(
            Caveat(
                kind=CaveatKind.FEW_PARTICIPANTS,
                text=f"Only {participants} participants: intervals are rough below "
                f"{FEW_PARTICIPANTS}.",
            )
        )
    if votes < FEW_VOTES:
        found.append(
            Caveat(
                kind=CaveatKind.FEW_VOTES,
                text=f"Only {votes} votes: the weak prior has a say in every number.",
            )
        )
    return found


def _separated(
    counted: Matrices, above: NDArray[np.bool_], groups: NDArray[np.int32]
) -> list[Caveat]:
    """Find policies or sets of them that never lost to the rest, or never won."""
    names = np.array(counted.policies)
    unbeaten = above.T.sum(axis=1) == 0  # nobody is ever at least level with it
    winless = above.sum(axis=1) == 0
    met = counted.votes.sum(axis=1) > 0
    found: list[Caveat] = []
    for kind, who, words in (
        (CaveatKind.UNDEFEATED, unbeaten & met, "never lost and never tied: only the prior bounds"),
        (CaveatKind.WINLESS, winless & met, "never won and never tied: only the prior bounds"),
    ):
        for name in names[who].tolist():
            side = "above" if kind is CaveatKind.UNDEFEATED else "below"
            text = f"{name} {words} its rating from {side}."
            found.append(Caveat(kind=kind, text=text, policies=(name,)))
    strong = _groups(above, "strong")
    told = unbeaten | winless
    for group in sorted(set(groups.tolist())):
        inside = (groups == group) & ~told
        parts = sorted(set(strong[inside].tolist()))
        if len(parts) > 1:
            sets = [_list(names[inside & (strong == part)].tolist()) for part in parts]
            found.append(
                Caveat(
                    kind=CaveatKind.SEPARATED,
                    text=f"Between these groups one never lost and never tied: {'; '.join(sets)}. "
                    "Only the prior bounds how far apart they are.",
                    policies=tuple(names[inside].tolist()),
                )
            )
    return found


def _groups(edges: NDArray[np.bool_], connection: str) -> NDArray[np.int32]:
    _, labels = connected_components(edges, directed=True, connection=connection)
    return np.asarray(labels)


def _list(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
