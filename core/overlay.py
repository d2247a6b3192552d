"""The image a steered model sees: the one place that draws a trace into model input.

The line must look as in training: cyan on RGB, anti-aliased, 2 px thick at the model's image size,
no dots and no arrow. Source: molmoact.md section 2.3.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.trace import as_points, to_pixels
from core.types import StudioError

TRACE_COLOUR = (0, 255, 255)
TRACE_THICKNESS = 2

DIMMED = 3
"""What did not change is shown at this fraction of its brightness."""


def draw_trace(
    image: NDArray[np.uint8], points: ArrayLike, thickness: int = TRACE_THICKNESS
) -> NDArray[np.uint8]:
    """Draw a trace on a copy of an image.

    Args:
        image: (H, W, 3) uint8 RGB, already at the size that the model is given.
        points: (L, 2) in 0..255, L >= 2; points beyond the image are moved to its border.
        thickness: Width of the line [px].

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        StudioError: If there are fewer than two points. The reference then draws nothing, and its
            prompt speaks of a line that is not there.
    """
    points = as_points(points)
    if points.ndim != 2 or len(points) < 2:
        raise StudioError("a trace needs at least two points to be drawn")
    if not np.isfinite(points).all():
        raise StudioError("a trace point is not finite")
    result = _checked(image).copy()
    height, width = result.shape[:2]
    pixels = np.rint(to_pixels(points, (width, height)))
    pixels = np.clip(pixels, 0, (width - 1, height - 1)).astype(int).tolist()
    for start, end in pairwise(pixels):
        cv2.line(result, start, end, TRACE_COLOUR, thickness, cv2.LINE_AA)
    return result


def difference(clean: NDArray[np.uint8], drawn: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Show which pixels of an image differ from the clean one.

    Args:
        clean: (H, W, 3) uint8 RGB.
        drawn: (H, W, 3) uint8 RGB of the same size.

    Returns:
        (H, W, 3) uint8 RGB, the differing pixels as they are in ``drawn`` and all others grey and
        dark; and how many pixels differ.

    Raises:
        StudioError: If the sizes differ.
    """
    clean, drawn = _checked(clean), _checked(drawn)
    if clean.shape != drawn.shape:
        raise StudioError(
            f"images of {clean.shape[1]} x {clean.shape[0]} and {drawn.shape[1]} x "
            f"{drawn.shape[0]} pixels cannot be compared"
        )
    # This follows a line while it is drawn, so it is written for speed.
    distance = np.asarray(cv2.absdiff(clean, drawn), dtype=np.uint8)
    changed = (distance[..., 0] | distance[..., 1] | distance[..., 2]) != 0
    grey = cv2.cvtColor(clean, cv2.COLOR_RGB2GRAY) // DIMMED
    result = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    result[changed] = drawn[changed]
    return result, int(np.count_nonzero(changed))


def prepare_frame(image: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Bring a camera frame to the size that the model's images have.

    Args:
        image: (H, W, 3) uint8 RGB.
        size: Width and height [px]; None leaves the frame as it is.

    Returns:
        (h, w, 3) uint8 RGB, averaged over the area of each new pixel; possibly the input itself.
    """
    image = _checked(image)
    if size is None or image.shape[1::-1] == tuple(size):
        return image
    if min(size) < 1:
        raise StudioError(f"an image cannot be {size[0]} x {size[1]} pixels large")
    return np.asarray(cv2.resize(image, tuple(size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _checked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise StudioError(f"image is {image.dtype} {image.shape}; expected uint8 (H, W, 3) RGB")
    return np.ascontiguousarray(image)
