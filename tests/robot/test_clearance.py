"""The arm keeps clear of the table and of itself."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from core.types import StudioError
from robot.clearance import Clearance
from robot.kinematics import along, tool_pose
from robot.sim.kinematics import home_joints, joints_for


@pytest.fixture(scope="module")
def model():
    return Clearance(0.01)


def at_height(height):
    joints = joints_for(np.array([0.5, 0.0, height]))
    assert joints is not None
    return joints[None]


def test_the_home_pose_is_clear(model):
    assert model.touch(home_joints()[None], opening=1.0, table=0.02) is None
    assert model.distance(home_joints(), opening=1.0, table=0.02) > 0.05


def test_fingers_may_come_down_to_the_table_but_not_into_it(model):
    assert model.touch(at_height(0.035), opening=1.0, table=0.02) is None
    touch = model.touch(at_height(0.024), opening=1.0, table=0.02)
    assert touch is not None
    assert touch.parts == ("a finger", "the table")
    assert touch.metres == pytest.approx(0.024 - 0.02 - 0.009, abs=2e-3)
    assert model.touch(at_height(0.024), opening=1.0, table=None) is None


def test_the_hand_keeps_its_distance_from_the_table(model):
    joints = at_height(0.05)[0]
    pose = tool_pose(joints)
    poses = np.repeat(pose[None], 9, axis=0)
    turn = np.deg2rad(10.0)
    for index in range(1, 9):
        c, s = np.cos(turn * index), np.sin(turn * index)
        poses[index, :3, :3] = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ pose[:3, :3]
    path = along(poses, joints).joints
    touch = model.touch(path, opening=1.0, table=0.02)
    assert touch is not None
    assert "the table" in touch.parts
    assert 1 <= touch.index < 9


def test_the_arm_meets_itself_where_it_is_folded(model):
    folded = np.array([-2.3, -1.6, -2.7, -2.7, -1.4, 0.7, 0.6])
    touch = model.touch(np.stack([home_joints(), folded]), opening=0.0, table=None)
    assert touch is not None
    assert touch.index == 1
    assert touch.parts == ("the hand", "the base")
    assert touch.metres < 0.0


def test_without_mujoco_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(StudioError, match="Install mujoco"):
        Clearance(0.01)
