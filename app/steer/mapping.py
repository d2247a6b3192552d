"""Between trace coordinates (0..255 across the image) and the scene of the picture.

``core.trace`` speaks of pixel indices, where (0, 0) is the centre of the first pixel; the scene has
its origin at that pixel's corner, half a pixel further up and left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core import trace

HALF_PIXEL = 0.5


def scene_from_model(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Map (L, 2) trace points to scene coordinates of an image of (width, height) [px]."""
    return trace.to_pixels(points, size) + HALF_PIXEL


def model_from_scene(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Map (L, 2) scene coordinates to trace points; what lies outside goes to the edge."""
    limit = np.array(size, dtype=np.float64) - 1
    pixels = np.clip(np.asarray(points, dtype=np.float64) - HALF_PIXEL, 0, limit)
    return np.clip(trace.to_model(pixels, size), 0, 255)
