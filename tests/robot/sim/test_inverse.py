"""Joints of commanded poses, and how the simulated arm takes commands."""

from __future__ import annotations

import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]
import pytest

from robot.sim.inverse import follow_pose
from robot.sim.layout import random_layout
from robot.sim.physics import Physics


@pytest.fixture(scope="module")
def physics():
    made = Physics(random_layout(3))
    yield made
    made.close()


def follow(robot, pose, q, elbow=None):
    return follow_pose(
        robot._BaseRobot__model, robot._BaseRobot__data, robot._BaseRobot__tcp_frame_id,
        pose, q, elbow,
    )  # fmt: skip


def test_a_smooth_path_gives_smooth_joints_at_its_poses(physics):
    robot = physics._robot
    q = robot._held.copy()
    pose = robot.kinematics(q).homogeneous.copy()
    joints = [q]
    for tick in range(400):
        pose[:3, 3] += 3e-4 * np.sin(np.pi * tick / 400) * np.array([0.3, 0.8, -0.2])
        joints.append(follow(robot, pose, joints[-1]))
    assert np.abs(robot.kinematics(joints[-1]).homogeneous - pose).max() < 1e-8
    assert np.abs(np.diff(joints, n=3, axis=0)).max() * 1e9 < 100.0  # rad/s^3


def test_a_commanded_elbow_is_kept(physics):
    robot = physics._robot
    q = robot._held
    pose = robot.kinematics(q).homogeneous.copy()
    pose[0, 3] += 2e-4
    found = follow(robot, pose, q, q[2] + 1e-3)
    assert found[2] == pytest.approx(q[2] + 1e-3)
    assert np.abs(robot.kinematics(found).homogeneous - pose).max() < 1e-8


def command(robot, number, pose):
    robot.answered(number)
    robot.cartesian_position_control(pin.SE3ToXYZQUAT(pose), None, True)


def test_a_jump_is_counted_and_a_smooth_start_is_not(physics):
    robot = physics._robot
    robot.begin_motion(cartesian=True, judged=True)
    pose = robot.kinematics(robot._held)
    for number in range(1, 5):
        command(robot, number, pose)
    before = physics.limits.count
    assert before == 0
    pose.translation[1] += 0.001
    command(robot, 5, pose)
    robot.end_motion(finished=False)
    assert physics.limits.count > before


def test_nothing_moves_before_the_first_command_of_a_motion(physics):
    robot = physics._robot
    held = robot._held.copy()
    robot.begin_motion(cartesian=True, judged=True)
    elsewhere = robot.kinematics(held)
    elsewhere.translation[0] += 0.01  # where the arm sags to, say
    robot.cartesian_position_control(pin.SE3ToXYZQUAT(elsewhere), None, False)
    np.testing.assert_array_equal(robot._held, held)
    robot.end_motion(finished=False)


def test_a_mode_without_a_judge_is_counted(physics):
    before = physics.limits.count
    physics._robot.begin_motion(cartesian=False, judged=False)
    physics._robot.end_motion(finished=False)
    assert physics.limits.count == before + 1
