"""What a rating is: numbers with everything needed to repeat and to doubt them."""

from __future__ import annotations

from dataclasses import dataclass

from core.ratings.agreement import Agreement
from core.ratings.bias import Bias
from core.ratings.caveats import Caveat
from core.ratings.matrices import Matrices
from core.ratings.power import PowerTable
from core.ratings.recipe import Recipe
from core.ratings.sensitivity import Sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval of ratings [points]."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One policy's place.

    Attributes:
        policy: Its name.
        rank: 1 and the number of policies whose interval lies wholly above this one's, both
            measured from the mean of the policies.
        rating: Its rating [points].
        interval: Of the rating by the recipe; of no width for the anchor, which is a definition.
        by_sandwich: The same from the clustered sandwich, as a check; None with one participant.
        by_votes: The same with votes held independent, for comparison.
        from_mean: Rating and interval as differences to the mean of the policies, which is where
            ranks come from: low, value, high [points].
        elo: Online Elo after the last vote, for display.
        votes: Comparisons it was in.
        wins: Those it won.
        losses: Those it lost.
        ties: Ties.
        both_bad: Those where both were called bad.
        share: Wins and half of the undecided, of its comparisons; None without any.
        doubtful: Whether the caveats name it; its interval is then at least the posterior's.
    """

    policy: str
    rank: int
    rating: float
    interval: Interval
    by_sandwich: Interval | None
    by_votes: Interval
    from_mean: tuple[float, float, float]
    elo: float
    votes: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    share: float | None
    doubtful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two policies compared.

    Attributes:
        first: The one with the higher rating.
        second: The other.
        points: First minus second.
        interval: Of that.
        chance: p-value of no difference from the clustered sandwich; None with one participant.
        adjusted: The same after Holm's correction over all pairs.
    """

    first: str
    second: str
    points: float
    interval: Interval
    chance: float | None
    adjusted: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a policy's rollouts got, in the participants' judgement.

    Attributes:
        policy: Its name.
        rollouts: Rollouts with a judged progress.
        mean: Mean progress over rollouts [percent].
        successes: Rollouts whose mean progress reaches the recipe's success.
        low: Low end of Wilson's interval of the share of successes.
        high: High end.
    """

    policy: str
    rollouts: int
    mean: float
    successes: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneShare:
    """One policy in one scene: its comparisons, its plain share of them and, if fitted, its rating.

    Attributes:
        scene: Name of the scene.
        policy: Name of the policy.
        votes: Comparisons it was in.
        share: Wins and half of the undecided.
        rating: Its rating in this scene [points], if the recipe has scenes.
    """

    scene: str
    policy: str
    votes: int
    share: float
    rating: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Votes that are not in the ratings.

    Attributes:
        reason: Why.
        votes: How many.
    """

    reason: str
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """A whole result.

    Attributes:
        recipe: The rules it was made by.
        data_hash: SHA-256 of the votes, whatever their order.
        given: Votes that were handed over.
        votes: Votes in the fit.
        participants: People in the fit.
        standings: Policies, the highest rating first.
        differences: All pairs, in the order of the standings.
        tie_parameter: Davidson's nu; None where ties are halves.
        matrices: Plain counts, in the order of the standings.
        biases: Side and order, tested.
        agreement: Between people and within a person.
        sensitivity: How few decide the top.
        power: What studies of other sizes could tell.
        progress: By policy; empty if progress was not asked.
        scenes: By scene and policy; empty with fewer than two scenes.
        excluded: What was left out.
        caveats: What to know before using the numbers.
        units: How many units each resample drew.
    """

    recipe: Recipe
    data_hash: str
    given: int
    votes: int
    participants: int
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...]
    tie_parameter: float | None
    matrices: Matrices
    biases: tuple[Bias, ...]
    agreement: Agreement
    sensitivity: Sensitivity
    power: PowerTable
    progress: tuple[Progress, ...]
    scenes: tuple[SceneShare, ...]
    excluded: tuple[Exclusion, ...]
    caveats: tuple[Caveat, ...]
    units: int
