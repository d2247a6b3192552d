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

HASTE = 2.0
"""How much farther along a line than its own way a gripper can have come: it cuts corners."""


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
    return np.clip(as_points(pixels) * TRACE_MAX / last, 0.0, TRACE_MAX)


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
    if not len(points):
        raise StudioError("this line has no points")
    distance = arc_length(points)
    if distance[-1] == 0:
        return points[:1].copy()
    at: NDArray[np.float64] = np.linspace(0.0, float(distance[-1]), n)
    # a repeated point has no length of its own and would make the lookup ambiguous
    keep = np.r_[True, np.diff(distance) > 0]
    line, along = points[keep], distance[keep]
    result = np.empty((n, 2))
    for axis in (0, 1):
        result[:, axis] = np.interp(at, along, line[:, axis])
    result[-1] = points[-1]
    return result


def simplify(points: ArrayLike, n: int = MAX_TRACE_POINTS) -> Points:
    """Keep the n points that matter most to a line's shape, both ends among them.

    The point whose triangle with its neighbours is smallest goes first (Visvalingam and Whyatt
    1993). Unlike :func:`resample` this keeps corners where they are.

    Args:
        points: (M, 2), M >= 1.
        n: Largest number of points, at least 2.
    """
    points = as_points(points)
    if n < 2:
        raise StudioError(f"a line needs at least 2 points, not {n}")
    while len(points) > n:
        a, b, c = points[:-2], points[1:-1], points[2:]
        areas = np.abs(_cross(b - a, c - a))
        points = np.delete(points, 1 + int(np.argmin(areas)), axis=0)
    return points


def trim_travelled(
    points: ArrayLike,
    position: ArrayLike,
    reached: float = REACHED,
    within: float = float("inf"),
) -> Points:
    """Drop what lies behind the gripper and start the line at the gripper.

    A line may cross itself or come back: of several parts that are equally near, the first one is
    taken, so that the way back is not skipped.

    Args:
        points: (L, 2) the rest of the trace, in model units.
        position: (2,) where the gripper is now.
        reached: Vertices nearer than this are passed.
        within: The gripper cannot be farther than this along the line, from its first point.

    Returns:
        (K, 2): the position and the vertices ahead; (1, 2) once the last vertex is reached.
    """
    points, position = as_points(points), as_points(position)
    ahead = points[1:]
    if len(ahead):
        places = _on_edges(points, position)
        distance = np.linalg.norm(places - position, axis=1)
        along = arc_length(points)[:-1] + np.linalg.norm(places - points[:-1], axis=1)
        along[0] = 0.0  # it was on the first edge, so it can still be
        distance[along > within] = np.inf
        ahead = points[1 + int(np.argmax(distance <= distance.min() + reached)) :]
    while len(ahead) and np.linalg.norm(ahead[0] - position) < reached:
        ahead = ahead[1:]
    return np.vstack([position, ahead])


def follow_line(rest: ArrayLike, position: ArrayLike, reached: float = REACHED) -> Points:
    """Return what is left of a line after the gripper moved on: from the gripper to what is ahead.

    This is how a drawn trace is kept from one inference to the next. The gripper was at the line's
    first point and can have come along it only about as far as it moved. Parts that lie farther
    ahead are not taken for its place however near they are: where a line crosses itself, leads past
    its own end, or goes to an object and back, nothing between is skipped.

    Args:
        rest: (L, 2) what was left before, in model units, L >= 1; at first the drawn line.
        position: (2,) where the gripper is now.
        reached: Vertices nearer than this are passed.

    Returns:
        (K, 2), 2 <= K <= 5, as :func:`remaining_line`.
    """
    rest, position = as_points(rest), as_points(position)
    moved = float(np.linalg.norm(position - rest[0]))
    return remaining_line(rest, position, reached, HASTE * (moved + reached))


