"""Geometry of a trace: polylines in the image, as plain numpy.

Two units occur. *Model units* run from 0 to 255 across the image, whatever its size. *Pixels* here
are pixel indices: 0 is the centre of the first pixel and w - 1 that of the last, which model units
0 and 255 stand for. A camera's projection counts from the corner of the image instead; subtract
0.5 from it before :func:`to_model`.

Sources: molmoact.md sections 2.2 to 2.6 and 6.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import MAX_TRACE_POINTS, TRACE_MAX, StudioError

Points = NDArray[np.float64]

REACHED = 6.0
"""Distance [model units, 2.4 % of the image] at which a vertex counts as passed."""


def to_pixels(points: ArrayLike, size: tuple[int, int]) -> Points:
    """Convert model units to pixels, not rounded.

    Args:
        points: (..., 2) in 0..255.
        size: Width and height of the image [px].
    """
    return as_points(points) * (_last_pixel(size) / TRACE_MAX)


def to_model(pixels: ArrayLike, size: tuple[int, int]) -> Points:
    """Convert pixels to model units, clipped to 0..255 and not rounded.

    Args:
        pixels: (..., 2) pixel indices.
        size: Width and height of the image [px].
    """
    last = np.maximum(_last_pixel(size), 1.0)
    return np.clip(as_points(pixels) * (TRACE_MAX / last), 0.0, TRACE_MAX)


def subsample_future(points: ArrayLike, n: int = MAX_TRACE_POINTS) -> Points:
    """Pick up to n of the points from now to the end: the rule behind MolmoAct's training traces.

    Args:
        points: (M, 2) positions of the gripper, the first one now; rows with NaN are dropped.
        n: Largest number of points.

    Returns:
        (L, 2), L <= n: all of them when there are few, otherwise evenly spaced in time with the
        first and the last included.
    """
    points = as_points(points)
    points = points[~np.isnan(points).any(axis=1)]
    if len(points) <= n:
        return points
    return points[np.linspace(0, len(points) - 1, n).astype(int)]


def resample(points: ArrayLike, n: int = MAX_TRACE_POINTS) -> Points:
    """Place n points at even distances along a drawn line, both ends kept.

    A hand draws at an uneven pace; even distances are what an arm's even pace gives in training.

    Args:
        points: (M, 2), M >= 1.
        n: Number of points of the result, at least 2.

    Returns:
        (n, 2), or (1, 2) when the line has no length.
    """
    points = as_points(points)
    if n < 2:
        raise StudioError(f"a line needs at least 2 points, not {n}")
    distance = arc_length(points)
    if distance[-1] == 0:
        return points[:1].copy()
    at = np.linspace(0.0, distance[-1], n)
    # a repeated point has no length of its own and would make the lookup ambiguous
    keep = np.r_[True, np.diff(distance) > 0]
    line, along = points[keep], distance[keep]
    result = np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)])
    result[-1] = points[-1]
    return result


def arc_length(points: ArrayLike) -> NDArray[np.float64]:
    """Return the (M,) distance of every point from the first, along the line."""
    steps = np.linalg.norm(np.diff(as_points(points), axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def as_points(points: ArrayLike) -> Points:
    """Return an (..., 2) float64 view or copy of the points."""
    array = np.asarray(points, dtype=np.float64)
    if array.size == 0:
        return array.reshape(-1, 2)
    if array.shape[-1] != 2:
        raise StudioError(f"points have shape {array.shape}; expected (..., 2)")
    return array


def _last_pixel(size: tuple[int, int]) -> NDArray[np.float64]:
    width, height = size
    if width < 1 or height < 1:
        raise StudioError(f"an image cannot be {width} x {height} pixels large")
    return np.array([width - 1, height - 1], dtype=np.float64)
