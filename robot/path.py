"""From steps to poses: what a chunk of end-effector actions means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12


def rotation_matrix(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3, 3) rotation about an axis-angle vector (3,) [rad]."""
    return rotation_matrices(vector[None])[0]


def rotation_matrices(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N, 3, 3) rotations about (N, 3) axis-angle vectors [rad] (Rodrigues)."""
    angles = np.sqrt(np.square(vectors).sum(axis=1))
    axes = vectors / np.where(angles < _TINY, 1.0, angles)[:, None]
    cross = np.zeros((len(vectors), 3, 3))
    cross[:, 2, 1], cross[:, 0, 2], cross[:, 1, 0] = axes.T
    cross -= cross.transpose(0, 2, 1)
    sine, cosine = np.sin(angles)[:, None, None], np.cos(angles)[:, None, None]
    return np.eye(3) + sine * cross + (1.0 - cosine) * (cross @ cross)


def rotation_vector(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3,) axis-angle vector of a (3, 3) rotation by less than half a turn [rad]."""
    r = rotation
    axis = 0.5 * np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    sine = float(np.sqrt(axis @ axis))
    if sine < _TINY:
        return axis
    cosine = 0.5 * (float(r[0, 0] + r[1, 1] + r[2, 2]) - 1.0)
    return axis * (float(np.arctan2(sine, cosine)) / sine)


def rotation_angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the angle between two (3, 3) rotations [rad]."""
    chord = float(np.linalg.norm(a - b)) / np.sqrt(8.0)
    return 2.0 * float(np.arcsin(np.clip(chord, 0.0, 1.0)))


def integrate(start: NDArray[np.float64], actions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Accumulate delta actions onto a commanded pose.

    Each step adds its translation and turns by its rotation vector, both about the base frame's
    axes. This is the one meaning of an action: preview, guard and execution use it.

    Args:
        start: (4, 4) commanded pose, end effector to base [m].
        actions: (N, 7) as in :class:`core.types.ActionChunk`.

    Returns:
        (N + 1, 4, 4) poses, the first one being ``start``.
    """
    poses = np.empty((len(actions) + 1, 4, 4))
    poses[:] = start
    poses[1:, :3, 3] = start[:3, 3] + np.cumsum(actions[:, :3], axis=0)
    if not actions[:, 3:6].any():  # most models hardly turn the hand
        return poses
    turned = start[:3, :3]
    for index, turn in enumerate(rotation_matrices(actions[:, 3:6]), start=1):
        turned = turn @ turned
        poses[index, :3, :3] = turned
    poses[1:, :3, :3] = orthonormal(poses[1:, :3, :3])
    return poses


def orthonormal(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotations nearest to (..., 3, 3) matrices that have gathered rounding errors."""
    if not np.isfinite(rotation).all():
        return rotation  # left for the guard to name
    u, _, v = np.linalg.svd(rotation)
    u[..., 2] *= np.sign(np.linalg.det(u @ v))[..., None]
    return u @ v


def quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4,) unit quaternion x, y, z, w of a (3, 3) rotation."""
    r = orthonormal(rotation)
    squares = 1.0 + np.array(
        [
            r[0, 0] - r[1, 1] - r[2, 2],
            r[1, 1] - r[0, 0] - r[2, 2],
            r[2, 2] - r[0, 0] - r[1, 1],
            r[0, 0] + r[1, 1] + r[2, 2],
        ]
    )
    xy, xz, yz = r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1]
    xw, yw, zw = r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]
    # four times the outer product of the quaternion with itself: take the row of its largest entry
    rows = np.array(
        [
            [squares[0], xy, xz, xw],
            [xy, squares[1], yz, yw],
            [xz, yz, squares[2], zw],
            [xw, yw, zw, squares[3]],
        ]
    )
    row = rows[int(np.argmax(squares))]
    return row / np.linalg.norm(row)
