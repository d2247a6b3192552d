"""What a chunk of actions means, and at what velocity poses are passed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot.path import integrate, quaternion, rotation_angle, rotation_matrix

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
