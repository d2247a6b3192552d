"""A whole rating: anchor, ranks, sensitivity, power."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest

from core.ratings import power_command
from core.ratings.bias import points_per_logit
from core.ratings.cells import make_cells
from core.ratings.coverage import World, simulate
from core.ratings.fit import fit
from core.ratings.intervals import sandwich
from core.ratings.plain_result import as_plain
from core.ratings.power import people_spread, power_table
from core.ratings.rate import rate
from core.ratings.recipe import Recipe, ResampleBy
from core.ratings.sensitivity import leave_out
from core.study.votes import Outcome
from core.types import StudioError
from tests.core.ratings.samples import simulated, vote

UNIT = points_per_logit(Recipe())
SMALL = Recipe(resamples=200)


def ratings_of(found):
    return {one.policy: one.rating for one in found.standings}


def test_the_anchor_stands_where_it_is_put_and_shifts_all_alike():
    votes = simulated()
    free = ratings_of(rate(votes, SMALL))
    held = rate(votes, replace(SMALL, anchor="policy 1", centre=1500.0))
    shift = 1500.0 - free["policy 1"]
    assert ratings_of(held) == pytest.approx({name: r + shift for name, r in free.items()})
    anchor = next(one for one in held.standings if one.policy == "policy 1")
    assert anchor.interval.low == anchor.interval.high == anchor.rating
    assert [one.rank for one in held.standings] == [
        one.rank for one in rate(votes, SMALL).standings
    ]


def test_scale_and_base_are_units_only():
    votes = simulated()
    usual, other = rate(votes, SMALL), rate(votes, replace(SMALL, scale=1.0, base=np.e, centre=0.0))
    for one, two in zip(usual.standings, other.standings, strict=True):
        assert (one.rating - 1000) / UNIT == pytest.approx(two.rating, abs=1e-9)


def test_ranks_follow_from_intervals_that_do_not_overlap():
    found = rate(simulated(votes=3000, participants=30), SMALL)
    small = [rate(simulated(votes=60, seed=seed), replace(SMALL, resamples=50)) for seed in (1, 2)]
    for one, all_ in ((one, r.standings) for r in (found, *small) for one in r.standings):
        above = sum(other.from_mean[0] > one.from_mean[2] for other in all_)
        assert one.rank == 1 + above
    # a rating above an interval is not yet an interval above it
    assert any(
        other.rating > one.rating + one.from_mean[2] - one.from_mean[1] and other.rank == one.rank
        for r in small
        for one in r.standings
        for other in r.standings
    )
    assert [one.rank for one in found.standings] == [1, 2, 3]
    close = [vote("amber", "birch", o, f"p{n}") for n in range(12) for o in ("a", "b")]
    assert [one.rank for one in rate(close, SMALL).standings] == [1, 1]


def test_the_same_seed_gives_the_same_result_and_another_does_not():
    votes = simulated()
    one, two, other = (rate(votes, replace(SMALL, seed=s)) for s in (1, 1, 2))
    assert one.standings == two.standings
    assert one.standings != other.standings


def test_intervals_of_people_are_longer_than_those_of_votes_where_people_differ():
    found = rate(simulated(votes=1200, participants=12), SMALL)
    ends = found.standings[0]
    assert ends.interval.high - ends.interval.low > ends.by_votes.high - ends.by_votes.low
    single = rate(simulated(), replace(SMALL, resample_by=ResampleBy.VOTES))
    assert "votes_held_independent" in [caveat.kind for caveat in single.caveats]
    assert single.units == single.votes


def test_a_result_is_plain_json():
    votes = [vote("amber", "birch", "a")] * 3
    text = json.dumps(as_plain(rate(votes, SMALL)), allow_nan=False)
    plain = json.loads(text)
    assert plain["matrices"]["votes"] == [[0, 3], [3, 0]]
    assert plain["matrices"]["shares"][0] == [None, 1.0]
    assert plain["recipe"]["ties"] == "davidson"


def test_fewer_people_than_votes_carry_a_lead():
    votes = simulated(votes=300, participants=15, seed=5)
    recipe = Recipe()
    cells = make_cells(votes, recipe)
    found = leave_out(cells, fit(cells, cells.counts.sum(axis=0)[None]))
    assert found.participants is not None
    assert found.votes is not None
    assert 1 <= found.participants < 15
    assert found.participants <= found.votes < 300


def test_two_votes_decide_a_lead_of_one():
    votes = [vote("amber", "birch", "a", f"p{n}") for n in range(6)]
    votes += [vote("amber", "birch", "b", f"q{n}") for n in range(5)]
    cells = make_cells(votes, Recipe())
    found = leave_out(cells, fit(cells, cells.counts.sum(axis=0)[None]))
    assert (found.top, found.participants, found.participants_to) == ("amber", 2, "birch")
    assert (found.votes, found.votes_to) == (2, "birch")


def test_nobody_can_turn_a_lead_that_all_agree_on():
    votes = [vote("amber", "birch", "a", f"p{n}") for n in range(6)]
    cells = make_cells(votes, Recipe())
    found = leave_out(cells, fit(cells, cells.counts.sum(axis=0)[None]))
    assert found.participants is None
    assert found.votes is None


def test_the_power_tables_formula_is_what_simulated_studies_do():
    world = World(
        strengths=(0.0, 0.0, 0.0), spread=0.4, tie=-0.8, tie_spread=0.0, participants=20, votes=30
    )
    generator = np.random.default_rng(0)
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    gaps, spreads, ties = [], [], []
    for _ in range(300):
        cells = simulate(world, Recipe(), pairs, generator)
        found = fit(cells, cells.counts.sum(axis=0)[None])
        gaps.append(found.values[0, 0] - found.values[0, 1])
        robust = sandwich(cells, found.values[0], found.curvature[0])
        spreads.append(people_spread(cells, robust, found.curvature[0]))
        ties.append(cells.counts[..., 2].sum() / cells.counts.sum())
    # a person's difference of two strengths varies by sqrt(2) times the strength's own spread
    assert np.sqrt(np.mean(np.square(spreads))) == pytest.approx(0.4 * np.sqrt(2), rel=0.15)
    table = power_table(
        3, unit=1.0, ties=float(np.mean(ties)), spread=0.4 * np.sqrt(2), participants=(20,),
        votes_each=(30,), gaps=(0.0,),
    )  # fmt: skip
    half = table.rows[0].half_width
    assert half == pytest.approx(2.093 * np.std(gaps), rel=0.12)
    assert table.rows[0].power[0] == pytest.approx(0.05, abs=1e-6)


def test_more_people_more_power_and_more_votes_only_up_to_what_people_differ_by():
    table = power_table(3, unit=UNIT, spread=0.7, votes_each=(15, 100_000), gaps=(50.0,))
    few, many = table.rows[0], table.rows[1]
    assert many.half_width < few.half_width
    assert many.half_width == pytest.approx(2.262 * 0.7 / np.sqrt(10) * UNIT, rel=0.01)
    powers = [row.power[0] for row in table.rows[::2]]
    assert powers == sorted(powers)
    assert not power_table(2, unit=UNIT).measured


def test_the_power_command_prints_the_table_and_refuses_nonsense(capsys):
    parser = argparse.ArgumentParser()
    power_command.add_arguments(parser)
    words = ["--policies", "2", "--participants", "10", "40", "--votes", "20"]
    assert power_command.run_power(parser.parse_args(words)) == 0
    head, _, few, many = capsys.readouterr().out.splitlines()
    assert "finds 50 points [%]" in head
    assert few.split()[:2] == ["10", "20"]
    assert int(many.split()[2]) < int(few.split()[2])
    for odd in (["--policies", "1"], ["--participants", "1"], ["--ties", "1"], ["--spread", "nan"]):
        with pytest.raises(StudioError):
            power_command.run_power(parser.parse_args(odd))


def test_a_study_with_nothing_but_ties_has_no_lead():
    votes = [vote("amber", "birch", Outcome.TIE, f"p{n}") for n in range(10)]
    found = rate(votes, SMALL)
    assert [one.rank for one in found.standings] == [1, 1]
    assert found.differences[0].chance == 1.0
