"""Counts, caveats, agreement, bias, online Elo: what stands beside a rating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from core.ratings.agreement import measure_agreement
from core.ratings.bench import hard_cases, is_finite
from core.ratings.bias import measure_bias, order_is_side
from core.ratings.caveats import CaveatKind, graph_caveats
from core.ratings.elo import online_elo
from core.ratings.matrices import make_matrices
from core.ratings.plain import exclusions, measure_progress, scene_shares, votes_hash
from core.ratings.rate import rate
from core.ratings.recipe import BothBadRule, Recipe
from core.ratings.result import Exclusion
from core.study.votes import Outcome, Shown, VoteKind
from tests.core.ratings.samples import NAMES, simulated, swapped, vote, votes_strategy


def kinds(votes, names=NAMES):
    return {
        (caveat.kind, name)
        for caveat in graph_caveats(make_matrices(votes, names))
        for name in caveat.policies
    }


@given(votes_strategy())
def test_every_vote_is_counted_once_and_sides_are_of_no_matter(votes):
    found = make_matrices(votes, NAMES)
    assert found.votes.sum() == 2 * len(votes)
    other = make_matrices([swapped(v) for v in votes], NAMES)
    np.testing.assert_array_equal(found.wins, other.wins)
    met = found.votes > 0
    np.testing.assert_allclose((found.shares + found.shares.T)[met], 1.0)
    assert np.isnan(found.shares[~met]).all()


def test_repeats_and_checks_are_not_counted():
    votes = [replace(vote("amber", "birch", "a"), kind=kind) for kind in VoteKind]
    assert make_matrices(votes, NAMES).wins[0, 1] == 2
    assert len(online_elo(votes, Recipe())) == 2


def test_caveats_name_who_is_concerned():
    circle = [vote("amber", "birch", "a"), vote("birch", "cedar", "a"), vote("cedar", "amber", "a")]
    assert kinds(circle) == set()
    chain = circle[:2]
    assert kinds(chain) == {(CaveatKind.UNDEFEATED, "amber"), (CaveatKind.WINLESS, "cedar")}
    assert kinds([*chain, vote("cedar", "birch", "tie")]) == {(CaveatKind.UNDEFEATED, "amber")}
    assert (CaveatKind.UNMET, "cedar") in kinds(circle[:1])
    halves = [vote("a", "b", "a"), vote("a", "b", "b"), vote("c", "d", "a"), vote("c", "d", "b")]
    assert {kind for kind, _ in kinds(halves, tuple("abcd"))} == {CaveatKind.DISCONNECTED}
    joined = [*halves, vote("a", "c", "a")]
    assert {kind for kind, _ in kinds(joined, tuple("abcd"))} == {CaveatKind.SEPARATED}
    assert {kind for kind, _ in kinds([vote("amber", "birch", "tie")], NAMES[:2])} == {
        CaveatKind.ALL_TIES
    }


@pytest.mark.parametrize("name", hard_cases())
def test_votes_that_break_a_fit_are_rated_and_flagged(name):
    votes, wanted = hard_cases()[name]
    found = rate(votes, Recipe(resamples=100))
    assert wanted in [caveat.kind for caveat in found.caveats]
    assert is_finite(found)
    for one in found.standings:
        assert one.interval.low <= one.rating <= one.interval.high
        if one.doubtful:
            assert one.interval.high - one.interval.low > 50


@settings(max_examples=30)
@given(votes_strategy())
def test_any_votes_get_finite_ratings_inside_their_intervals(votes):
    found = rate(votes, Recipe(resamples=20))
    assert is_finite(found)
    assert sum(one.from_mean[1] for one in found.standings) == pytest.approx(0.0, abs=1e-6)
    ratings = [one.rating for one in found.standings]
    assert ratings == sorted(ratings, reverse=True)
    assert found.standings[0].rank == 1
    assert {one.policy for one in found.standings} == {v.left for v in votes} | {
        v.right for v in votes
    }


def test_people_who_vote_alike_do_not_make_a_sure_result():
    alike = [vote("amber", "birch", o, f"p{n}") for n in range(12) for o in ("a", "a", "b")]
    found = rate(alike, Recipe(resamples=50))
    assert [caveat.kind for caveat in found.caveats] == [CaveatKind.ALL_ALIKE]
    assert found.standings[0].interval.high - found.standings[0].interval.low > 50
    differ = [*alike, vote("amber", "birch", "b")]
    assert not rate(differ, Recipe(resamples=50)).caveats


def test_a_policy_known_by_left_out_votes_only_is_rated_and_flagged():
    votes = [vote("amber", "birch", o, f"p{n}") for n in range(9) for o in ("a", "b", "tie")]
    votes += [vote("cedar", "birch", Outcome.BOTH_BAD, f"p{n}") for n in range(9)]
    found = rate(votes, Recipe(both_bad=BothBadRule.LEFT_OUT, resamples=50))
    assert {one.policy for one in found.standings} == set(NAMES)
    unmet = [c.policies for c in found.caveats if c.kind is CaveatKind.UNMET]
    assert unmet == [("cedar",)]
    assert found.standings[0].interval.low < found.standings[0].rating
    assert CaveatKind.UNMET not in [c.kind for c in rate(votes, Recipe(resamples=50)).caveats]


def test_agreement_of_a_worked_example():
    same = [vote("amber", "birch", "a", who, item="1") for who in ("p", "q")]
    turned = [
        vote("amber", "birch", "a", "p", item="2"),
        vote("birch", "amber", "b", "q", item="2"),
    ]
    differ = [
        vote("amber", "birch", "a", "p", item="3"),
        vote("amber", "birch", "b", "q", item="3"),
    ]
    found = measure_agreement([*same, *turned, *differ])
    assert (found.items, found.raters) == (3, 2)
    assert found.agreed == pytest.approx(2 / 3)
    # observed disagreement 1/3; expected 10 / 30 for five answers of one kind and one of another
    assert found.alpha == pytest.approx(1 - (2 / 6) / (2 * 5 * 1 / (6 * 5)))
    assert measure_agreement(same).alpha is None
    assert measure_agreement(same[:1]).items == 0


def test_agreement_with_oneself_looks_at_policies_not_sides():
    first = vote("amber", "birch", "a", item="1")
    again = replace(swapped(first), kind=VoteKind.REPEAT)
    assert measure_agreement([first, again]).repeated == 1.0
    turned = replace(again, outcome=Outcome.A)
    found = measure_agreement([first, turned])
    assert (found.repeats, found.repeated, found.reversed) == (1, 0.0, 1.0)
    tie = replace(again, outcome=Outcome.TIE)
    assert measure_agreement([first, tie]).reversed == 0.0
    assert measure_agreement([replace(again, participant="q"), first]).repeats == 0


def test_bias_is_found_where_it_was_put_and_only_there():
    generator = np.random.default_rng(0)
    votes = [
        replace(v, outcome=Outcome.A if v.first is Shown.LEFT else Outcome.B)
        if generator.random() < 0.3
        else v
        for v in simulated(votes=900, participants=30)
    ]
    side, order = measure_bias(votes, Recipe())
    assert order.chance is not None
    assert order.chance < 0.001
    assert order.low > 0
    assert order.wins > 0.55 * order.decided
    assert side.chance is not None
    assert side.chance > 0.01
    assert len(measure_bias([replace(v, first=None) for v in votes], Recipe())) == 1
    assert not order_is_side(votes)
    assert order_is_side([replace(v, first=Shown.LEFT) for v in votes])


def test_online_elo_is_evalicas_and_depends_on_order():
    evalica = pytest.importorskip("evalica")
    votes = simulated(votes=200)
    words = {Outcome.A: evalica.Winner.X, Outcome.B: evalica.Winner.Y}
    theirs = evalica.elo(
        [v.left for v in votes],
        [v.right for v in votes],
        [words.get(v.outcome, evalica.Winner.Draw) for v in votes],
        k=32.0,
    ).scores
    recipe = Recipe(elo_k=32.0)
    ours = online_elo(votes, recipe)
    assert ours[-1] == pytest.approx(theirs.to_dict(), abs=1e-6)
    assert online_elo(votes[::-1], recipe)[-1] == pytest.approx(ours[-1])  # time orders, not place
    later = [replace(v, at=-v.at) for v in votes]
    assert online_elo(later, recipe)[-1] != pytest.approx(ours[-1])


def test_progress_is_per_rollout_and_success_by_the_declared_threshold():
    votes = [
        vote("amber", "birch", "a", who, item="1", progress_left=p, progress_right=50.0)
        for who, p in (("p", 100.0), ("q", 90.0))
    ]
    votes.append(vote("birch", "amber", "b", item="2", progress_left=10.0, progress_right=100.0))
    amber, birch = measure_progress(votes, ("amber", "birch"), Recipe(success=96.0))
    assert (amber.rollouts, amber.successes, amber.mean) == (2, 1, pytest.approx(97.5))
    assert (birch.rollouts, birch.successes, birch.mean) == (2, 0, 30.0)
    assert measure_progress([vote("amber", "birch", "a")], NAMES, Recipe()) == ()


def test_scenes_are_told_from_each_other():
    votes = [vote("amber", "birch", "a", scene="x"), vote("amber", "birch", "b", scene="y")]
    shares = {(one.scene, one.policy): one.share for one in scene_shares(votes, NAMES, {})}
    assert shares == {("x", "amber"): 1, ("x", "birch"): 0, ("y", "amber"): 0, ("y", "birch"): 1}
    assert scene_shares(votes[:1], NAMES, {}) == ()


def test_a_scenes_rating_leans_the_way_of_its_votes():
    votes = []
    for scene, won in (("x", 18), ("y", 12)):
        votes += [vote("amber", "birch", "a", scene=scene)] * won
        votes += [vote("amber", "birch", "b", scene=scene)] * (20 - won)
    found = rate(votes, Recipe(scenes=True, resamples=50))
    ratings = {one.scene: one.rating for one in found.scenes if one.policy == "amber"}
    overall = next(one.rating for one in found.standings if one.policy == "amber")
    assert ratings["x"] > overall > ratings["y"]


def test_the_hash_is_of_the_votes_and_not_of_their_order():
    votes = simulated(votes=20)
    assert votes_hash(votes) == votes_hash(votes[::-1])
    assert votes_hash(votes) != votes_hash(votes[1:])
    assert votes_hash(votes) != votes_hash([replace(votes[0], at=0.5), *votes[1:]])


def test_exclusions_tell_what_the_recipe_left_out():
    votes = [vote("amber", "birch", o) for o in Outcome]
    votes += [replace(votes[0], kind=kind) for kind in (VoteKind.REPEAT, VoteKind.ATTENTION)]
    before = (Exclusion(reason="too fast", votes=3),)
    found = exclusions(votes, Recipe(both_bad=BothBadRule.LEFT_OUT), before)
    assert [one.votes for one in found] == [3, 1, 1, 1]
    assert len(exclusions(votes, Recipe(), ())) == 2
