"""Votes of people that do not exist, to check and time the ratings with."""

from __future__ import annotations

import numpy as np

from core.study.votes import Outcome, Shown, Vote


def simulated_votes(
    *, votes: int, policies: int, participants: int, generator: np.random.Generator
) -> list[Vote]:
    """Draw votes about policies whose strengths lie evenly over two logits.

    Each participant's strengths vary by half a logit around those; pairs, sides and the order are
    drawn; about every fifth vote is undecided.
    """
    centre = np.linspace(1.0, -1.0, policies)
    own = generator.normal(centre, 0.5, (participants, policies))
    made: list[Vote] = []
    outcomes = list(Outcome)
    for number in range(votes):
        person = number % participants
        left, right = generator.choice(policies, 2, replace=False)
        half = (own[person, left] - own[person, right]) / 2
        chance = np.array([np.exp(half), np.exp(-half), 0.4, 0.15])
        made.append(
            Vote(
                participant=f"p{person:03}",
                item=f"item {number}",
                left=f"policy {left}",
                right=f"policy {right}",
                first=Shown.LEFT if generator.random() < 0.5 else Shown.RIGHT,
                outcome=outcomes[generator.choice(4, p=chance / chance.sum())],
                at=float(number),
            )
        )
    return made
