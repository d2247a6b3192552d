from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.sim.layout import (
    COLOURS,
    GREY,
    HELD_OUT_SEED,
    MIN_SPACING,
    PLATE,
    PLATE_SPACING,
    SHAPES,
    SLOTS,
)
from robot.sim.task_layout import (
    BESIDE_DISTANCE,
    HELD_OUT_COMBINATIONS,
    MIDDLE_X,
    SPOT_CLEARANCE,
    TASK_X,
    TASK_Y,
    beside_spot,
    holds_held_out,
    task_layout,
)

seeds = st.integers(0, 2 * HELD_OUT_SEED)


@given(seeds, st.booleans(), st.integers(0, 4))
def test_things_keep_their_distance_and_can_be_told_apart(seed, held_out, distractors):
    layout = task_layout(seed, held_out_combinations=held_out, distractors=distractors)
    named = [item for item in layout.objects if item.is_named]
    assert len(layout.objects) - len(named) == distractors
    assert len({item.colour for item in named}) == len(named)
    assert len({item.slot for item in layout.objects}) == len(layout.objects)
    assert all(item.slot in SLOTS and item.slot.startswith(item.shape) for item in layout.objects)
    assert 2 <= sum(item.graspable for item in named) <= 3
    assert 1 <= sum(item.shape == PLATE for item in named) <= 2
    assert sum(item.shape == "brick" for item in named) <= 1
    for index, item in enumerate(named):
        assert TASK_X[0] <= item.x <= TASK_X[1]
        assert TASK_Y[0] <= item.y <= TASK_Y[1]
        for other in named[:index]:
            least = PLATE_SPACING if PLATE in (item.shape, other.shape) else MIN_SPACING
            assert np.hypot(item.x - other.x, item.y - other.y) >= least


@given(seeds, st.integers(0, 4))
def test_there_is_room_beside_every_thing(seed, distractors):
    layout = task_layout(seed, distractors=distractors)
    for item in layout.objects:
        if not (item.graspable and item.is_named):
            continue
        spot = beside_spot(np.array([item.x, item.y]))
        for other in layout.objects:
            if other is not item:
                assert np.hypot(*(spot - (other.x, other.y))) >= SPOT_CLEARANCE - 1e-9


@given(seeds)
def test_held_out_combinations_are_shown_only_when_asked_for(seed):
    assert not holds_held_out(task_layout(seed))
    assert holds_held_out(task_layout(seed, held_out_combinations=True))


def test_held_out_colours_and_shapes_are_known_apart():
    assert len(HELD_OUT_COMBINATIONS) == 3
    for colour, shape in HELD_OUT_COMBINATIONS:
        assert colour in COLOURS
        assert shape in SHAPES
    tables = [task_layout(seed) for seed in range(60)]
    pairs = {(item.colour, item.shape) for table in tables for item in table.objects}
    assert {colour for colour, _ in pairs} == set(COLOURS)
    assert {shape for _, shape in pairs} == set(SHAPES)
    assert len(pairs) == len(COLOURS) * len(SHAPES) - 3


def test_a_seed_always_gives_the_same_table():
    assert task_layout(5) == task_layout(5)
    assert task_layout(5) != task_layout(6)
    assert task_layout(5).objects == task_layout(5, distractors=2).objects[:-2]
    assert all(item.colour == GREY for item in task_layout(5, distractors=2).objects[-2:])


def test_too_many_distractors_are_refused():
    with pytest.raises(ValueError, match="expected 0 to 4"):
        task_layout(0, distractors=5)


@given(st.floats(0.3, 0.8), st.floats(-0.3, 0.3))
def test_the_spot_beside_a_thing_lies_towards_the_middle(x, y):
    spot = beside_spot(np.array([x, y, 0.04]))
    assert spot.shape == (2,)
    assert spot[1] == y
    assert abs(spot[0] - x) == pytest.approx(BESIDE_DISTANCE)
    assert (spot[0] > x) == (x <= MIDDLE_X)
    many = beside_spot(np.array([[x, y], [0.6, 0.0]]))
    assert np.array_equal(many[0], spot)
