"""From votes to ratings: one function that puts the parts together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import stats

from core.ratings.agreement import measure_agreement
from core.ratings.bias import measure_bias, order_is_side, points_per_logit
from core.ratings.caveats import (
    DOUBTFUL,
    Caveat,
    CaveatKind,
    graph_caveats,
    people_caveats,
)
from core.ratings.cells import RATED, Cells, make_cells, rated
from core.ratings.elo import online_elo
from core.ratings.evidence import Evidence, contrast_of, gather, on_scale
from core.ratings.fit import Fit, fit
from core.ratings.intervals import bounds, holm
from core.ratings.matrices import Matrices, make_matrices
from core.ratings.plain import exclusions, measure_progress, scene_shares, votes_hash
from core.ratings.power import people_spread, power_table
from core.ratings.recipe import IntervalRule, Recipe, ResampleBy
from core.ratings.result import Difference, Exclusion, Interval, Ratings, Standing
from core.ratings.sensitivity import leave_out
from core.study.votes import Vote

FEWEST_TO_MEASURE_SPREAD = 8
"""Participants below which how much people differ is assumed, not measured."""


def rate(
    votes: Sequence[Vote], recipe: Recipe | None = None, excluded: Sequence[Exclusion] = ()
) -> Ratings:
    """Rate policies.

    Args:
        votes: Counted votes of any kind; superseded and excluded ones are left out before.
        recipe: The rules; the defaults if None.
        excluded: What was left out before, for the report.

    Raises:
        StudioError: If there is no vote to rate from, or no votes for the anchor.
    """
    recipe = Recipe() if recipe is None else recipe
    # a policy of which only ties or "both bad" are known is rated even where those are left out
    known = {name for v in votes if v.kind in RATED for name in (v.left, v.right)}
    cells = make_cells(votes, recipe, sorted(known))
    found = fit(cells, cells.counts.sum(axis=0)[None])
    evidence = gather(cells, found, recipe)
    counted = make_matrices(votes, cells.policies)
    caveats = _caveats(votes, evidence, make_matrices(rated(votes, recipe), cells.policies))
    strengths = found.values[0, : len(cells.policies)]
    order = [int(place) for place in np.argsort(-strengths, kind="stable")]
    standings = _standings(votes, cells, evidence, counted, caveats, order)
    names = [cells.policies[place] for place in order]
    undecided = int((counted.ties + counted.both_bad).sum()) / max(int(counted.votes.sum()), 1)
    measured = evidence.people >= FEWEST_TO_MEASURE_SPREAD and not _doubtful(caveats)
    return Ratings(
        recipe=recipe,
        data_hash=votes_hash(votes),
        given=len(votes),
        votes=evidence.votes,
        participants=evidence.people,
        standings=standings,
        differences=_differences(cells, evidence, caveats, order),
        tie_parameter=float(np.exp(found.values[0, -1])) / 2 if cells.ties else None,
        matrices=make_matrices(votes, names),
        biases=measure_bias(votes, recipe),
        agreement=measure_agreement(votes),
        sensitivity=leave_out(cells, found),
        power=power_table(
            len(names),
            unit=points_per_logit(recipe),
            ties=undecided,
            spread=people_spread(cells, evidence.robust, found.curvature[0]) if measured else None,
            confidence=recipe.confidence,
        ),
        progress=measure_progress(votes, names, recipe),
        scenes=scene_shares(votes, names, _scene_ratings(cells, found, recipe)),
        excluded=exclusions(votes, recipe, excluded),
        caveats=tuple(caveats),
        units=evidence.units,
    )


def _caveats(votes: Sequence[Vote], evidence: Evidence, counted: Matrices) -> list[Caveat]:
    caveats = [*graph_caveats(counted), *people_caveats(evidence.people, evidence.votes)]
    if evidence.people > 1 and evidence.recipe.resample_by is ResampleBy.VOTES:
        caveats.append(
            Caveat(
                kind=CaveatKind.VOTES_HELD_INDEPENDENT,
                text="The recipe draws single votes: one person's votes resemble each other, so "
                "these intervals are too short.",
            )
        )
    if order_is_side(votes):
        caveats.append(
            Caveat(
                kind=CaveatKind.ORDER_IS_SIDE,
                text="The same side always came first: an effect of the side and one of the order "
                "cannot be told apart.",
            )
        )
    if evidence.alike:
        caveats.append(
            Caveat(
                kind=CaveatKind.ALL_ALIKE,
                text="All participants voted alike, so that drawing them again shows no spread. "
                "Intervals are the posterior's, which holds votes independent.",
                policies=tuple(counted.policies),
            )
        )
    unsettled = int((~evidence.by_recipe.settled).sum() + (~evidence.found.settled).sum())
    if unsettled:
        caveats.append(
            Caveat(
                kind=CaveatKind.NOT_SETTLED,
                text=f"{unsettled} of the fits did not come to rest; do not use the intervals.",
            )
        )
    return caveats


def _standings(
    votes: Sequence[Vote],
    cells: Cells,
    evidence: Evidence,
    counted: Matrices,
    caveats: Sequence[Caveat],
    order: Sequence[int],
) -> tuple[Standing, ...]:
    recipe, unit = evidence.recipe, points_per_logit(evidence.recipe)
    doubtful = _doubtful(caveats)
    anchored = recipe.anchor is not None
    elo = online_elo(votes, recipe)[-1]
    from_mean: list[tuple[float, float, float]] = []
    for place in range(len(cells.policies)):
        contrast = contrast_of(cells, place, None)
        own = evidence.interval(contrast, bool(doubtful))
        value = float(evidence.found.values[0] @ contrast)
        from_mean.append((own.low * unit, value * unit, own.high * unit))
    found: list[Standing] = []
    for place in order:
        policy = cells.policies[place]
        contrast = contrast_of(cells, place, recipe.anchor)
        held = bool(doubtful) if not anchored else bool(doubtful & {policy, recipe.anchor})
        error = evidence.sandwich_error(contrast)
        value = float(evidence.found.values[0] @ contrast)
        sides = None
        if error is not None:
            half = evidence.quantile() * error
            sides = on_scale(Interval(low=value - half, high=value + half), recipe)
        low, high = bounds(
            (evidence.by_votes.values @ contrast)[:, None],
            np.array([value]),
            evidence.votes,
            recipe.confidence,
            IntervalRule.PERCENTILE,
        )
        met = int(counted.votes[place].sum())
        wins, losses = int(counted.wins[place].sum()), int(counted.wins[:, place].sum())
        ties, bad = int(counted.ties[place].sum()), int(counted.both_bad[place].sum())
        above = sum(other[0] > from_mean[place][2] for other in from_mean)
        found.append(
            Standing(
                policy=policy,
                rank=1 + above,
                rating=recipe.centre + value * unit,
                interval=on_scale(evidence.interval(contrast, held), recipe),
                by_sandwich=sides,
                by_votes=on_scale(Interval(low=float(low[0]), high=float(high[0])), recipe),
                from_mean=from_mean[place],
                elo=elo.get(policy, recipe.centre),
                votes=met,
                wins=wins,
                losses=losses,
                ties=ties,
                both_bad=bad,
                share=(wins + (ties + bad) / 2) / met if met else None,
                doubtful=policy in doubtful,
            )
        )
    return tuple(found)


def _doubtful(caveats: Sequence[Caveat]) -> set[str]:
    return {name for one in caveats if one.kind in DOUBTFUL for name in one.policies}


def _differences(
    cells: Cells, evidence: Evidence, caveats: Sequence[Caveat], order: Sequence[int]
) -> tuple[Difference, ...]:
    unit = points_per_logit(evidence.recipe)
    doubtful = _doubtful(caveats)
    pairs = list(combinations(order, 2))
    rows: list[tuple[str, str, float, Interval]] = []
    chances: list[float] = []
    for first, second in pairs:
        names = cells.policies[first], cells.policies[second]
        contrast = contrast_of(cells, first, names[1])
        value = float(evidence.found.values[0] @ contrast)
        own = evidence.interval(contrast, bool(doubtful & set(names)))
        rows.append((*names, value * unit, Interval(low=own.low * unit, high=own.high * unit)))
        error = evidence.sandwich_error(contrast)
        if error is not None:
            ratio = abs(value) / error if error > 0.0 else 0.0
            chances.append(float(2 * stats.t.sf(ratio, evidence.people - 1)))
    adjusted = holm(np.array(chances)) if chances else None
    return tuple(
        Difference(
            first=first,
            second=second,
            points=points,
            interval=interval,
            chance=chances[number] if adjusted is not None else None,
            adjusted=float(adjusted[number]) if adjusted is not None else None,
        )
        for number, (first, second, points, interval) in enumerate(rows)
    )


def _scene_ratings(cells: Cells, found: Fit, recipe: Recipe) -> dict[tuple[str, str], float]:
    """Return the rating by policy and scene, if scenes are fitted."""
    unit, ratings = points_per_logit(recipe), dict[tuple[str, str], float]()
    values = found.values[0]
    for name, value in zip(cells.names, values, strict=True):
        for place, policy in enumerate(cells.policies):
            if name.startswith(f"{policy} in "):
                base = float(values @ contrast_of(cells, place, recipe.anchor))
                scene = name.removeprefix(f"{policy} in ")
                ratings[policy, scene] = recipe.centre + (base + float(value)) * unit
    return ratings
