"""Whether people agree with each other, and with themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from core.ratings.cells import RATED
from core.study.votes import Outcome, Vote, VoteKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement on items that were judged more than once; None where there are none.

    Attributes:
        items: Items that two or more people judged.
        raters: People among them.
        alpha: Krippendorff's alpha for nominal data; 1 is agreement, 0 is chance. None also where
            every answer is the same, which leaves nothing to agree about.
        agreed: Share of pairs of people that gave the same answer about an item.
        repeats: Items that a person judged twice.
        repeated: Share of those that got the same answer again.
        reversed: Share of those where the other policy won the second time.
    """

    items: int
    raters: int
    alpha: float | None
    agreed: float | None
    repeats: int
    repeated: float | None
    reversed: float | None


def measure_agreement(votes: Sequence[Vote]) -> Agreement:
    """Compare answers about the same item, whichever side the policies were on."""
    answers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for vote in sorted(votes, key=lambda vote: vote.at):
        if vote.kind in RATED:
            answers[vote.item].setdefault(vote.participant, _answer(vote))
    shared = {item: given for item, given in answers.items() if len(given) > 1}
    pairs = [
        one == other for given in shared.values() for one, other in combinations(given.values(), 2)
    ]
    again = [
        (answers[vote.item][vote.participant], _answer(vote))
        for vote in votes
        if vote.kind is VoteKind.REPEAT and vote.participant in answers.get(vote.item, {})
    ]
    decided = (Outcome.TIE.value, Outcome.BOTH_BAD.value)
    flips = [one != two and not {one, two}.intersection(decided) for one, two in again]
    return Agreement(
        items=len(shared),
        raters=len({name for given in shared.values() for name in given}),
        alpha=_alpha(shared) if shared else None,
        agreed=_share(pairs),
        repeats=len(again),
        repeated=_share([one == two for one, two in again]),
        reversed=_share(flips),
    )


def _answer(vote: Vote) -> str:
    """Return who won, or how nobody did; a policy's name is kept apart from the two words."""
    if vote.outcome is Outcome.A:
        return f"won: {vote.left}"
    return f"won: {vote.right}" if vote.outcome is Outcome.B else vote.outcome.value


def _alpha(shared: Mapping[str, Mapping[str, str]]) -> float | None:
    # these two load in a second, and only a report wants them
    import evalica
    import pandas as pd

    people = sorted({name for given in shared.values() for name in given})
    table = pd.DataFrame(
        {item: [given.get(name) for name in people] for item, given in shared.items()},
        index=people,
        dtype=object,
    )
    found = evalica.alpha(table)
    return float(found.alpha) if found.expected > 0.0 else None


def _share(held: Sequence[bool]) -> float | None:
    return sum(held) / len(held) if held else None
