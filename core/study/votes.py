"""One counted answer of a study, as ratings and exports read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a participant said about a pair; on the screen the left one is called A."""

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Shown(StrEnum):
    """A place on the screen."""

    LEFT = "left"
    RIGHT = "right"


class VoteKind(StrEnum):
    """Why an item was in a participant's list.

    Ratings take the ``NORMAL`` and ``SHARED`` ones; agreement within a person takes ``REPEAT`` with
    its original, agreement between people takes ``SHARED``; ``ATTENTION`` only decides exclusions.
    """

    NORMAL = "normal"
    SHARED = "shared"
    REPEAT = "repeat"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One participant's comparison of two rollouts.

    Attributes:
        participant: Random code of the participant; the cluster of a resampling.
        item: Name of the pair of rollouts whatever its sides. Equal for everybody who judged the
            same pair, and for a repeat and its original.
        left: Alias of the policy on the left (A).
        right: Alias of the policy on the right (B).
        first: Which one was played first; ``None`` when both played at once.
        outcome: A is the left one, B the right one.
        weight: Share with which it counts in ratings, over 0; 1 unless a study says otherwise.
        kind: Why the item was in the list.
        scene: Name of the scene.
        instruction: What the arm was told; empty when it is unknown or was erased.
        progress_left: Percent of the task done on the left, asked before the comparison.
        progress_right: Percent of the task done on the right.
        confidence: 1 (a guess) to 3 (certain), ``None`` when it was not asked.
        decision_s: Time from the unlocked question to the answer [s].
        at: When it was given, seconds since 1970 (wall clock, UTC).
    """

    participant: str
    item: str
    left: str
    right: str
    first: Shown | None
    outcome: Outcome
    weight: float = 1.0
    kind: VoteKind = VoteKind.NORMAL
    scene: str = ""
    instruction: str = ""
    progress_left: float | None = None
    progress_right: float | None = None
    confidence: int | None = None
    decision_s: float | None = None
    at: float = 0.0

    def __post_init__(self) -> None:
        if self.left == self.right:
            raise ValueError(f"both sides of item '{self.item}' are '{self.left}'")
        if not self.weight > 0.0:
            raise ValueError(f"the weight of a vote is {self.weight}; expected more than 0")
        for name in ("progress_left", "progress_right"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 100.0:
                raise ValueError(f"{name} is {value}; expected 0 to 100 percent")
