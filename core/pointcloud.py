"""From a depth map and a picture to coloured points in the robot's base frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.camera import CameraModel
from core.depth import distances
from core.trace import to_pixels
from core.types import DepthMap, StudioError

ASSUMED_NEAR = 0.5
ASSUMED_FAR = 2.0
"""Distances [m] that a relative depth map is stretched over when nobody knows better."""

JUMP = 1.05
"""Neighbours in a map of 320 pixels whose distances differ by more than this factor lie on
different surfaces; in a coarser map neighbours are further apart, and may differ more."""

MAP_SIZE = 320


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointCloud:
    """Coloured points.

    Attributes:
        points: (N, 3) float32 in the camera's parent frame, usually the robot's base [m].
        colours: (N, 3) float32 RGB, 0..1.
        metric: Whether the depth was metric; otherwise the scale is an assumption.
        label: What to write beside it.
    """

    points: NDArray[np.float32]
    colours: NDArray[np.float32]
    metric: bool
    label: str

    def __post_init__(self) -> None:
        if self.points.shape != self.colours.shape or self.points.shape[1:] != (3,):
            raise ValueError(
                f"points {self.points.shape} and colours {self.colours.shape} must be (N, 3)"
            )
        self.points.setflags(write=False)
        self.colours.setflags(write=False)


def lift(
    depth: DepthMap,
    image: NDArray[np.uint8],
    camera: CameraModel,
    *,
    near: float = ASSUMED_NEAR,
    far: float = ASSUMED_FAR,
    voxel: float | None = None,
    keep_edges: bool = False,
) -> PointCloud:
    """Lift every value of a depth map to a coloured point.

    Args:
        depth: (h, w) depth map; it covers the whole image, whatever its own aspect.
        image: (H, W, 3) uint8 RGB, the first image without a drawn trace.
        camera: Calibration of the camera; any resolution of the same view.
        near: Distance assumed for the nearest value of a relative map [m].
        far: Distance assumed for the farthest value of a relative map [m].
        voxel: Merge points within cells of this size [m].
        keep_edges: Keep the points between two surfaces, which the decoder smears along the view.

    Raises:
        StudioError: If the image is none, or not 0 < near < far.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise StudioError(f"image is {image.dtype} {image.shape}; expected uint8 (H, W, 3) RGB")
    metres = np.ascontiguousarray(distances(depth, near, far), dtype=np.float32)
    valid = np.isfinite(metres) & (metres > 0)
    if not keep_edges:
        valid &= ~edges(metres)
    height, width = metres.shape
    colour = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    points = back_project(np.where(valid, metres, np.float32(np.nan)), camera)[valid]
    colours = colour[valid].astype(np.float32) / np.float32(255)
    if voxel is not None and len(points):
        points, colours = _merge(points, colours, voxel)
    return PointCloud(
        points=points,
        colours=colours,
        metric=depth.metric,
        label="metric" if depth.metric else f"relative, assumed {near:g} to {far:g} m",
    )


def lift_trace(
    points: ArrayLike,
    depth: DepthMap,
    camera: CameraModel,
    *,
    near: float = ASSUMED_NEAR,
    far: float = ASSUMED_FAR,
) -> NDArray[np.float32]:
    """Lay a trace onto the surface that a depth map shows.

    A trace is flat: it says nothing about height. This shows where its line of sight ends, not
    where the gripper will be.

    Args:
        points: (L, 2) in 0..255.
        depth: (h, w) depth map of the same image.
        camera: Calibration of the camera.
        near: Distance assumed for the nearest value of a relative map [m].
        far: Distance assumed for the farthest value of a relative map [m].

    Returns:
        (L, 3) float32 in the camera's parent frame [m].
    """
    metres = distances(depth, near, far)
    height, width = metres.shape
    cells = np.rint(to_pixels(points, (width, height)))
    cells = np.clip(cells, 0, (width - 1, height - 1)).astype(int)
    pixels = to_pixels(points, (camera.width, camera.height)) + 0.5
    return camera.back_project(pixels, metres[cells[:, 1], cells[:, 0]]).astype(np.float32)


def back_project(metres: NDArray[np.floating], camera: CameraModel) -> NDArray[np.float32]:
    """Lift every value of a map of distances that covers the camera's whole image.

    Args:
        metres: (h, w) distances along the optical axis [m].
        camera: Calibration of the camera; any resolution of the same view.

    Returns:
        (h, w, 3) float32 in the camera's parent frame [m]; NaN where a distance is.
    """
    height, width = metres.shape
    x = (np.arange(width) + 0.5) * (camera.width / width)
    y = (np.arange(height) + 0.5) * (camera.height / height)
    pixels = np.stack(np.meshgrid(x, y), axis=-1)
    return camera.back_project(pixels, metres).astype(np.float32)


def edges(metres: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where a pixel's distance jumps against one of its four neighbours."""
    found = np.zeros(metres.shape, dtype=bool)
    limit = np.log(JUMP) * MAP_SIZE / max(metres.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(metres)
        across = np.abs(np.diff(log, axis=1)) > limit
        down = np.abs(np.diff(log, axis=0)) > limit
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found


def _merge(
    points: NDArray[np.float32], colours: NDArray[np.float32], size: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean point and colour of every occupied cube of an edge length [m]."""
    cubes = np.floor((points - points.min(axis=0)) / size).astype(np.int64)
    _, where, counts = np.unique(cubes, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), 6))
    np.add.at(sums, where.ravel(), np.concatenate([points, colours], axis=1))
    means = (sums / counts[:, None]).astype(np.float32)
    return means[:, :3], means[:, 3:]
