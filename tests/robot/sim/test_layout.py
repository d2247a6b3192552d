from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import StudioError
from robot.sim.layout import (
    COLOURS,
    GREY,
    HELD_OUT_SEED,
    MAX_OBJECTS,
    MIN_OBJECTS,
    MIN_SPACING,
    SLOTS,
    TRAINING_SEEDS,
    WORKSPACE_X,
    WORKSPACE_Y,
    Layout,
    ObjectSpec,
    random_layout,
)
from robot.sim.layout_check import checked_layout
from robot.sim.scene import object_qpos, place_layout, rest_height

SHIPPED_SLOTS = ["cylinder_0", "cube_0", "cube_1", "cube_2"]
SHIPPED_PLACES = [(0.4405, 0.1181), (0.5042, -0.0003), (0.6054, -0.1026), (0.6074, 0.0451)]
seeds = st.integers(0, 2 * HELD_OUT_SEED)


@given(seeds)
def test_objects_keep_their_distance_and_can_be_told_apart(seed):
    layout = random_layout(seed)
    objects = layout.objects
    assert MIN_OBJECTS <= len(objects) <= MAX_OBJECTS
    assert len({item.colour for item in objects}) == len(objects)
    assert {item.shape for item in objects} == {"cube", "cylinder"}
    assert len({item.slot for item in objects}) == len(objects)
    assert all(item.slot in SLOTS and item.slot.startswith(item.shape) for item in objects)
    places = np.array([(item.x, item.y) for item in objects])
    for first in range(len(places)):
        for second in range(first):
            assert np.linalg.norm(places[first] - places[second]) >= MIN_SPACING
    assert (places >= [WORKSPACE_X[0], WORKSPACE_Y[0]]).all()
    assert (places <= [WORKSPACE_X[1], WORKSPACE_Y[1]]).all()


@given(seeds)
def test_a_layout_survives_the_wire(seed):
    layout = random_layout(seed)
    assert Layout.from_message(layout.to_message()) == layout
    assert checked_layout(layout.to_message()) == layout


def test_a_seed_always_gives_the_same_layout_and_others_differ():
    assert random_layout(7) == random_layout(7)
    assert random_layout(7) != random_layout(8)
    assert len(random_layout(3, count=4).objects) == 4


def test_held_out_layouts_are_none_of_training():
    assert HELD_OUT_SEED not in TRAINING_SEEDS
    assert max(TRAINING_SEEDS) < HELD_OUT_SEED


def test_an_object_is_found_by_its_name():
    layout = random_layout(1)
    item = layout.objects[-1]
    assert layout.named(item.name) is item
    with pytest.raises(KeyError, match="no object 'pink teapot'"):
        layout.named("pink teapot")


def test_no_colour_resembles_a_drawn_trace():
    for red, green, blue in COLOURS.values():
        assert not (green > 0.6 and blue > 0.6 and red < 0.4)


@pytest.mark.parametrize(
    ("field", "value"),
    [("colour", "cyan"), ("slot", "cube_9"), ("slot", "hand"), ("shape", "sphere"), ("x", "far")],
)
def test_unknown_things_are_refused(field, value):
    message = random_layout(0).to_message()
    message["objects"][0][field] = value
    with pytest.raises(ValueError, match=r".+"):
        Layout.from_message(message)
    with pytest.raises(StudioError, match="no table layout"):
        checked_layout(message)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda objects: objects[0].update(x=2.0), "off the table"),
        (lambda objects: objects[0].update(y=float("nan")), "not finite"),
        (lambda objects: objects[1].update(x=objects[0]["x"], y=objects[0]["y"]), "apart"),
        (lambda objects: objects[1].update(slot=objects[0]["slot"]), "same body"),
        (lambda objects: objects.clear(), "1 to 12 objects"),
        (lambda objects: objects[0].pop("yaw"), "no table layout"),
    ],
)
def test_layouts_that_do_not_fit_are_refused(change, reason):
    message = random_layout(0).to_message()
    change(message["objects"])
    with pytest.raises(StudioError, match=reason):
        checked_layout(message)


@pytest.mark.parametrize("message", [None, [], "table", {"objects": 3, "seed": 0}, {"seed": 0}])
def test_what_is_no_layout_is_refused(message):
    with pytest.raises(StudioError, match="no table layout"):
        checked_layout(message)


def test_every_slot_has_a_place_and_unused_ones_lie_out_of_reach():
    layout = random_layout(2)
    places = place_layout(layout)
    assert set(places) == set(SLOTS)
    used = {item.slot: item for item in layout.objects}
    for slot, qpos in places.items():
        assert np.linalg.norm(qpos[3:]) == pytest.approx(1.0)
        if slot in used:
            assert np.array_equal(qpos, object_qpos(used[slot]))
            assert qpos[2] == rest_height(used[slot].shape)
        else:
            assert qpos[0] > 5.0


def test_the_layouts_that_the_shipped_model_was_measured_on_stay_as_they_are():
    objects = random_layout(HELD_OUT_SEED).objects
    assert [item.slot for item in objects] == SHIPPED_SLOTS
    assert [(round(item.x, 4), round(item.y, 4)) for item in objects] == SHIPPED_PLACES


def test_grey_things_may_share_a_name_and_nobody_names_them():
    layout = random_layout(0)
    greys = tuple(
        ObjectSpec(slot=slot, colour=GREY, shape="brick", x=x, y=0.3)
        for slot, x in (("brick_0", 0.5), ("brick_1", 0.6))
    )
    layout = dataclasses.replace(layout, objects=(*layout.objects, *greys))
    assert checked_layout(layout.to_message()) == layout
    assert not any(item.is_named for item in greys)
    assert all(item.is_named for item in layout.objects[:2])


def test_nothing_stands_on_a_plate_from_the_start():
    plate = ObjectSpec(slot="plate_0", colour="red", shape="plate", x=0.5, y=0.0)
    near = ObjectSpec(slot="cube_0", colour="blue", shape="cube", x=0.58, y=0.0)
    with pytest.raises(StudioError, match=r"blue cube are 0\.080 m apart; at least 0\.085"):
        checked_layout(Layout(objects=(plate, near)).to_message())
