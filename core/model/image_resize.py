"""Resizing and normalising pictures the way each pre-trained encoder saw them.

The released code resizes with torchvision, that is with torch's float32 interpolation
(``align_corners=False``) and, for the integer modes, rounding back to uint8. The antialiased modes
call torch. Plain bilinear is computed here: torch picks another kernel when it runs on one thread,
whose last bit tips a few roundings, and a picture must not change with the number of threads.
Checked pixel by pixel against the reference in tests/core/model/test_image_processing.py.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from core.types import StudioError

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

RESIZE_MODES = ("default", "siglip", "metaclip", "dino")
CLIP_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
CLIP_STD = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
SMALL_OUTPUT = 128
"""Up to this height plus width torch has a third kernel, the same for any number of threads."""
IMAGENET_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


class ImageError(StudioError):
    """A picture or a processor setting that cannot be used."""


def _fused(a: Pixels, weight_a: Pixels, b: Pixels, weight_b: Pixels) -> Pixels:
    """Return a * weight_a + b * weight_b with one rounding for the first product and the sum."""
    second = (b * weight_b).astype(np.float64)
    return (a.astype(np.float64) * weight_a + second).astype(np.float32)


def _taps(length: int, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Pixels, Pixels]:
    """Return the two source positions and their weights for each of ``wanted`` samples."""
    scale = np.float64(np.float32(length) / np.float32(wanted))
    at = (scale * (np.arange(wanted) + 0.5) - 0.5).astype(np.float32).clip(0)
    first = np.minimum(at.astype(np.intp), length - 1)
    weight = np.clip(at - first.astype(np.float32), 0, 1, dtype=np.float32)
    return first, np.minimum(first + 1, length - 1), np.float32(1) - weight, weight


def _bilinear(image: NDArray[np.uint8], size: tuple[int, int]) -> Pixels:
    """Resize (H, W, 3) without antialiasing, bit for bit as torch does on several threads."""
    pixels = image.astype(np.float32)
    if image.shape[:2] == size:
        return pixels
    if sum(size) <= SMALL_OUTPUT:
        return _torch_resize(pixels, size, "bilinear", antialias=False)
    left, right, near, far = _taps(image.shape[1], size[1])
    pixels = _fused(pixels[:, left], near[:, None], pixels[:, right], far[:, None])
    top, bottom, near, far = _taps(image.shape[0], size[0])
    return _fused(pixels[top], near[:, None, None], pixels[bottom], far[:, None, None])


def _torch_resize(
    pixels: Pixels, size: tuple[int, int], mode: str, *, antialias: bool = True
) -> Pixels:
    """Resize (H, W, 3) by torch, "bilinear" or "bicubic"."""
    if pixels.shape[:2] == size:
        return pixels
    planes = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    planes = F.interpolate(planes, size, mode=mode, align_corners=False, antialias=antialias)
    return planes[0].permute(1, 2, 0).numpy()


def _resize_integer(image: NDArray[np.uint8], size: tuple[int, int], mode: str) -> Pixels:
    """Squash to ``size``, rounding to whole grey levels; returns 0..1."""
    if mode == "siglip":
        pixels = _bilinear(image, size)
    else:
        pixels = _torch_resize(image.astype(np.float32), size, "bicubic")
    levels: Pixels = np.rint(pixels).clip(0, 255)
    return (levels / np.float32(255.0)).astype(np.float32, copy=False)


def _resize_padded(
    image: NDArray[np.uint8], size: tuple[int, int], pad_value: float
) -> tuple[Pixels, Mask]:
    """Fit into ``size`` keeping the aspect ratio, centred; returns 0..1 and where pixels are."""
    height, width = image.shape[:2]
    # float32 throughout: the last bit decides the rounded-down size of some pictures.
    scale = min(np.float32(size[1]) / np.float32(width), np.float32(size[0]) / np.float32(height))
    inner = int(np.float32(height) * scale), int(np.float32(width) * scale)
    pixels = _torch_resize(image.astype(np.float32) / np.float32(255.0), inner, "bilinear")
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    padded = np.full((*size, 3), pad_value, dtype=np.float32)
    mask = np.zeros(size, dtype=np.bool_)
    region = slice(top, top + inner[0]), slice(left, left + inner[1])
    padded[region] = pixels.clip(0.0, 1.0)
    mask[region] = True
    return padded, mask


def resize_image(
    image: NDArray[np.uint8], size: tuple[int, int], mode: str, pad_value: float = 0.0
) -> tuple[Pixels, Mask]:
    """Resize a picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        size: (height, width) [px] of the result.
        mode: "siglip" (bilinear squash), "metaclip" or "dino" (bicubic squash), "default" (fit and
            pad, CLIP).
        pad_value: Value of the padding, 0..1, for "default".

    Returns:
        (height, width, 3) float32 in 0..1 and (height, width) bool, False on padding.
    """
    if mode == "default":
        return _resize_padded(image, size, pad_value)
    if mode not in RESIZE_MODES:
        raise ImageError(f"resize_mode is '{mode}'; expected one of {RESIZE_MODES}")
    return _resize_integer(image, size, mode), np.ones(size, dtype=np.bool_)


def normalize_image(pixels: Pixels, mode: str) -> Pixels:
    """Normalise (H, W, 3) float32 of 0..1: "siglip" to -1..1, the others by mean and deviation."""
    if mode == "siglip":
        return np.float32(-1.0) + np.float32(2.0) * pixels
    if mode == "dino":
        return (pixels - IMAGENET_MEAN) / IMAGENET_STD
    if mode in ("default", "openai", "metaclip", "clip"):
        return (pixels - CLIP_MEAN) / CLIP_STD
    raise ImageError(f"normalize_mode is '{mode}'; expected one of {RESIZE_MODES}")
