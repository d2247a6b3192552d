"""Depth maps: what the decoded depth tokens mean, and how they are shown.

The decoder yields values in -1..1, larger is nearer. A released model's values are relative inverse
depth without a scale; a model trained here knows the near and far distance that -1..1 stands for.
Source: molmoact.md sections 5.2 and 5.3.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import DEPTH_CODES, DepthMap, StudioError

GRID = 10
"""Depth tokens form a grid of 10 x 10 cells."""


def depth_to_metres(values: ArrayLike, near: float, far: float) -> NDArray[np.float32]:
    """Convert decoded values to distances along the optical axis.

    Args:
        values: Decoder output in -1..1 (clipped), linear in inverse distance.
        near: Distance that 1 stands for [m].
        far: Distance that -1 stands for [m].

    Returns:
        float32 distances of the same shape [m].

    Raises:
        StudioError: If not 0 < near < far.
    """
    _check_range(near, far)
    share = (np.clip(np.asarray(values, dtype=np.float64), -1.0, 1.0) + 1.0) / 2.0
    return (1.0 / (share / near + (1.0 - share) / far)).astype(np.float32)


def metres_to_values(metres: ArrayLike, near: float, far: float) -> NDArray[np.float32]:
    """Convert distances to the values that the depth tokens encode; inverse of depth_to_metres.

    Args:
        metres: Distances along the optical axis [m], clipped to near..far. Zero, negative and NaN
            mean that nothing was measured and count as far.
        near: Distance that 1 stands for [m].
        far: Distance that -1 stands for [m].

    Returns:
        float32 values in -1..1 of the same shape.

    Raises:
        StudioError: If not 0 < near < far.
    """
    _check_range(near, far)
    distance = np.asarray(metres, dtype=np.float64)
    distance = np.clip(np.where(distance > 0, distance, far), near, far)
    share = (1.0 / distance - 1.0 / far) / (1.0 / near - 1.0 / far)
    return (2.0 * share - 1.0).astype(np.float32)


def metric_map(values: ArrayLike, near: float, far: float) -> DepthMap:
    """Build a depth map in metres from decoded values in -1..1, (H, W)."""
    return DepthMap(values=depth_to_metres(values, near, far), metric=True)


def relative_map(values: ArrayLike) -> DepthMap:
    """Build a relative depth map, 0 (farthest) to 1 (nearest), from decoded values (H, W).

    The values are stretched over 0..1 per picture, as the reference shows them. A picture without
    any contrast becomes 0 everywhere.
    """
    array = np.asarray(values, dtype=np.float64)
    low, high = float(array.min()), float(array.max())
    share = (array - low) / max(high - low, 1e-12)
    return DepthMap(values=share.astype(np.float32), metric=False)


def distances(depth: DepthMap, near: float, far: float) -> NDArray[np.float32]:
    """Return distances along the optical axis [m], (H, W).

    Args:
        depth: A depth map. A metric one is returned as it is.
        near: Distance assumed for the nearest relative value [m].
        far: Distance assumed for the farthest relative value [m].
    """
    if depth.metric:
        return depth.values
    return depth_to_metres(2.0 * depth.values - 1.0, near, far)


def colourise(depth: DepthMap) -> NDArray[np.uint8]:
    """Paint a depth map for display, near is bright: (H, W, 3) uint8 RGB."""
    values = depth.values
    nearness = 1.0 / np.maximum(values, np.float32(1e-3)) if depth.metric else values
    return paint_nearness(nearness)


def paint_nearness(nearness: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Paint inverse distances, stretched over the picture: (H, W) to (H, W, 3) uint8 RGB.

    What is not finite counts as far.
    """
    finite = np.where(np.isfinite(nearness), nearness, np.float32(0))
    low, high = float(finite.min()), float(finite.max())
    share = (finite - low) * np.float32(255.0 / max(high - low, 1e-12))
    painted = cv2.applyColorMap(share.astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return np.ascontiguousarray(painted[..., ::-1], dtype=np.uint8)


def cell_depths(depth: DepthMap) -> NDArray[np.float32]:
    """Return the median value of every cell of the depth grid, (10, 10) float32.

    The unit is that of the map; NaN where a cell has no finite value.

    Raises:
        StudioError: If the map has fewer than 10 rows or columns.
    """
    height, width = depth.values.shape
    if min(height, width) < GRID:
        raise StudioError(f"depth map is {width} x {height}; expected at least {GRID} x {GRID}")
    values = np.where(np.isfinite(depth.values), depth.values, np.float32(np.nan))
    result = np.full((GRID, GRID), np.nan, np.float32)
    for row, strip in enumerate(np.array_split(values, GRID, axis=0)):
        for column, cell in enumerate(np.array_split(strip, GRID, axis=1)):
            if not np.isnan(cell).all():
                result[row, column] = np.nanmedian(cell)
    return result


def change_mask(before: ArrayLike, now: ArrayLike) -> NDArray[np.bool_]:
    """Return which cells of the depth grid differ between two answers, (10, 10) bool.

    Args:
        before: (100,) earlier codes.
        now: (100,) present codes.

    Raises:
        StudioError: If either does not have 100 codes.
    """
    pair = [np.asarray(codes) for codes in (before, now)]
    for codes in pair:
        if codes.shape != (DEPTH_CODES,):
            raise StudioError(f"depth codes have shape {codes.shape}; expected ({DEPTH_CODES},)")
    return (pair[0] != pair[1]).reshape(GRID, GRID)


def _check_range(near: float, far: float) -> None:
    if not (np.isfinite(near) and np.isfinite(far) and 0 < near < far):
        raise StudioError(f"depth runs from {near} to {far} m; expected 0 < near < far")
