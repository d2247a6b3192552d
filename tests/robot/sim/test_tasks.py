from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.sim.layout import GREY, HELD_OUT_SEED, Layout, ObjectSpec
from robot.sim.scene import object_qpos, rest_height
from robot.sim.task_layout import beside_spot, task_layout
from robot.sim.tasks import (
    Milestones,
    Task,
    TaskKind,
    destination,
    draw_task,
    is_done,
    milestones,
    possible_tasks,
    task_score,
)

CUBE = ObjectSpec(slot="cube_0", colour="red", shape="cube", x=0.50, y=-0.12)
CAN = ObjectSpec(slot="cylinder_0", colour="green", shape="cylinder", x=0.45, y=0.02)
PLATE = ObjectSpec(slot="plate_0", colour="blue", shape="plate", x=0.60, y=0.10)
TABLE = Layout(objects=(CUBE, CAN, PLATE))
PICK = Task(kind=TaskKind.PICK, target="red cube")
PLACE = Task(kind=TaskKind.PLACE, target="red cube", reference="blue plate")
BESIDE = Task(kind=TaskKind.BESIDE, target="red cube", reference="green cylinder")
FAR = np.array([0.5, 0.0, 0.25])
OPEN, HELD = 0.08, 0.042


def places(layout: Layout = TABLE, **moved: tuple[float, float, float]) -> dict[str, np.ndarray]:
    found = {item.slot: object_qpos(item)[:3] for item in layout.objects}
    return found | {slot: np.array(place) for slot, place in moved.items()}


def test_a_task_is_said_with_names_and_without():
    assert PICK.instruction == "pick up the red cube"
    assert PLACE.instruction == "put the red cube on the blue plate"
    assert BESIDE.instruction == "put the red cube next to the green cylinder"
    assert PICK.ambiguous == "pick up the object"
    assert PLACE.ambiguous == "put the object on the plate"
    assert BESIDE.ambiguous == "put the object next to another one"


def test_every_sensible_task_is_listed_once():
    tasks = possible_tasks(TABLE)
    assert len(set(tasks)) == len(tasks) == 2 + 2 + 2
    assert {PICK, PLACE, BESIDE} <= set(tasks)
    assert all(task.target != "blue plate" for task in tasks)
    assert possible_tasks(TABLE, TaskKind.PLACE) == [t for t in tasks if t.kind == "place"]


def test_nobody_is_asked_for_grey_things_or_for_a_full_spot():
    grey = ObjectSpec(slot="cube_1", colour=GREY, shape="cube", x=0.60, y=0.12)
    crowded = Layout(objects=(*TABLE.objects, grey))
    tasks = possible_tasks(crowded)
    assert not any("grey" in task.instruction for task in tasks)
    assert possible_tasks(crowded, TaskKind.PLACE) == []
    with pytest.raises(ValueError, match="no task of kind 'place'"):
        draw_task(np.random.default_rng(0), crowded, TaskKind.PLACE)


def test_a_brick_is_not_put_next_to_a_brick():
    bricks = tuple(
        dataclasses.replace(item, slot=f"brick_{index}", shape="brick")
        for index, item in enumerate((CUBE, CAN))
    )
    assert possible_tasks(Layout(objects=bricks), TaskKind.BESIDE) == []


@given(st.integers(0, 2 * HELD_OUT_SEED), st.sampled_from(list(TaskKind)))
def test_every_table_has_tasks_of_every_kind_and_none_is_done_yet(seed, kind):
    layout = task_layout(seed)
    rng = np.random.default_rng(seed)
    task = draw_task(rng, layout, kind)
    assert task.kind is kind
    assert task in possible_tasks(layout, kind)
    found = places(layout)
    for one in possible_tasks(layout):
        assert not is_done(one, layout, found, FAR, OPEN)
        goal = destination(one, layout, found)
        assert (goal is None) == (one.kind is TaskKind.PICK)


