"""The pace of a chunk: nothing beyond the limits is called slow enough, and slower always helps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.interpolate import BPoly

from robot import fr3
from robot.kinematics import along, tool_pose
from robot.sim.kinematics import home_joints
from robot.timing import pace, passing, turns


def straight(metres, steps=6):
    poses = np.repeat(tool_pose(home_joints())[None], steps + 1, axis=0)
    poses[:, 0, 3] += metres * np.arange(steps + 1)
    return poses


def test_a_still_arm_needs_nothing():
    poses = straight(0.0)
    joints = np.repeat(home_joints()[None], len(poses), axis=0)
    assert pace(poses, joints, 5.0, share=1.0).stretch == 0.0


def test_an_ordinary_chunk_keeps_its_rate_and_a_hasty_one_does_not():
    poses = straight(0.02)
    joints = along(poses, home_joints()).joints
    assert pace(poses, joints, 5.0, share=0.9).stretch < 1.0
    hasty = pace(poses, joints, 30.0, share=0.9)
    assert hasty.stretch > 1.0
    assert hasty.value > hasty.limit
    assert "joint" in hasty.what


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float64, (5, 7), elements=st.floats(-0.1, 0.1)), st.floats(0.5, 10.0))
def test_the_stretched_curve_keeps_every_joint_limit(ways, rate):
    home = home_joints()
    joints = np.concatenate([home[None], home + np.cumsum(ways, axis=0)])
    poses = np.array([tool_pose(q) for q in joints])
    found = pace(poses, joints, rate, share=1.0)
    seconds = max(1.0, found.stretch) / rate
    times = seconds * np.arange(6)
    speeds = passing(ways) / seconds
    for joint in range(7):  # the same curve by another library
        given_values = [
            [q, v, 0.0] for q, v in zip(joints[:, joint], speeds[:, joint], strict=True)
        ]
        curve = BPoly.from_derivatives(times, given_values)
        at = np.linspace(0.0, times[-1], 400)
        assert np.abs(curve.derivative(1)(at)).max() <= fr3.JOINT_VELOCITY[joint] * 1.03
        assert np.abs(curve.derivative(2)(at)).max() <= fr3.JOINT_ACCELERATION * 1.03
        assert np.abs(curve.derivative(3)(at)).max() <= fr3.JOINT_JERK * 1.03


def test_a_turn_counts_as_much_as_a_way():
    poses = straight(0.0, 1)
    poses[1, :3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ poses[1, :3, :3]
    np.testing.assert_allclose(turns(poses), [[0, 0, np.pi / 2]], atol=1e-9)
    found = pace(poses, None, 5.0, share=1.0)
    assert "rotation" in found.what
    # a quintic from rest to rest is fastest in its middle: 15/8 of its mean velocity
    slow = pace(poses, None, 0.1, share=1.0)
    assert slow.value == pytest.approx(1.875 * np.pi / 2 * 0.1)
