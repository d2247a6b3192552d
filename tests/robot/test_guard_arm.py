"""The guard judges the whole arm, and what a real executor hands over keeps every limit."""

from __future__ import annotations

import queue
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.types import ActionChunk, StudioError
from robot import clearance, fr3
from robot.executor import Executor
from robot.guard import Limits, RejectedError, Workspace, arm, preview
from robot.kinematics import tool_pose
from robot.path import rotation_vector
from robot.rig.messages import RunEnded
from robot.sim.kinematics import home_joints
from tests.robot.fake_robot import FakeRobot

WIDE = Limits(workspace=Workspace(low=np.full(3, -1.0), high=np.full(3, 1.5)), table=-0.5)
BOX = Limits(workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5])))
HOME = home_joints()


def judge(actions, joints=HOME, limits=WIDE, rate=5.0, measured=None, told=None):
    pose = tool_pose(joints)
    rows = np.atleast_2d(np.asarray(actions, dtype=float))
    return preview(
        ActionChunk(actions=rows, rate_hz=rate),
        pose,
        pose if measured is None else measured,
        limits,
        joints if told is None else told,
        None,
    )


def towards(begin, end, steps=3):
    """Return (steps, 7) actions from one joint configuration's tool pose to another's."""
    before, after = tool_pose(begin), tool_pose(end)
    actions = np.zeros((steps, 7))
    actions[:, :3] = (after[:3, 3] - before[:3, 3]) / steps
    actions[:, 3:6] = rotation_vector(after[:3, :3] @ before[:3, :3].T) / steps
    return actions


def test_an_accepted_chunk_comes_with_joints_and_a_pace():
    result = judge([[0.02, 0, 0, 0, 0, 0, 1]] * 4)
    assert result.verdict.ok
    assert result.joints is not None
    assert result.joints.shape == (5, 7)
    np.testing.assert_allclose(tool_pose(result.joints[-1]), result.poses[-1], atol=3e-5)
    assert result.step_seconds == pytest.approx(0.2)


def test_a_hasty_chunk_is_slowed_and_a_much_too_hasty_one_rejected():
    swing = [[0.03 * (-1) ** k, 0, 0, 0, 0, 0, 1] for k in range(6)]
    assert judge(swing, rate=10.0).step_seconds > 0.1
    verdict = judge(swing, rate=10.0, limits=replace(WIDE, stretch=1.2)).verdict
    assert verdict.kind == "motion"
    assert "times slower" in verdict.reason
    assert verdict.step is not None


def test_out_of_reach_names_the_step():
    stretched = np.array([0.0, 0.8, 0.0, -1.3, 0.0, 2.1, 0.78])
    verdict = judge([[0.04, 0, 0.0, 0, 0, 0, 1]] * 9, stretched).verdict
    assert verdict.kind in ("reach", "singular", "joints")
    assert verdict.step is not None
    relaxed = replace(WIDE, singularity=0.0, jump=9.0, joint_margin=-1.0, stretch=1e9)
    assert judge([[0.04, 0, 0, 0, 0, 0, 1]] * 9, stretched, relaxed).verdict.kind == "reach"


@pytest.mark.parametrize("joint", [1, 3, 5, 6])
@pytest.mark.parametrize("upper", [False, True])
def test_a_joint_stops_short_of_its_end(joint, upper):
    begin = HOME.copy()
    inside = 0.08 + WIDE.joint_margin
    begin[joint] = fr3.JOINT_HIGH[joint] - inside if upper else fr3.JOINT_LOW[joint] + inside
    end = begin.copy()
    end[joint] += 0.2 if upper else -0.2
    limits = replace(WIDE, clearance=None, singularity=0.0, share=1.0, stretch=9.0)
    # whichever joint gets there first: the seventh freedom shares the way among all of them
    result = judge(towards(begin, end, 6), begin, limits, rate=1.0)
    low, high = fr3.JOINT_LOW + limits.joint_margin, fr3.JOINT_HIGH - limits.joint_margin
    if result.verdict.ok:
        assert result.joints is not None
        assert (result.joints >= low).all()
        assert (result.joints <= high).all()
    else:
        assert result.verdict.kind in ("joints", "reach")


