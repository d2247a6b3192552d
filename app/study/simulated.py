"""Simulated participants: programs with a taste, a pull to one side, and bad days.

They know only what the lab itself measured of each rollout, never its alias. Each has an own idea
of how good a rollout was (between people), notices with an own noise, and calls small differences
"about the same". Everything is drawn from a seed. Results of a study with them show that the tools
work; they are no evidence about a policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.study.answers import Answer, give
from core.study.base import StudyBase
from core.study.items import note_view
from core.study.people import Participant
from core.study.plan import StudyPlan
from core.study.rollouts import progress_of
from core.study.sitting import Step, StepKind, next_step
from core.study.votes import Outcome, Shown

TASTE_SD = 0.15
"""Between people, of how good one policy looks to them [share of the task]."""

NOISE_SD = 0.2
TIE_WITHIN = 0.1
BAD_UNDER = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A simulated participant.

    Attributes:
        seed: Of everything that the person draws.
        pull: Towards the left side [share of the task].
        careless: Chance of answering without having looked.
    """

    seed: int
    pull: float
    careless: float = 0.0


def person(seed: int, number: int, *, careless: bool = False) -> Person:
    """Draw a person."""
    rng = np.random.default_rng([seed, 40, number])
    return Person(
        seed=int(rng.integers(2**31)),
        pull=float(rng.normal(0.0, 0.05)),
        careless=0.9 if careless else 0.0,
    )


def judge(base: StudyBase, who: Person, step: Step) -> Answer:
    """Say what a person says about an item."""
    item = step.item
    assert item is not None, "there is something to judge"
    rng = np.random.default_rng([who.seed, step.position])
    if rng.random() < who.careless:
        outcome = Outcome(str(rng.choice([str(one) for one in Outcome])))
        return Answer(outcome=outcome, progress_left=50.0, progress_right=50.0, confidence=1)
    done = {side: _seen(base, name) for side, name in item.rollouts.items()}
    felt = {
        side: share + _taste(base, who, name) + float(rng.normal(0.0, NOISE_SD))
        for (side, share), name in zip(done.items(), item.rollouts.values(), strict=True)
    }
    gap = felt[Shown.LEFT] - felt[Shown.RIGHT] + who.pull
    if max(felt.values()) < BAD_UNDER and max(done.values()) == 0.0:
        outcome = Outcome.BOTH_BAD
    elif abs(gap) < TIE_WITHIN:
        outcome = Outcome.TIE
    else:
        outcome = Outcome.A if gap > 0 else Outcome.B
    said = {
        side: float(np.clip(5 * round(20 * share + rng.normal(0.0, 1.0)), 0, 100))
        for side, share in done.items()
    }
    return Answer(
        outcome=outcome,
        progress_left=said[Shown.LEFT],
        progress_right=said[Shown.RIGHT],
        confidence=1 + int(abs(gap) > 0.2) + int(abs(gap) > 0.5),
        decision_s=float(np.clip(rng.lognormal(1.0, 0.4), 0.8, 30.0)),
    )


def take_part(base: StudyBase, plan: StudyPlan, who: Participant, mind: Person, items: int) -> int:
    """Let a person judge up to a number of items of a recorded study; returns how many."""
    for done in range(items):
        step = next_step(base, plan, who.code)
        if step.kind != StepKind.JUDGE or step.item is None:
            return done
        for side in ("left", "right") if step.item.drawn.first else ("both",):
            note_view(base, step.item, side, plan.seconds, complete=True)
        give(base, step.item, judge(base, mind, step))
    next_step(base, plan, who.code)  # notes the end
    return items


def _seen(base: StudyBase, rollout: str) -> float:
    return (progress_of(base, rollout) or 0.0) / 100.0


def _taste(base: StudyBase, who: Person, rollout: str) -> float:
    """How this person likes one rollout, the same whenever it is seen again.

    Drawn from what the video shows: its name is another one whenever the study is repeated.
    """
    row = base.one("SELECT sha256 FROM rollout WHERE id = ?", rollout)
    seed = int(row["sha256"][:8], 16) if row is not None else 0
    return float(np.random.default_rng([who.seed, seed]).normal(0.0, TASTE_SD))
