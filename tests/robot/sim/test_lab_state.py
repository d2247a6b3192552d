from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.types import StudioError
from robot.sim.layout import SLOTS, Layout, random_layout
from robot.sim.layout_check import checked_layout
from robot.sim.memory import LabMemory
from robot.sim.state import QPOS, LabState, slot_colours
from robot.sim.task_layout import task_layout


def _state(layout: Layout) -> LabState:
    return LabState(
        t_ns=1_234_567_890_123_456,
        sim_time=12.5,
        rate_hz=999.0,
        seed=layout.seed,
        colours=slot_colours(layout),
        qpos=np.arange(QPOS, dtype=float),
    )


def test_a_state_survives_the_shared_memory():
    layout = random_layout(8)
    memory = LabMemory.create()
    assert memory.state() is None
    memory.publish(_state(layout))
    state = memory.state()
    memory.close()
    assert (state.t_ns, state.sim_time, state.seed) == (1_234_567_890_123_456, 12.5, 8)
    assert state.colours == slot_colours(layout)
    np.testing.assert_array_equal(state.qpos, np.arange(QPOS))
    assert state.pose(SLOTS[1]).tolist() == list(range(16, 23))


def test_unused_slots_have_no_colour():
    layout = random_layout(8)
    used = {item.slot: item.colour for item in layout.objects}
    assert dict(zip(SLOTS, slot_colours(layout), strict=True)) == {
        slot: used.get(slot, "") for slot in SLOTS
    }


@pytest.mark.parametrize("seed", range(20))
def test_random_layouts_pass_the_check(seed):
    for layout in (random_layout(seed), task_layout(seed), task_layout(seed, distractors=4)):
        assert checked_layout(layout.to_message()) == layout


def test_plates_and_grey_things_keep_their_colours_in_the_shared_memory():
    layout = task_layout(3, distractors=2)
    state = LabState.from_vector(_state(layout).to_vector())
    colours = dict(zip(SLOTS, state.colours, strict=True))
    assert {item.slot: item.colour for item in layout.objects}.items() <= colours.items()
    assert list(colours.values()).count("grey") == 2
    assert colours["plate_0"]


def _changed(**fields) -> dict:
    layout = random_layout(8)
    first = dataclasses.replace(layout.objects[0], **fields)
    return dataclasses.replace(layout, objects=(first, *layout.objects[1:])).to_message()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (_changed(x=float("nan")), "not finite"),
        (_changed(x=2.0), "off the table"),
        (_changed(y=-0.6), "off the table"),
        (_changed(x=random_layout(8).objects[1].x, y=random_layout(8).objects[1].y), "apart"),
        (_changed(slot=random_layout(8).objects[1].slot), "same body"),
        (_changed(slot="cylinder_3", shape="cube"), "no body of shape"),
        (_changed(colour="cyan"), "no table layout"),
        ({"objects": [], "seed": 1}, "1 to 12 objects"),
        ({"objects": 5}, "no table layout"),
        ("nonsense", "no table layout"),
        (None, "no table layout"),
    ],
)
def test_layouts_that_do_not_fit_are_refused_with_a_sentence(message, sentence):
    with pytest.raises(StudioError, match=sentence):
        checked_layout(message)
