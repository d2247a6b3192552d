from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.sim.harness.paper import TABLE_23
from robot.sim.harness.statistics import mean, paired, share

flags = st.lists(st.booleans(), min_size=1, max_size=60)


def test_table_23_is_what_the_paper_says():
    trace, spoken, pi0 = TABLE_23
    assert {len(column.scores) for column in TABLE_23} == {15}
    assert trace.progress.value == pytest.approx(0.747, abs=5e-4)
    assert spoken.progress.value == pytest.approx(0.413, abs=5e-4)
    assert pi0.progress.value == pytest.approx(0.133, abs=5e-4)
    assert [column.lifted.done for column in TABLE_23] == [7, 2, 0]


def test_a_share_has_wilsons_interval():
    found = share([True] * 7 + [False] * 8)
    assert (found.done, found.trials) == (7, 15)
    assert (found.low, found.high) == pytest.approx((0.2481, 0.6988), abs=1e-3)


def test_a_mean_has_its_standard_error():
    found = mean([0.0, 0.5, 1.0])
    assert (found.value, found.error) == pytest.approx((0.5, 0.5 / math.sqrt(3)))
    assert math.isnan(mean([0.3]).error)
    assert math.isnan(mean([]).value)


def test_intervals_that_touch_are_not_apart():
    low, high = share([False] * 20), share([True] * 20)
    assert high.beats(low)
    assert not low.beats(high)
    assert not share([True] * 12 + [False] * 8).beats(share([True] * 8 + [False] * 12))


def test_pairs_are_compared_where_both_were_tried():
    first = {1: True, 2: True, 3: False, 4: True}
    second = {1: False, 2: True, 3: True, 9: False}
    found = paired(first, second)
    assert (found.pairs, found.better, found.worse) == (3, 1, 1)
    assert found.value == 0.0
    assert found.chance == 1.0
    many = paired(dict.fromkeys(range(12), True), dict.fromkeys(range(12), False))
    assert many.chance == pytest.approx(2 * 0.5**12)
    assert (many.value, many.error) == (1.0, 0.0)


@given(flags, flags)
def test_a_difference_turns_its_sign(one, other):
    first, second = dict(enumerate(one)), dict(enumerate(other))
    there, back = paired(first, second), paired(second, first)
    assert there.value == pytest.approx(-back.value)
    assert (there.better, there.worse) == (back.worse, back.better)
    assert 0.0 <= there.chance <= 1.0


@given(flags)
def test_a_share_lies_in_its_interval(values):
    found = share(values)
    assert 0.0 <= found.low <= found.rate <= found.high <= 1.0
