"""Varied pictures, and everything that refers to them varied alike.

As in the paper's post-training (molmoact.md 7.2) a crop of fixed shape is cut out and enlarged to
the picture's size, then brightness, contrast, saturation and hue change a little. Unlike in the
released code the trace moves with the crop, and a drawn trace is drawn afterwards, so that its line
looks as it does when the model is steered.

Depth codes describe the whole picture. Where the data set still has the depth map that they were
made of, and the model the codec, the crop's map is encoded anew; otherwise the annotated picture of
a sample that answers with depth is not cropped, and only its colours change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.stroke import fit
from core.trace import to_pixels
from core.types import MAX_TRACE_POINTS, TRACE_MAX
from robot.sim.sketch import any_hand, sketch
from training.finetune.preset import Augment

TREMBLING = 3.0
"""What the studio takes for trembling when it fits points to a stroke [0..255 units]."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A part of a picture that is enlarged to the whole picture's size.

    Attributes:
        left: Its left edge [px from the picture's left edge].
        top: Its upper edge [px].
        width: Its width [px].
        height: Its height [px].
    """

    left: float
    top: float
    width: float
    height: float

    def picture(self, image: Picture) -> Picture:
        """Cut the part out and enlarge it, (H, W, 3) uint8 to the same."""
        height, width = image.shape[:2]
        across, down = width / self.width, height / self.height
        # pixel centres lie half a pixel from the edges, before and after
        matrix = np.array(
            [
                [across, 0.0, -self.left * across + 0.5 * across - 0.5],
                [0.0, down, -self.top * down + 0.5 * down - 0.5],
            ]
        )
        return np.asarray(
            cv2.warpAffine(
                image, matrix, (width, height), flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            dtype=np.uint8,
        )  # fmt: skip

    def part_of_map(
        self, values: NDArray[np.float32], size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Cut the same part out of a map of another size, enlarged to the map's own size.

        Args:
            values: (H, W) map of the whole picture.
            size: Width and height of the picture that this crop was drawn for [px].
        """
        height, width = values.shape
        share = np.array([width / size[0], height / size[1]])
        start = np.array([self.left, self.top]) * share
        span = np.array([self.width, self.height]) * share
        # nearest neighbours: a mean of two distances is a place where nothing is
        x = start[0] + (np.arange(width) + 0.5) * span[0] / width
        y = start[1] + (np.arange(height) + 0.5) * span[1] / height
        columns = np.clip(x.astype(int), 0, width - 1)
        rows = np.clip(y.astype(int), 0, height - 1)
        return values[rows[:, None], columns]

    def trace(self, points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Move a trace along; points outside of the part go to its border.

        Args:
            points: (L, 2) in 0..255 of the whole picture.
            size: Width and height of the picture [px].

        Returns:
            (L, 2) in 0..255 of the part.
        """
        pixels = to_pixels(points, size) + 0.5  # centres to edges
        scale = np.array([size[0] / self.width, size[1] / self.height])
        moved = (pixels - (self.left, self.top)) * scale - 0.5
        last = np.maximum(np.array(size, dtype=np.float64) - 1.0, 1.0)
        return np.clip(moved * TRACE_MAX / last, 0.0, TRACE_MAX)


def random_crop(rng: np.random.Generator, size: tuple[int, int], settings: Augment) -> Crop:
    """Draw a crop of the picture's own shape.

    Args:
        rng: Source of randomness.
        size: Width and height of the picture [px].
        settings: Range of the area.
    """
    share = math.sqrt(rng.uniform(settings.crop_least, settings.crop_most))
    width, height = size[0] * share, size[1] * share
    left, top = rng.uniform(0.0, size[0] - width), rng.uniform(0.0, size[1] - height)
    return Crop(left=left, top=top, width=width, height=height)


def jitter_colours(rng: np.random.Generator, image: Picture, settings: Augment) -> Picture:
    """Change brightness, contrast, saturation and hue by random amounts."""
    brightness, contrast, saturation = (
        1.0 + rng.uniform(-reach, reach)
        for reach in (settings.brightness, settings.contrast, settings.saturation)
    )
    turn = rng.uniform(-settings.hue, settings.hue)
    pixels = image.astype(np.float32) * np.float32(brightness)
    grey = _grey(pixels)
    pixels = (pixels - grey.mean()) * np.float32(contrast) + grey.mean()
    grey = _grey(pixels)[..., None]
    pixels = np.clip((pixels - grey) * np.float32(saturation) + grey, 0.0, 255.0)
    if turn:
        hsv = cv2.cvtColor(pixels / np.float32(255.0), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + np.float32(360.0 * turn)) % 360.0
        pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255.0)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def drawn_by_hand(rng: np.random.Generator, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw a trace as somebody would, and fit points to the stroke as the studio does.

    Args:
        rng: Source of randomness.
        points: (L, 2) in 0..255, L >= 2.

    Returns:
        (K, 2) in 0..255, 2 <= K <= 5.
    """
    stroke = sketch(rng, points, any_hand(rng))
    fitted = fit(stroke, TREMBLING, int(rng.integers(2, MAX_TRACE_POINTS + 1)))
    return points if len(fitted) < 2 else fitted


def _grey(pixels: NDArray[np.floating]) -> NDArray[np.floating]:
    return pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