def remaining_line(
    points: ArrayLike,
    position: ArrayLike,
    reached: float = REACHED,
    within: float = float("inf"),
) -> Points:
    """Return the line that a steered model is shown next: from the gripper to what lies ahead.

    The end of a drawn line marks the object, and the arm still has to close on it and lift when the
    gripper is there. So the last vertex stays, and the line has at least two points.

    Args:
        points: (L, 2) the drawn trace, in model units.
        position: (2,) where the gripper is now.
        reached: Vertices nearer than this are passed.
        within: The gripper cannot be farther than this along the line, from its first point.

    Returns:
        (K, 2), 2 <= K <= 5.
    """
    rest = trim_travelled(points, position, reached, within)
    if len(rest) < 2:
        rest = np.vstack([rest, as_points(points)[-1:]])
    return rest if len(rest) <= MAX_TRACE_POINTS else resample(rest)


def nearest_vertex(points: ArrayLike, position: ArrayLike) -> tuple[int, float]:
    """Return the index of the vertex nearest to a position, and its distance.

    Raises:
        StudioError: If there is no vertex.
    """
    points = as_points(points)
    if not len(points):
        raise StudioError("this line has no points")
    distance = np.linalg.norm(points - as_points(position), axis=1)
    index = int(np.argmin(distance))
    return index, float(distance[index])


def nearest_edge(points: ArrayLike, position: ArrayLike) -> tuple[int, Points, float]:
    """Return the edge nearest to a position.

    Returns:
        Index of the vertex that the edge starts at, the (2,) nearest place on it, its distance.

    Raises:
        StudioError: If there are fewer than two points.
    """
    points, position = as_points(points), as_points(position)
    if len(points) < 2:
        raise StudioError("this line has no edges; it needs two points")
    places = _on_edges(points, position)
    distance = np.linalg.norm(places - position, axis=1)
    index = int(np.argmin(distance))
    return index, places[index], float(distance[index])


def insert(points: ArrayLike, index: int, position: ArrayLike) -> Points:
    """Return the line with one more vertex in front of the one at index."""
    points = as_points(points)
    _check_index(index, len(points) + 1)
    return np.insert(points, index, as_points(position), axis=0)


def move(points: ArrayLike, index: int, position: ArrayLike) -> Points:
    """Return the line with one vertex moved."""
    points = as_points(points).copy()
    _check_index(index, len(points))
    points[index] = as_points(position)
    return points


def remove(points: ArrayLike, index: int) -> Points:
    """Return the line without one vertex."""
    points = as_points(points)
    _check_index(index, len(points))
    return np.delete(points, index, axis=0)


def reverse(points: ArrayLike) -> Points:
    """Return the line from its end to its start."""
    return as_points(points)[::-1].copy()


def straighten(points: ArrayLike) -> Points:
    """Return as many points at even distances on the straight line between the ends."""
    points = as_points(points)
    if len(points) < 2:
        return points.copy()
    return points[:1] + (points[-1:] - points[:1]) * np.linspace(0.0, 1.0, len(points))[:, None]


def start_at(points: ArrayLike, place: ArrayLike, reached: float = REACHED) -> Points:
    """Return the line led to where it should start.

    A place on the line cuts off what lies behind it. Otherwise the place becomes a new first point
    where there is room for one, and else the first point moves there.

    Args:
        points: (L, 2) in model units, L <= 5.
        place: (2,) where the line should start.
        reached: How near to the line counts as on it.
    """
    points, place = as_points(points), as_points(place)
    if len(points) > 1 and nearest_edge(points, place)[2] <= reached:
        return remaining_line(points, place, reached)
    return insert(points, 0, place) if len(points) < MAX_TRACE_POINTS else move(points, 0, place)


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


def _cross(a: Points, b: Points) -> NDArray[np.float64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _on_edges(points: Points, position: Points) -> Points:
    """Return the place on every edge that is nearest to a position, (L - 1, 2)."""
    start, along = points[:-1], np.diff(points, axis=0)
    length = (along**2).sum(axis=1)
    at = ((position - start) * along).sum(axis=1) / np.where(length > 0, length, 1.0)
    return start + np.clip(at, 0.0, 1.0)[:, None] * along


def _check_index(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise StudioError(f"the line has no vertex {index}; it has 0 to {count - 1}")


def _last_pixel(size: tuple[int, int]) -> NDArray[np.float64]:
    width, height = size
    if width < 1 or height < 1:
        raise StudioError(f"an image cannot be {width} x {height} pixels large")
    return np.array([width - 1, height - 1], dtype=np.float64)
