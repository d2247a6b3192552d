"""The fit is the maximum, whatever the votes, and does not depend on what it must not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ratings.cells import make_cells
from core.ratings.fit import fit, scores, shares
from core.ratings.oracles import flat_strengths
from core.ratings.recipe import BothBadRule, Recipe, TieRule
from core.study.votes import Outcome, Shown
from core.types import StudioError
from tests.core.ratings.samples import simulated, strengths, swapped, vote, votes_strategy

RECIPES = st.builds(
    Recipe,
    ties=st.sampled_from(list(TieRule)),
    side_bias=st.booleans(),
    order_bias=st.booleans(),
    prior_sd=st.sampled_from([0.3, 2.5, 30.0]),
)
ANY = votes_strategy().filter(lambda votes: any(v.outcome in ("a", "b") for v in votes))


def height(cells, values):
    """The logarithm of the posterior, written down a second time."""
    total = -0.5 * float(cells.precision @ values**2)
    for design, (left, right, tie) in zip(cells.design, cells.counts.sum(axis=0), strict=True):
        half = float(design @ values[: len(design)]) / 2
        weights = [math.exp(half), math.exp(-half)]
        if cells.ties:
            weights.append(math.exp(values[-1]))
            total += tie * (values[-1] - math.log(sum(weights)))
        else:
            left, right = left + tie / 2, right + tie / 2
        total += left * (half - math.log(sum(weights))) - right * (half + math.log(sum(weights)))
    return total


@settings(max_examples=60)
@given(ANY, RECIPES)
def test_any_votes_have_a_finite_maximum_and_the_fit_is_there(votes, recipe):
    cells = make_cells(votes, recipe)
    found = fit(cells, cells.counts.sum(axis=0)[None])
    values = found.values[0]
    assert found.settled.all()
    assert np.isfinite(values).all()
    best = height(cells, values)
    for direction in np.vstack([np.eye(len(values)), -np.eye(len(values))]):
        assert height(cells, values + 1e-3 * direction) <= best + 1e-9


@settings(max_examples=40)
@given(ANY, RECIPES, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_is_of_no_matter(votes, recipe, random):
    shuffled = random.sample(votes, len(votes))
    assert strengths(votes, recipe) == pytest.approx(strengths(shuffled, recipe), abs=1e-9)


@settings(max_examples=40)
@given(ANY, RECIPES)
def test_exchanging_all_sides_turns_the_sides_term_and_nothing_else(votes, recipe):
    one = strengths(votes, recipe)
    other = strengths([swapped(v) for v in votes], recipe)
    if recipe.side_bias:
        assert other.pop("side") == pytest.approx(-one.pop("side"), abs=1e-6)
    assert other == pytest.approx(one, abs=1e-6)


@settings(max_examples=40)
@given(ANY, st.integers(1, 40))
def test_more_ties_bring_policies_together(votes, many):
    recipe = Recipe(ties=TieRule.HALF)
    before, after = (
        strengths(v, recipe)
        for v in (votes, [*votes, *[vote("amber", "birch", Outcome.TIE)] * many])
    )
    before = {"amber": 0.0, "birch": 0.0} | before
    assert abs(after["amber"] - after["birch"]) <= abs(before["amber"] - before["birch"]) + 1e-6


@settings(max_examples=30)
@given(ANY)
def test_strengths_are_centred_and_a_win_lifts_the_winner(votes):
    recipe = Recipe()
    before = strengths(votes, recipe)
    names = [name for name in before if name != "ties"]
    assert sum(before[name] for name in names) == pytest.approx(0.0, abs=1e-6)
    winner = votes[0].left
    after = strengths([*votes, vote(winner, votes[0].right, Outcome.A)], recipe)
    gap = votes[0].left, votes[0].right
    assert after[gap[0]] - after[gap[1]] > before[gap[0]] - before[gap[1]]


def test_weights_count_like_so_many_votes():
    votes = simulated(votes=60)
    heavy = [replace(v, weight=3.0) if n % 2 else v for n, v in enumerate(votes)]
    many = [v for n, v in enumerate(votes) for _ in range(3 if n % 2 else 1)]
    assert strengths(heavy, Recipe()) == pytest.approx(strengths(many, Recipe()), abs=1e-9)


def test_known_answers():
    votes = [vote("amber", "birch", "a")] * 30 + [vote("amber", "birch", "b")] * 10
    found = flat_strengths(votes, TieRule.HALF)
    assert found[0] - found[1] == pytest.approx(np.log(3), abs=1e-5)
    ties = [vote("amber", "birch", "tie")] * 20
    cells = make_cells([*votes, *ties], Recipe(prior_sd=1e3, tie_sd=1e3))
    chance = shares(cells, fit(cells, cells.counts.sum(axis=0)[None]).values)[0, 0]
    np.testing.assert_allclose(chance, [0.5, 10 / 60, 20 / 60], atol=1e-5)


def test_side_and_order_terms_find_what_was_put_in():
    votes = []
    for left, right in (("amber", "birch"), ("birch", "amber")):
        for first, (wins, losses) in ((Shown.LEFT, (60, 20)), (Shown.RIGHT, (40, 40))):
            votes += [vote(left, right, "a", first=first)] * wins
            votes += [vote(left, right, "b", first=first)] * losses
    found = strengths(votes, Recipe(side_bias=True, order_bias=True, bias_sd=100.0))
    assert found["amber"] == pytest.approx(found["birch"], abs=1e-9)
    assert found["side"] == pytest.approx(np.log(3) / 2, abs=1e-2)
    assert found["order"] == pytest.approx(np.log(3) / 2, abs=1e-2)


def test_both_bad_is_a_tie_or_left_out_by_the_recipe():
    votes = simulated(votes=200)
    ties = [replace(v, outcome=Outcome.TIE) if v.outcome == "both_bad" else v for v in votes]
    without = [v for v in votes if v.outcome != "both_bad"]
    assert strengths(votes, Recipe()) == strengths(ties, Recipe())
    dropped = strengths(votes, Recipe(both_bad=BothBadRule.LEFT_OUT))
    assert dropped == strengths(without, Recipe())
    assert dropped != strengths(votes, Recipe())


def test_many_fits_at_once_are_the_same_as_one_by_one():
    cells = make_cells(simulated(), Recipe(side_bias=True))
    totals = np.random.default_rng(0).poisson(
        cells.counts.sum(axis=0), (7, *cells.counts.shape[1:])
    )
    together = fit(cells, totals.astype(float)).values
    for total, values in zip(totals, together, strict=True):
        np.testing.assert_allclose(
            fit(cells, total[None].astype(float)).values[0], values, atol=1e-7
        )


def test_the_slopes_of_all_people_sum_to_the_priors():
    cells = make_cells(simulated(), Recipe())
    values = fit(cells, cells.counts.sum(axis=0)[None]).values[0]
    total = scores(cells, values, cells.counts).sum(axis=0)
    np.testing.assert_allclose(total, cells.precision * values, atol=1e-6)


def test_other_libraries_agree_on_connected_votes():
    evalica = pytest.importorskip("evalica")
    votes = simulated(votes=600, policies=4)
    ours = flat_strengths(votes, TieRule.HALF)
    words = {Outcome.A: evalica.Winner.X, Outcome.B: evalica.Winner.Y}
    theirs = evalica.bradley_terry(
        [v.left for v in votes],
        [v.right for v in votes],
        [words.get(v.outcome, evalica.Winner.Draw) for v in votes],
        tolerance=1e-10,
        limit=10_000,
    ).scores.sort_index()
    logs = np.log(theirs.to_numpy())
    np.testing.assert_allclose(ours, logs - logs.mean(), atol=1e-3 / 174)


def test_without_votes_or_with_an_unknown_anchor_there_is_a_sentence():
    with pytest.raises(StudioError, match="no vote"):
        make_cells([], Recipe())
    with pytest.raises(StudioError, match="'zinc' has no votes"):
        make_cells(simulated(), Recipe(anchor="zinc"))
