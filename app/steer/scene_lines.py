"""The lines of the 3D view as arrays: pure geometry, so it can be tested without OpenGL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME_AXIS = 0.06
"""Length of the axes of the gripper frame [m]."""


def steady_cloud(
    points: NDArray[np.floating], colours: NDArray[np.floating], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring a cloud to a fixed number of points, so that its GPU buffers are never made anew.

    Points that are not finite are left out; a larger cloud is thinned evenly, a smaller one is
    filled up with copies of its own points, which change nothing in an opaque picture.

    Args:
        points: (N, 3) [m].
        colours: (N, 3) RGB in 0..1.
        count: Number of points of the result.

    Returns:
        (count, 3) float32 points and (count, 4) float32 colours.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    if points.ndim != 2 or points.shape[1] != 3 or colours.shape != points.shape:
        raise ValueError(
            f"cloud has points {points.shape} and colours {colours.shape}; expected (N, 3) twice"
        )
    good = np.isfinite(points).all(axis=1)
    points, colours = points[good], colours[good]
    steady = np.zeros((count, 3), np.float32)
    tint = np.zeros((count, 4), np.float32)
    tint[:, 3] = 1.0
    if len(points):
        index = (
            np.arange(count) * len(points) // count
            if len(points) > count
            else (np.arange(count) % len(points))
        )
        steady[:] = points[index]
        tint[:, :3] = np.clip(colours[index], 0.0, 1.0)
    return steady, tint


def box_edges(low: NDArray[np.floating], high: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the 12 edges of an axis-aligned box as (24, 3) pairs of points [m]."""
    corners = np.array([[(low, high)[(i >> k) & 1][k] for k in range(3)] for i in range(8)])
    pairs = [(i, i | 1 << k) for k in range(3) for i in range(8) if not i >> k & 1]
    return np.array([corners[i] for pair in pairs for i in pair], np.float32)


def frame_axes(pose: NDArray[np.floating], length: float = FRAME_AXIS) -> NDArray[np.float32]:
    """Return the axes of a (4, 4) pose as (6, 3) pairs of points: x, y, z [m]."""
    origin = pose[:3, 3]
    ends = [origin + length * pose[:3, k] for k in range(3)]
    return np.array([p for end in ends for p in (origin, end)], np.float32)


def dashes(points: NDArray[np.floating], length: float = 0.012) -> NDArray[np.float32]:
    """Cut a polyline into dashes: (2 M, 3) pairs of points [m], a gap as long as a dash.

    Args:
        points: (L, 3) [m].
        length: Length of a dash [m].
    """
    points = np.asarray(points, np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    if len(points) < 2 or way[-1] <= 0.0:
        return np.zeros((0, 3), np.float32)
    starts = np.arange(0.0, way[-1], 2 * length)
    cuts = np.stack([starts, np.minimum(starts + length, way[-1])], axis=1).ravel()
    return np.stack([np.interp(cuts, way, points[:, k]) for k in range(3)], axis=1).astype(
        np.float32
    )
