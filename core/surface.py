"""A depth map as a surface in space: a fixed number of points, each knowing its depth token.

Made for a display: the number of points never changes, so a graphics card's buffers are filled
again instead of made anew, and everything a display needs is worked out here, away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.depth import GRID, cell_depths, distances, paint_nearness
from core.pointcloud import ASSUMED_FAR, ASSUMED_NEAR, back_project, edges
from core.types import DepthMap, StudioError

SIDE = 160
"""Points along each side; a multiple of the 10 cells of the depth grid."""

POINTS = SIDE * SIDE
ASSUMED_FOVY = 0.9
"""Vertical angle of a camera that nobody has calibrated [rad]."""

OUTLINE = 32
"""Points around one cell."""

LIFT = 0.99
"""Outlines lie this much nearer to the camera than the surface, so that it does not hide them."""

TEAR = 1.15
"""An outline is broken where its distance jumps by more than this factor."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """What a depth map looks like in space.

    Attributes:
        points: (POINTS, 3) float32 in the robot's base frame, or in the camera's own frame with z
            up when it is not calibrated [m]. A place without a measured distance repeats another
            point, which changes nothing in an opaque picture.
        colours: (POINTS, 4) float32 RGBA of the picture, 0..1.
        shades: (POINTS, 4) float32 RGBA by depth, near is bright.
        sizes: (POINTS,) float32 width of the patch that each point stands for [m].
        cells: (POINTS,) int16 depth token of each point, 0..99.
        outlines: (100, OUTLINE, 2, 3) float32 edges of every cell as pairs of points [m]; NaN
            where the surface is torn.
        depths: (10, 10) float32 median of every cell, in the map's unit.
        span: Nearest and farthest distance [m].
        metric: Whether distances are true.
        placed: Whether the points are in the robot's base frame.
    """

    points: NDArray[np.float32]
    colours: NDArray[np.float32]
    shades: NDArray[np.float32]
    sizes: NDArray[np.float32]
    cells: NDArray[np.int16]
    outlines: NDArray[np.float32]
    depths: NDArray[np.float32]
    span: tuple[float, float]
    metric: bool
    placed: bool


def assumed_camera(width: int, height: int) -> CameraModel:
    """Return a level camera at the origin that looks along x, for pictures of an unknown one."""
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    return CameraModel.from_fov(width=width, height=height, fovy=ASSUMED_FOVY, pose=pose)


def make_surface(
    depth: DepthMap,
    image: NDArray[np.uint8],
    camera: CameraModel | None,
    *,
    near: float = ASSUMED_NEAR,
    far: float = ASSUMED_FAR,
) -> Surface:
    """Lift a depth map for display.

    Args:
        depth: (h, w) depth map; it covers the whole image, whatever its own aspect.
        image: (H, W, 3) uint8 RGB, the first image without a drawn trace.
        camera: Calibration in the robot's base frame; None assumes one (:func:`assumed_camera`).
        near: Distance assumed for the nearest value of a relative map [m].
        far: Distance assumed for the farthest value of a relative map [m].

    Raises:
        StudioError: If the image is none, the map is too small or has no distance at all, or not
            0 < near < far.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise StudioError(f"image is {image.dtype} {image.shape}; expected uint8 (H, W, 3) RGB")
    placed = camera is not None
    camera = camera or assumed_camera(image.shape[1], image.shape[0])
    depths = cell_depths(depth)
    metres = distances(depth, near, far)
    metres = np.where(np.isfinite(metres) & (metres > 0), metres, np.float32(np.nan))
    metres = _resized(metres, cv2.INTER_LINEAR)
    known = np.isfinite(metres)
    if not known.any():
        raise StudioError("The depth map has no distance at all. Think again.")
    shown = known & ~edges(metres)
    index = np.arange(POINTS)
    shown = shown if shown.any() else known
    index = np.where(shown.ravel(), index, np.flatnonzero(shown)[0])
    picture = _resized(image, cv2.INTER_AREA)
    rows, columns = np.divmod(np.arange(POINTS), SIDE)
    cells = (rows * GRID // SIDE * GRID + columns * GRID // SIDE).astype(np.int16)
    return Surface(
        points=back_project(metres, camera).reshape(-1, 3)[index],
        colours=_rgba(picture)[index],
        shades=_rgba(paint_nearness(np.float32(1) / metres))[index],
        sizes=(metres * np.float32(_pitch(camera))).ravel()[index],
        cells=cells[index],
        outlines=_outlines(metres, camera),
        depths=depths,
        span=(float(np.nanmin(metres)), float(np.nanmax(metres))),
        metric=depth.metric,
        placed=placed,
    )


def cell_of(x: float, y: float) -> int:
    """Return the depth token of a place in the picture, both 0..1 from the top left; -1 outside."""
    if not (0 <= x < 1 and 0 <= y < 1):
        return -1
    return int(y * GRID) * GRID + int(x * GRID)


def _pitch(camera: CameraModel) -> float:
    """Return the larger distance between neighbouring points, through their distance."""
    across = camera.width / camera.intrinsics[0, 0]
    return max(across, camera.height / camera.intrinsics[1, 1]) / SIDE


def _resized(picture: NDArray[Any], how: int) -> NDArray[Any]:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=how))


def _rgba(picture: NDArray[np.integer]) -> NDArray[np.float32]:
    result = np.ones((POINTS, 4), np.float32)
    result[:, :3] = picture.reshape(-1, 3).astype(np.float32) / np.float32(255)
    return result


def _outlines(metres: NDArray[np.float32], camera: CameraModel) -> NDArray[np.float32]:
    """Return the edges of all cells, (100, OUTLINE, 2, 3) [m]."""
    cell, quarter = SIDE // GRID, OUTLINE // 4
    along = np.linspace(0, cell - 1, quarter + 1).round().astype(int)[:-1]
    back = cell - 1 - along
    near, far = np.zeros_like(along), np.full_like(along, cell - 1)
    rows = np.concatenate([near, along, far, back])
    columns = np.concatenate([along, far, back, near])
    corner = np.arange(GRID) * cell
    rows = (corner[:, None, None] + rows).repeat(GRID, axis=1).reshape(-1, OUTLINE)
    columns = np.tile(corner[None, :, None] + columns, (GRID, 1, 1)).reshape(-1, OUTLINE)
    ring = metres[rows, columns]
    points = back_project(metres * np.float32(LIFT), camera)[rows, columns]
    following = np.roll(ring, -1, axis=1)
    torn = ~(np.maximum(ring, following) < TEAR * np.minimum(ring, following))
    pairs = np.stack([points, np.roll(points, -1, axis=1)], axis=2)
    pairs[torn] = np.nan
    return np.ascontiguousarray(pairs, dtype=np.float32)