@pytest.mark.parametrize("joint", range(7))
@pytest.mark.parametrize("beyond", [-1e-9, 1e-9])
def test_the_margin_of_a_joint_is_exact(joint, beyond):
    path = np.repeat(0.5 * (fr3.JOINT_LOW + fr3.JOINT_HIGH)[None], 3, axis=0)
    path[2, joint] = fr3.JOINT_HIGH[joint] - WIDE.joint_margin + beyond
    fault = arm._joint_fault(path, WIDE)
    assert (fault is None) == (beyond < 0)
    if fault is not None:
        assert fault.step == 1
        assert f"joint {joint + 1}" in fault.reason
    path[2, joint] = fr3.JOINT_LOW[joint] + WIDE.joint_margin - beyond
    assert (arm._joint_fault(path, WIDE) is None) == (beyond < 0)


def test_near_a_singularity_nothing_moves():
    straight = np.array([0.0, 0.3, 0.0, -0.2, 0.0, 1.6, 0.78])
    verdict = judge([[0.0, 0, 0.005, 0, 0, 0, 1]], straight).verdict
    assert verdict.kind == "singular"
    assert "home" in verdict.reason


def test_the_arm_does_not_reach_into_the_table():
    low = judge(
        [[0, 0, -0.04, 0, 0, 0, 1]] * 4 + [[0, 0, -0.03, 0, 0, 0, 1]],
        limits=replace(WIDE, table=0.04),
    )
    assert low.verdict.kind == "clearance"
    assert "the table" in low.verdict.reason
    assert low.verdict.step == 4


def test_without_a_model_of_the_arm_chunks_are_rejected_unless_somebody_chose_so(monkeypatch):
    def missing(_distance):
        raise StudioError("The shape of the arm cannot be checked.")

    monkeypatch.setattr(arm, "_model", missing)
    step = [[0.02, 0, 0, 0, 0, 0, 1]]
    assert judge(step).verdict.kind == "clearance"
    assert judge(step, limits=replace(WIDE, clearance=None)).verdict.ok
    assert clearance.Clearance is not None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 3.5])
def test_joints_that_cannot_be_are_not_believed(wrong):
    told = HOME.copy()
    told[0] = wrong
    verdict = judge([[0.02, 0, 0, 0, 0, 0, 1]], told=told).verdict
    assert verdict.kind == "joints"


def test_joints_and_pose_of_different_arms_are_not_believed():
    verdict = judge([[0.02, 0, 0, 0, 0, 0, 1]], told=HOME + np.eye(7)[0] * 1.5).verdict
    assert verdict.kind == "joints"
    assert "belong together" in verdict.reason


@pytest.fixture
def bench():
    robot, events = FakeRobot(), queue.Queue()
    executor = Executor(robot, BOX, np.zeros(7), events.put)
    yield robot, events, executor
    executor.close()


CHUNKS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.just(7)),
    elements=st.floats(-0.06, 0.06) | st.floats(),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(CHUNKS, st.floats(0.1, 100.0)), min_size=1, max_size=3))
def test_what_reaches_a_driver_keeps_every_limit(chunks):
    robot, events = FakeRobot(), queue.Queue()
    executor = Executor(robot, BOX, np.zeros(7), events.put)
    handed = []
    follow = robot.follow

    def record(poses, step_seconds):
        handed.append((robot.pose.copy(), poses.copy(), step_seconds))
        follow(poses, step_seconds)

    robot.follow = record
    try:
        for actions, rate in chunks:
            rows = np.array(actions)
            rows[:, 6] = np.where(np.isfinite(rows[:, 6]), 1.0, rows[:, 6])
            try:
                executor.run(ActionChunk(actions=rows, rate_hz=rate), None, executor)
            except RejectedError:
                continue
            while not isinstance(events.get(timeout=10), RunEnded):
                pass
    finally:
        executor.close()
    box = BOX.workspace
    for start, poses, seconds in handed:
        points = np.concatenate([start[None], poses])[:, :3, 3]
        lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
        assert np.isfinite(poses).all()
        assert (points >= box.low - 1e-6).all()
        assert (points <= box.high + 1e-6).all()
        assert lengths.max() <= BOX.step_metres + 1e-6
        assert lengths.max() / seconds <= BOX.speed + 1e-6
        assert lengths.sum() <= BOX.chunk_metres + 1e-6
