"""From a line drawn by hand to the few points that a model takes.

The rule of :func:`fit`, in the order in which it decides:

1. A model was trained on points that an evenly moving arm passes at even times, so the first
   candidate has its points at even distances (:func:`core.trace.resample`).
2. Even points cut corners. The second candidate keeps what :func:`core.trace.simplify` finds to
   matter most, drops what turns by no more than a trembling hand does, and gives the points that
   are left to the longest pieces, evenly.
3. The candidate that stays nearer to the drawn line wins; the even one unless the other is nearer
   by more than ``tolerance``. So the result is never farther from the line than even points are, a
   straight line always becomes even points, and a corner stays a corner.

Both candidates only see the shape of the line, not the pace of the hand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core import trace
from core.types import MAX_TRACE_POINTS, StudioError

Points = NDArray[np.float64]

_SAMPLES = 49
"""The drawn line is looked at in this many places, however many the pointer reported."""


def fit(points: ArrayLike, tolerance: float, n: int = MAX_TRACE_POINTS) -> Points:
    """Choose the points that stand for a drawn line; see the rule above.

    Args:
        points: (M, 2) places of the pointer, M >= 1.
        tolerance: What counts as trembling, in the unit of the points.
        n: Number of points of the result, at least 2.

    Returns:
        (n, 2) with both ends of the line, or (1, 2) when the line has no length.

    Raises:
        StudioError: If there is no point, n is too small or the tolerance is negative.
    """
    if tolerance < 0:
        raise StudioError(f"a tolerance cannot be {tolerance}")
    points = trace.as_points(points)
    even = trace.resample(points, n)
    if len(even) < n or n == 2:
        return even
    line = trace.resample(points, _SAMPLES)
    cornered = _share_out(_corners(line, tolerance, n), n)
    # What follows the hand equally well should look like what models are trained on.
    return even if deviation(line, even) <= deviation(line, cornered) + tolerance else cornered


def deviation(line: ArrayLike, polyline: ArrayLike) -> float:
    """Return the farthest that any point of a line is from a polyline of at least two points."""
    line, polyline = trace.as_points(line), trace.as_points(polyline)
    start, along = polyline[:-1], np.diff(polyline, axis=0)
    length = (along**2).sum(axis=1)
    offset = line[:, None] - start
    at = np.clip((offset * along).sum(axis=2) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    gaps = np.linalg.norm(offset - at[..., None] * along, axis=2)
    return float(gaps.min(axis=1).max())


def _corners(line: Points, tolerance: float, n: int) -> Points:
    """Return the ends of a line and the at most n - 2 places where it really turns."""
    kept = trace.simplify(line, n)
    while len(kept) > 2:
        heights = [
            deviation(kept[i : i + 1], kept[[i - 1, i + 1]]) for i in range(1, len(kept) - 1)
        ]
        least = int(np.argmin(heights))
        if heights[least] > tolerance:
            break
        kept = np.delete(kept, 1 + least, axis=0)
    return kept


def _share_out(kept: Points, n: int) -> Points:
    """Add points on a polyline, evenly within each piece, until there are n."""
    lengths = np.linalg.norm(np.diff(kept, axis=0), axis=1)
    parts = np.ones(len(lengths), dtype=int)
    while parts.sum() < n - 1:
        parts[int(np.argmax(lengths / parts))] += 1
    pieces = [
        start + (end - start) * np.linspace(0.0, 1.0, count, endpoint=False)[:, None]
        for start, end, count in zip(kept[:-1], kept[1:], parts, strict=True)
    ]
    return np.vstack([*pieces, kept[-1:]])