def test_the_destination_is_where_the_target_comes_to_rest():
    assert destination(PICK, TABLE, places()) is None
    on_plate = destination(PLACE, TABLE, places())
    assert np.allclose(on_plate, [0.60, 0.10, rest_height("cube", "plate")])
    beside = destination(BESIDE, TABLE, places())
    assert np.allclose(beside, [*beside_spot(np.array([0.45, 0.02])), rest_height("cube")])
    moved = destination(PLACE, TABLE, places(plate_0=(0.5, 0.05, 0.025)))
    assert np.allclose(moved[:2], [0.5, 0.05])


def test_a_thing_is_picked_up_when_it_is_lifted():
    low, high = (rest_height("cube") + by for by in (0.059, 0.061))
    assert not is_done(PICK, TABLE, places(cube_0=(0.5, -0.12, low)), FAR, HELD)
    assert is_done(PICK, TABLE, places(cube_0=(0.5, -0.12, high)), FAR, HELD)


ON_PLATE = (0.61, 0.11, rest_height("cube", "plate"))
NEXT_TO = (0.52, 0.02, rest_height("cube"))


@pytest.mark.parametrize(("task", "there"), [(PLACE, ON_PLATE), (BESIDE, NEXT_TO)])
def test_a_thing_is_put_down_when_it_stands_there_and_the_hand_has_left(task, there):
    where = np.array(there)
    above = np.add(where, [0.0, 0.0, 0.05])
    assert is_done(task, TABLE, places(cube_0=there), above, OPEN)
    assert not is_done(task, TABLE, places(cube_0=there), np.add(where, [0, 0, 0.03]), OPEN)
    assert not is_done(task, TABLE, places(cube_0=there), above, HELD)
    high = tuple(np.add(where, [0.0, 0.0, 0.02]))
    assert not is_done(task, TABLE, places(cube_0=high), above, OPEN)
    aside = tuple(np.add(where, [0.0, 0.11, 0.0]))
    assert not is_done(task, TABLE, places(cube_0=aside), FAR, OPEN)


def test_too_near_is_not_next_to():
    near = (0.49, 0.02, rest_height("cube"))
    assert not is_done(BESIDE, TABLE, places(cube_0=near), FAR, OPEN)


def test_a_thing_under_the_plates_height_is_not_on_it():
    beside_plate = (0.61, 0.11, rest_height("cube"))
    assert is_done(PLACE, TABLE, places(cube_0=ON_PLATE), FAR, OPEN)
    assert not is_done(PLACE, TABLE, places(cube_0=(*beside_plate[:2], 0.02)), FAR, OPEN)


def test_milestones_are_reached_one_after_another():
    cube = np.array(places()["cube_0"])
    start = milestones(PLACE, TABLE, places(), FAR, OPEN)
    near = milestones(PLACE, TABLE, places(), np.add(cube, [0.01, 0.0, 0.08]), OPEN)
    up = tuple(np.add(cube, [0.0, 0.0, 0.05]))
    grasped = milestones(PLACE, TABLE, places(cube_0=up), np.array(up), HELD)
    over = (0.60, 0.12, 0.12)
    carried = milestones(PLACE, TABLE, places(cube_0=over), np.array(over), HELD)
    done = milestones(PLACE, TABLE, places(cube_0=ON_PLATE), FAR, OPEN)
    reached = Milestones()
    scores = []
    for moment in (start, near, grasped, carried, done):
        reached = reached | moment
        scores.append(task_score(PLACE, reached))
    assert scores == [0.0, 0.5, 0.7, 0.85, 1.0]
    assert not carried.done
    assert not done.grasped


def test_picking_up_is_scored_as_in_the_paper():
    assert task_score(PICK, Milestones()) == 0.0
    assert task_score(PICK, Milestones(moved_towards=True)) == 0.5
    assert task_score(PICK, Milestones(moved_towards=True, grasped=True)) == 0.85
    assert task_score(PICK, Milestones(done=True)) == 1.0
