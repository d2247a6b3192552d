"""The joints follow the tool, and forward kinematics agrees with MuJoCo's and frankik's."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from frankik import FrankaKinematics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from robot import fr3
from robot.franka_shape import tool_pose as drawn_tool
from robot.kinematics import along, flange_pose, mounted_tool, rigid_inverse, tool_pose
from robot.path import integrate
from robot.sim.kinematics import home_joints
from robot.sim.scene import scene_xml

JOINTS = hnp.arrays(np.float64, 7, elements=st.floats(0.0, 1.0)).map(
    lambda share: fr3.JOINT_LOW + share * (fr3.JOINT_HIGH - fr3.JOINT_LOW)
)
FRANKIK = FrankaKinematics("fr3")


@pytest.fixture(scope="module")
def arm():
    model = mujoco.MjModel.from_xml_string(scene_xml())
    return model, mujoco.MjData(model)


@settings(max_examples=60, deadline=None)
@given(JOINTS)
def test_forward_kinematics_is_that_of_mujoco_and_of_the_drawing(arm, q):
    model, data = arm
    data.qpos[:7] = q
    mujoco.mj_kinematics(model, data)
    site = data.site("tcp")
    ours = tool_pose(q)
    np.testing.assert_allclose(ours[:3, 3], site.xpos, atol=1e-6)
    np.testing.assert_allclose(ours[:3, :3].ravel(), site.xmat, atol=1e-6)
    np.testing.assert_allclose(ours, drawn_tool(q), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(JOINTS)
def test_the_tool_is_frankiks(q):
    # its hand is turned by a matrix of 0.707, three digits of the root
    np.testing.assert_allclose(tool_pose(q), FRANKIK.forward(q), atol=5e-4)


def test_the_published_ends_are_those_of_the_simulated_arm(arm):
    model, _ = arm
    np.testing.assert_allclose(model.jnt_range[:7, 0], fr3.JOINT_LOW)
    np.testing.assert_allclose(model.jnt_range[:7, 1], fr3.JOINT_HIGH)


def test_velocities_fall_to_nothing_towards_the_ends():
    middle = 0.5 * (fr3.JOINT_LOW + fr3.JOINT_HIGH)
    slow, fast = fr3.velocity_limits(middle)
    np.testing.assert_allclose(slow, fr3.JOINT_VELOCITY)
    np.testing.assert_allclose(fast, fr3.JOINT_VELOCITY)
    slow, fast = fr3.velocity_limits(fr3.JOINT_HIGH)
    assert (fast < 0.12).all()
    np.testing.assert_allclose(slow, fr3.JOINT_VELOCITY)
    assert (fr3.velocity_limits(fr3.JOINT_LOW)[0] < 0.12).all()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float64, (6, 6), elements=st.floats(-0.02, 0.02)))
def test_the_joints_meet_every_pose_without_a_jump(deltas):
    home = home_joints()
    actions = np.column_stack([deltas, np.ones(6)])
    poses = integrate(tool_pose(home), actions)
    path = along(poses, home)
    assert path.last is None
    assert path.joints.shape == (7, 7)
    for q, pose in zip(path.joints, poses, strict=True):
        np.testing.assert_allclose(tool_pose(q), pose, atol=3e-5)
    assert np.abs(np.diff(path.joints, axis=0)).max() < 0.3


def test_a_pose_that_is_too_far_ends_the_path_before_it():
    home = home_joints()
    poses = np.repeat(tool_pose(home)[None], 3, axis=0)
    poses[2, 0, 3] = 1.4
    path = along(poses, home)
    assert len(path.joints) == len(path.jacobians) == 2
    assert path.last is not None


def test_any_tool_is_found_from_what_the_arm_reports():
    home = home_joints()
    tool = np.eye(4)
    tool[:3, 3] = [0.02, -0.01, 0.2]
    reported = flange_pose(home) @ tool
    np.testing.assert_allclose(mounted_tool(home, reported), tool, atol=1e-9)
    np.testing.assert_allclose(rigid_inverse(tool) @ tool, np.eye(4), atol=1e-12)
    shifted = np.repeat(reported[None], 2, axis=0)
    shifted[1, 0, 3] += 0.02
    reached = along(shifted, home, tool).joints[1]
    np.testing.assert_allclose(flange_pose(reached) @ tool, shifted[1], atol=3e-5)
