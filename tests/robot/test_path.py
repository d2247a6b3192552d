"""What a chunk of actions means, and at what velocity poses are passed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot.path import integrate, passing_velocities, quaternion, rotation_angle, rotation_matrix

angles = st.floats(-3.0, 3.0)
vectors = st.tuples(angles, angles, angles).map(np.array)


@settings(max_examples=50, deadline=None)
@given(vectors)
def test_rotations_agree_with_scipy(vector):
    ours = rotation_matrix(vector)
    np.testing.assert_allclose(ours, Rotation.from_rotvec(vector).as_matrix(), atol=1e-9)
    theirs = Rotation.from_rotvec(vector).as_quat()
    np.testing.assert_allclose(abs(quaternion(ours) @ theirs), 1.0, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(vectors, vectors)
def test_the_angle_between_rotations(a, b):
    first, second = Rotation.from_rotvec(a), Rotation.from_rotvec(b)
    expected = (first.inv() * second).magnitude()
    assert rotation_angle(first.as_matrix(), second.as_matrix()) == pytest.approx(
        expected, abs=1e-6
    )


def test_a_quaternion_tolerates_single_precision():
    rough = rotation_matrix(np.array([3.1, 0.1, 0.0])).astype(np.float32).astype(np.float64)
    assert np.linalg.norm(quaternion(rough)) == pytest.approx(1.0, abs=1e-15)


def test_steps_add_up_in_the_base_frame():
    start = np.diag([1.0, -1.0, -1.0, 1.0])  # a hand that points down
    steps = np.zeros((3, 7))
    steps[:, 0] = 0.02
    steps[:, 5] = np.pi / 6
    poses = integrate(start, steps)
    assert poses.shape == (4, 4, 4)
    np.testing.assert_allclose(poses[-1, :3, 3], [0.06, 0.0, 0.0])
    quarter = rotation_matrix(np.array([0.0, 0.0, np.pi / 2]))
    np.testing.assert_allclose(poses[-1, :3, :3], quarter @ start[:3, :3], atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(vectors, min_size=2, max_size=8))
def test_poses_are_passed_without_overshooting_an_axis(deltas):
    steps = np.zeros((len(deltas), 7))
    steps[:, :3] = np.array(deltas) * 0.01
    poses = integrate(np.eye(4), steps)
    velocities = passing_velocities(poses, 0.2)
    slopes = np.diff(poses[:, :3, 3], axis=0) / 0.2
    assert (velocities[-1] == 0.0).all()
    for before, after, velocity in zip(slopes[:-1], slopes[1:], velocities[:-1], strict=True):
        assert (velocity * before >= 0.0).all()
        bound = 2.0 * np.minimum(abs(before), abs(after)) + 1e-12
        assert (abs(velocity) <= bound).all()


def test_a_straight_path_is_passed_at_its_speed():
    steps = np.zeros((3, 7))
    steps[:, 1] = 0.03
    velocities = passing_velocities(integrate(np.eye(4), steps), 0.2)
    np.testing.assert_allclose(velocities[:-1], [[0.0, 0.15, 0.0]] * 2, atol=1e-12)
