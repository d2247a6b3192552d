"""Intervals: wide enough for few people, equal to known ones where those are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.ratings.cells import make_cells
from core.ratings.coverage import World, measure, truth
from core.ratings.fit import fit
from core.ratings.intervals import bounds, holm, reach, sandwich, wilson
from core.ratings.recipe import IntervalRule, Recipe, ResampleBy, TieRule
from core.ratings.resample import resample
from tests.core.ratings.samples import simulated, vote


def test_few_units_reach_further_and_many_as_far_as_the_normal():
    assert reach(10, 0.95) == pytest.approx(2.2622 * np.sqrt(10 / 9), abs=1e-3)
    assert reach(100_000, 0.95) == pytest.approx(1.96, abs=1e-3)
    assert reach(1, 0.95) == np.inf


def test_the_expanded_interval_of_a_mean_is_students():
    generator = np.random.default_rng(0)
    data = generator.normal(size=12)
    drawn = generator.choice(data, (200_000, 12)).mean(axis=1)[:, None]
    own = bounds(drawn, data.mean(keepdims=True), 12, 0.95, IntervalRule.EXPANDED)
    plain = bounds(drawn, data.mean(keepdims=True), 12, 0.95, IntervalRule.PERCENTILE)
    student = stats.t.interval(0.95, 11, data.mean(), stats.sem(data))
    assert own[1] - own[0] == pytest.approx(student[1] - student[0], rel=0.05)
    assert plain[1] - plain[0] < 0.9 * (student[1] - student[0])


def test_where_no_resample_is_far_enough_the_spread_is_used():
    drawn = np.random.default_rng(0).normal(size=(500, 1))
    low, high = bounds(drawn, np.zeros(1), 3, 0.95, IntervalRule.EXPANDED)
    assert high[0] == pytest.approx(reach(3, 0.95) * drawn.std(), rel=1e-6)
    assert low[0] == -high[0]


@pytest.mark.parametrize("by", list(ResampleBy))
def test_resamples_spread_as_the_sandwich_says(by):
    votes = simulated(votes=1200, participants=40)
    cells = make_cells(votes, Recipe())
    found = fit(cells, cells.counts.sum(axis=0)[None])
    drawn = resample(cells, found.values[0], by, 1500, np.random.default_rng(1))
    assert drawn.settled.all()
    spread = drawn.values[:, 0] - drawn.values[:, 2]
    contrast = np.eye(len(cells.names))[0] - np.eye(len(cells.names))[2]
    robust = sandwich(cells, found.values[0], found.curvature[0])
    alone = np.linalg.inv(found.curvature[0])
    wanted, other = (robust, alone) if by is ResampleBy.PARTICIPANTS else (alone, robust)
    assert spread.std() == pytest.approx(np.sqrt(contrast @ wanted @ contrast), rel=0.12)
    assert spread.std() != pytest.approx(np.sqrt(contrast @ other @ contrast), rel=0.12)


def test_resamples_are_the_seeds_and_keep_the_number_of_votes():
    cells = make_cells(simulated(), Recipe())
    start = np.zeros(len(cells.names))
    one, two, other = (
        resample(cells, start, ResampleBy.PARTICIPANTS, 20, np.random.default_rng(seed)).values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_the_sandwich_of_two_policies_is_the_one_worked_out_by_hand():
    wins = [(7, 3), (4, 6), (9, 1), (5, 5)]
    votes = [
        vote("amber", "birch", outcome, f"p{person}")
        for person, pair in enumerate(wins)
        for outcome, times in zip("ab", pair, strict=True)
        for _ in range(times)
    ]
    cells = make_cells(votes, Recipe(ties=TieRule.HALF, prior_sd=1e3))
    found = fit(cells, cells.counts.sum(axis=0)[None])
    covariance = sandwich(cells, found.values[0], found.curvature[0])
    share = 25 / 40
    surplus = sum((a - (a + b) * share) ** 2 for a, b in wins)
    wanted = 4 / 3 * surplus / (40 * share * (1 - share)) ** 2
    ours = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert ours == pytest.approx(wanted, rel=1e-3)


def test_one_participant_has_no_sandwich():
    votes = [vote("amber", "birch", "a"), vote("birch", "amber", "a")]
    cells = make_cells(votes, Recipe())
    found = fit(cells, cells.counts.sum(axis=0)[None])
    assert not sandwich(cells, found.values[0], found.curvature[0]).any()


def test_intervals_of_simulated_studies_hold_the_truth_and_single_votes_do_not():
    world = World(strengths=(0.6, 0.0, -0.5), spread=1.0, participants=12)
    found = measure(world, Recipe(resamples=300), 60, np.random.default_rng(3))
    assert 0.89 <= found.expanded <= 0.99
    assert found.percentile <= found.expanded
    assert found.by_votes < 0.75


def test_the_truth_of_equal_people_is_their_strengths_and_difference_draws_it_in():
    same = truth(World(strengths=(0.6, 0.0, -0.6), spread=0.0, tie_spread=0.0))
    np.testing.assert_allclose(same, [0.6, 0.0, -0.6], atol=1e-6)
    drawn_in = truth(World(strengths=(0.6, 0.0, -0.6), spread=1.0))
    assert 0.3 < drawn_in[0] < 0.55


def test_wilson_is_the_published_one():
    assert wilson(7, 15) == pytest.approx((0.2481, 0.6988), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_values_keep_the_order_and_never_fall(chances):
    given_, adjusted = np.array(chances), holm(np.array(chances))
    assert (adjusted >= given_).all()
    assert (adjusted <= 1).all()
    order = np.argsort(given_, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()
    assert adjusted[order[0]] == pytest.approx(min(1, len(chances) * given_.min()))


def test_holm_of_a_worked_example():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
