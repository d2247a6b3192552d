"""Edges that a drawn point may snap to: outlines of objects in the picture and steps in its depth.

An :class:`EdgeField` is made once per picture: Canny's thinned gradient maxima of the grey picture
and of the depth map stretched over it. On a busy core that takes 5 ms for 320 x 240 and 60 ms for
1280 x 720 pixels, so the studio makes it outside its event loop. :func:`nearest` looks at a small
window only and takes some 70 µs there. Both are deterministic: of two edges that are equally near,
the stronger one wins, then the upper left one.

Coordinates are those of :mod:`core.camera`: (0, 0) is the corner of the first pixel, whose centre
is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import DepthMap, StudioError

_NOISE = 1.2
"""Blur against the camera's noise [px]."""

_WEAK = 24.0
"""Grey levels over about a pixel that an edge has at least, when it hangs on a strong one."""

_STRONG = 60.0
"""Grey levels over about a pixel that an edge starts with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeField:
    """Where a picture has edges, and how strong they are.

    Attributes:
        strength: (H, W) float32, 0 where there is no edge.
    """

    strength: NDArray[np.float32]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture [px]."""
        return self.strength.shape[1], self.strength.shape[0]


def edge_field(image: NDArray[np.uint8], depth: DepthMap | None = None) -> EdgeField:
    """Find the edges of a picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        depth: Its depth map, of any size, if there is one.

    Raises:
        StudioError: If the image has another shape.
    """
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise StudioError(f"an image has shape {image.shape}; expected (H, W, 3)")
    strength = _edges(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    if depth is not None:
        size = image.shape[1], image.shape[0]
        stretched = cv2.resize(_nearness(depth), size, interpolation=cv2.INTER_LINEAR)
        strength = np.maximum(strength, _edges(stretched))
    return EdgeField(strength=strength)


def nearest(field: EdgeField, position: ArrayLike, radius: float) -> NDArray[np.float64] | None:
    """Return the nearest edge around a position.

    Args:
        field: Edges of the picture.
        position: (2,) coordinates in it [px].
        radius: How far it may be [px].

    Returns:
        (2,) centre of a pixel on an edge, or None when there is none within the radius.
    """
    x, y = np.asarray(position, dtype=np.float64)
    if not (np.isfinite(x) and np.isfinite(y) and radius > 0):
        return None
    width, height = field.size
    left, top = max(int(x - radius), 0), max(int(y - radius), 0)
    right, bottom = min(int(x + radius) + 1, width), min(int(y + radius) + 1, height)
    if left >= right or top >= bottom:
        return None
    window = field.strength[top:bottom, left:right]
    rows, columns = np.nonzero(window)
    gaps = np.hypot(columns + left + 0.5 - x, rows + top + 0.5 - y)
    within = gaps <= radius
    if not within.any():
        return None
    order = np.lexsort((-window[rows, columns][within], gaps[within]))
    row, column = rows[within][order[0]], columns[within][order[0]]
    return np.array([column + left + 0.5, row + top + 0.5], dtype=np.float64)


def _nearness(depth: DepthMap) -> NDArray[np.uint8]:
    """Return a depth map as grey levels, linear in inverse distance, over its full range."""
    values = np.asarray(depth.values, dtype=np.float64)
    near = 1.0 / np.maximum(values, 1e-3) if depth.metric else values
    near = np.where(np.isfinite(near), near, 0.0)
    low, high = float(near.min()), float(near.max())
    return (255.0 * (near - low) / max(high - low, 1e-12)).astype(np.uint8)


def _edges(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Return the gradient [grey levels] where it is a strong thin ridge, and 0 elsewhere."""
    smooth = cv2.GaussianBlur(grey, (0, 0), _NOISE)
    across = cv2.Sobel(smooth, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(smooth, cv2.CV_16S, 0, 1)
    thin = cv2.Canny(across, down, _WEAK, _STRONG, L2gradient=True)
    size = np.hypot(across.astype(np.float32), down.astype(np.float32))
    return np.where(thin > 0, size, np.float32(0.0)).astype(np.float32)
