"""Numbers that need no model: shares by scene, progress, exclusions, the hash of the data."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from statistics import fmean

from core.ratings.cells import RATED, rated
from core.ratings.intervals import wilson
from core.ratings.recipe import Recipe
from core.ratings.result import Exclusion, Progress, SceneShare
from core.study.votes import Outcome, Vote, VoteKind


def votes_hash(votes: Sequence[Vote]) -> str:
    """Return the SHA-256 of all fields of all votes; the order of the votes does not matter."""
    values = attrgetter(*(field.name for field in fields(Vote)))
    lines = sorted(json.dumps(values(vote)) for vote in votes)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def measure_progress(
    votes: Sequence[Vote], policies: Sequence[str], recipe: Recipe
) -> tuple[Progress, ...]:
    """Average each rollout's progress over its judges, then count successes by policy.

    A rollout is known by its item and its policy.
    """
    judged: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for vote in votes:
        if vote.kind not in RATED:
            continue
        for policy, progress in (
            (vote.left, vote.progress_left),
            (vote.right, vote.progress_right),
        ):
            if progress is not None:
                judged[policy, vote.item].append(progress)
    found: list[Progress] = []
    for name in policies:
        means = [fmean(given) for (policy, _), given in judged.items() if policy == name]
        if not means:
            continue
        successes = sum(mean >= recipe.success for mean in means)
        low, high = wilson(successes, len(means), recipe.confidence)
        found.append(
            Progress(
                policy=name,
                rollouts=len(means),
                mean=fmean(means),
                successes=successes,
                low=low,
                high=high,
            )
        )
    return tuple(found)


def scene_shares(
    votes: Sequence[Vote], policies: Sequence[str], ratings: Mapping[tuple[str, str], float]
) -> tuple[SceneShare, ...]:
    """Return each policy's plain share by scene.

    Args:
        votes: All votes.
        policies: Names in the wanted order.
        ratings: Fitted ratings by policy and scene; empty if there are none.
    """
    points: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for vote in votes:
        if vote.kind in RATED:
            left = {Outcome.A: 1.0, Outcome.B: 0.0}.get(vote.outcome, 0.5)
            points[vote.scene, vote.left].append(left)
            points[vote.scene, vote.right].append(1.0 - left)
    names = sorted({scene for scene, _ in points})
    if len(names) < 2:
        return ()
    return tuple(
        SceneShare(
            scene=scene,
            policy=policy,
            votes=len(points[scene, policy]),
            share=fmean(points[scene, policy]),
            rating=ratings.get((policy, scene)),
        )
        for scene in names
        for policy in policies
        if (scene, policy) in points
    )


def exclusions(
    votes: Sequence[Vote], recipe: Recipe, given: Sequence[Exclusion]
) -> tuple[Exclusion, ...]:
    """Add to the exclusions of a study what the rating itself passes over."""
    kinds = [vote.kind for vote in votes]
    found = [
        *given,
        Exclusion(
            reason="repeats, kept for agreement within a person",
            votes=kinds.count(VoteKind.REPEAT),
        ),
        Exclusion(reason="attention checks", votes=kinds.count(VoteKind.ATTENTION)),
    ]
    enter = {id(vote) for vote in rated(votes, recipe)}
    for outcome, words in ((Outcome.TIE, "ties"), (Outcome.BOTH_BAD, "both bad")):
        out = [v for v in votes if v.kind in RATED and v.outcome is outcome and id(v) not in enter]
        reason = f"{words}, left out of the fit by the recipe, still in the counts"
        found.append(Exclusion(reason=reason, votes=len(out)))
    return tuple(one for one in found if one.votes)
