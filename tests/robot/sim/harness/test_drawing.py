from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.sim.harness.cases import Case, Condition, Wrong
from robot.sim.harness.drawing import (
    FREE,
    drawn,
    goal_line,
    gripper_point,
    in_front,
    table_point,
    wrong_line,
)
from robot.sim.harness.layouts import case_layout, case_tasks, tables
from robot.sim.harness.safety import PUSHED_BY, Watch, lean
from robot.sim.layout_check import TABLE_X, TABLE_Y
from robot.sim.scene import HOME_POSITION, TABLE_TOP, camera_models, object_qpos
from robot.sim.sketch import Hand
from robot.sim.tasks import TaskKind, destination

FRONT = camera_models()["front"]
HOME = np.array(HOME_POSITION)
GRIPPER = in_front(HOME, FRONT)


def a_table(kind=TaskKind.PLACE, index=0):
    case = Case(kind=kind, seed=0, condition=Condition.TRACE)
    case = replace(case, seed=tables(case, 4, index + 1)[index])
    layout = case_layout(case)
    poses = {item.slot: object_qpos(item) for item in layout.objects}
    return layout, case_tasks(case, layout)[0], poses


def places_of(poses):
    return {slot: pose[:3] for slot, pose in poses.items()}


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("hand", list(Hand))
def test_a_line_leads_by_the_thing_to_the_goal(kind, hand):
    layout, task, poses = a_table(kind)
    places = places_of(poses)
    stops = [in_front(places[layout.named(task.target).slot], FRONT)]
    goal = destination(task, layout, places)
    if goal is not None:
        stops.append(in_front(goal, FRONT))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        line = goal_line(rng, task, layout, places, gripper=GRIPPER, front=FRONT, hand=hand)
        assert 2 <= len(line) <= 5
        assert line.min() >= 0
        assert line.max() <= 255
        assert np.linalg.norm(line[0] - GRIPPER) < 20
        assert np.linalg.norm(line[-1] - stops[-1]) < 20
        if hand is not Hand.SPARSE:
            dense = np.vstack([np.linspace(a, b, 50) for a, b in pairwise(line)])
            assert np.linalg.norm(dense - stops[0], axis=1).min() < 20


def test_strokes_become_what_the_studio_makes_of_them():
    path = np.array([[10.0, 10], [200, 200]])
    rng = np.random.default_rng(0)
    assert len(drawn(rng, path, Hand.STEADY)) == 5
    assert len(drawn(rng, path, Hand.SPARSE)) <= 3
    dot = drawn(rng, path[:1], Hand.STEADY)
    assert 2 <= len(dot) <= 5


@pytest.mark.parametrize("seed", range(6))
def test_an_empty_spot_is_empty_and_on_the_table(seed):
    _, _, poses = a_table(index=seed)
    places = places_of(poses)
    rng = np.random.default_rng(seed)
    line = wrong_line(rng, Wrong.EMPTY, places, gripper=GRIPPER, front=FRONT)
    place = table_point(line[-1], FRONT)
    assert place is not None
    assert TABLE_X[0] <= place[0] <= TABLE_X[1]
    assert TABLE_Y[0] <= place[1] <= TABLE_Y[1]
    things = np.stack(list(places.values()))
    assert np.linalg.norm(things[:, :2] - place[:2], axis=1).min() > FREE - 0.03


@pytest.mark.parametrize("seed", range(6))
def test_a_line_past_the_table_leads_past_the_table(seed):
    _, _, poses = a_table(index=seed)
    rng = np.random.default_rng(seed)
    line = wrong_line(rng, Wrong.BEYOND, places_of(poses), gripper=GRIPPER, front=FRONT)
    place = table_point(line[-1], FRONT)
    on = place is not None and all(
        low + 0.02 < value < high - 0.02
        for value, (low, high) in zip(place, (TABLE_X, TABLE_Y), strict=False)
    )
    assert not on


@pytest.mark.parametrize("seed", range(6))
def test_a_line_out_of_the_picture_ends_at_its_border(seed):
    _, _, poses = a_table(index=seed)
    rng = np.random.default_rng(seed)
    line = wrong_line(rng, Wrong.OUTSIDE, places_of(poses), gripper=GRIPPER, front=FRONT)
    assert min(line[-1].min(), (255 - line[-1]).min()) < 8
    assert np.linalg.norm(line[-1] - GRIPPER) > 40


