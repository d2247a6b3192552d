"""The lines of the 3D view as arrays: pure geometry, so it can be tested without OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_AXIS = 0.06
"""Length of the axes of the gripper frame [m]."""


TABLE_STEP = 0.1
"""Distance between the lines that hint at the table [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenePath:
    """Where a plan would lead the tool.

    Attributes:
        points: (L, 3) float32 in the robot's base frame [m].
        allowed: Whether the guard lets it run; a rejected one is dashed.
        selected: Whether it is the plan at hand; it is drawn strongest.
        label: Whose it is, such as "model".
        bad: (3,) where the step ends that the guard objects to [m], if it is one.
    """

    points: NDArray[np.float32]
    allowed: bool
    selected: bool
    label: str
    bad: NDArray[np.float32] | None = None


def outline_pairs(
    outlines: NDArray[np.float32], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Return the edges of some cells as pairs of points, without those that are torn.

    Args:
        outlines: (100, K, 2, 3) edges of every cell [m]; NaN where they are torn.
        mask: (100,) or (10, 10) bool, the cells that are wanted; None for all.

    Returns:
        (2 M, 3) float32.
    """
    chosen = outlines if mask is None else outlines[np.asarray(mask).ravel()]
    edges = chosen.reshape(-1, 2, 3)
    whole = np.isfinite(edges).all(axis=(1, 2))
    return np.ascontiguousarray(edges[whole].reshape(-1, 3), dtype=np.float32)


def table_lines(
    low: NDArray[np.floating], high: NDArray[np.floating], step: float = TABLE_STEP
) -> NDArray[np.float32]:
    """Return a grid on the lowest plane of a box as (2 M, 3) pairs of points [m]."""
    pairs: list[tuple[float, float, float]] = []
    z = float(low[2])
    for axis in (0, 1):
        other = 1 - axis
        first = np.ceil(low[axis] / step - 1e-9) * step
        for value in np.arange(first, high[axis] + 1e-9, step):
            for end in (low[other], high[other]):
                x, y = (value, end) if axis == 0 else (end, value)
                pairs.append((float(x), float(y), z))
    return np.array(pairs, np.float32).reshape(-1, 3)


def nearest_point(
    points: NDArray[np.floating],
    matrix: NDArray[np.floating],
    size: tuple[float, float],
    place: tuple[float, float],
    radius: float = 8.0,
) -> int:
    """Return the point that is seen at a place of the view, the one in front; -1 for none.

    Args:
        points: (N, 3) [m].
        matrix: (4, 4) from these coordinates to clip coordinates, as OpenGL has it.
        size: Width and height of the view [px].
        place: Where in the view, from the top left [px].
        radius: How near a point must be [px].
    """
    clip = points @ matrix[:, :3].T.astype(np.float32) + matrix[:, 3].astype(np.float32)
    w = clip[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (clip[:, 0] / w + 1) * (size[0] / 2) - place[0]
        y = (1 - clip[:, 1] / w) * (size[1] / 2) - place[1]
        away = np.hypot(x, y)
    near = np.flatnonzero((w > 0) & (away <= radius))
    if not len(near):
        return -1
    # Of what lies at one depth the nearest to the pointer; what lies behind does not count.
    front = near[w[near] <= 1.03 * w[near].min()]
    return int(front[np.argmin(away[front])])


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


def cross(place: NDArray[np.floating], reach: float = 0.015) -> NDArray[np.float32]:
    """Return three lines that cross at a (3,) place, as (6, 3) pairs of points [m]."""
    arms = np.array([[1, 1, 0], [1, -1, 0], [0, 0, 1.4]], np.float64) * reach
    return np.array([place + sign * arm for arm in arms for sign in (-1, 1)], np.float32)


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