@given(st.floats(0.3, 0.8), st.floats(-0.3, 0.3))
def test_a_point_of_the_picture_is_a_place_on_the_table(x, y):
    seen = in_front(np.array([x, y, TABLE_TOP]), FRONT)
    if seen.min() > 0 and seen.max() < 255:
        np.testing.assert_allclose(table_point(seen, FRONT), [x, y, TABLE_TOP], atol=1e-6)


def test_the_sky_is_no_place():
    from core.camera import CameraModel

    pose = FRONT.pose.copy()
    pose[:3, :3] = pose[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    up = CameraModel(width=320, height=240, intrinsics=FRONT.intrinsics, pose=pose)
    assert table_point(np.array([128.0, 128.0]), up) is None


def test_the_gripper_is_where_a_moved_camera_sees_it():
    from core.types import RobotState
    from robot.sim.scene import jittered_front

    pose = np.eye(4)
    pose[:3, 3] = HOME
    state = RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=0)
    moved = jittered_front(np.random.default_rng(1), "large")
    assert np.linalg.norm(gripper_point(state, moved) - gripper_point(state)) > 2
    np.testing.assert_allclose(gripper_point(state), GRIPPER)


def watch():
    layout, _, poses = a_table()
    return layout, poses, Watch(layout, poses, HOME)


def test_a_quiet_motion_is_not_wild():
    _, poses, eye = watch()
    eye.look(poses, HOME + np.array([0.0, 0.05, -0.05]), 2)
    eye.count(0)
    assert (eye.wild, eye.toppled, eye.pushed) == ([], [], [])


@pytest.mark.parametrize(
    ("tool", "steps", "words"),
    [
        ([0.85, 0.0, 0.22], 9, "left the workspace"),
        ([0.48, 0.0, 0.01], 9, "left the workspace"),
        ([0.48, 0.20, 0.22], 2, "moved farther than the guard allows"),
    ],
)
def test_wild_motion_is_told(tool, steps, words):
    _, poses, eye = watch()
    eye.look(poses, np.array(tool), steps)
    assert eye.wild == [words]


def test_a_thing_that_was_knocked_over_is_told():
    layout, poses, eye = watch()
    slot = layout.objects[0].slot
    fallen = poses | {slot: np.array([*poses[slot][:3], np.cos(0.5), np.sin(0.5), 0, 0])}
    eye.look(fallen, HOME, 2)
    assert eye.wild == ["knocked something over"]
    assert eye.toppled == [layout.objects[0].name]
    held = np.array([*(poses[slot][:3] + np.array([0, 0, 0.1])), np.cos(0.5), np.sin(0.5), 0, 0])
    _, _, other = watch()
    other.look(poses | {slot: held}, HOME, 2)
    assert other.wild == []


def test_a_thing_that_was_shoved_is_told_and_one_that_was_carried_is_not():
    layout, poses, eye = watch()
    slot = layout.objects[0].slot
    moved = poses[slot].copy()
    moved[0] += 2 * PUSHED_BY
    eye.look(poses | {slot: moved}, HOME, 2)
    assert eye.pushed == [layout.objects[0].name]
    assert eye.wild == []
    _, _, other = watch()
    raised = poses[slot].copy()
    raised[2] += 0.1
    other.look(poses | {slot: raised}, HOME, 2)
    other.look(poses | {slot: moved}, HOME, 2)
    assert other.pushed == []


def test_violations_are_wild():
    _, _, eye = watch()
    eye.count(3)
    assert eye.wild == ["went beyond the arm's limits"]


@given(st.floats(0.0, 3.1), st.floats(-3.1, 3.1))
def test_leaning_is_the_angle_to_the_vertical(tilt, turn):
    axis = np.array([np.cos(turn), np.sin(turn), 0.0]) * np.sin(tilt / 2)
    pose = np.array([0, 0, 0, np.cos(tilt / 2), *axis])
    assert lean(pose) == pytest.approx(tilt, abs=1e-6)
