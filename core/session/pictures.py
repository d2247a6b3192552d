"""Pictures in the log, in the encodings that Foxglove's image schemas allow."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

JPEG_QUALITY = 90


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3) uint8 RGB with small losses."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3) uint8 RGB exactly, fast rather than small."""
    return _encode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Decode JPEG or PNG.

    Returns:
        (H, W, 3) uint8 RGB, read-only.

    Raises:
        StudioError: If the bytes are no picture.
    """
    image: Any = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise StudioError("a picture in the log is damaged")
    rgb = np.ascontiguousarray(image[..., ::-1])
    rgb.setflags(write=False)
    return rgb


def is_picture(array: NDArray[Any]) -> bool:
    """Whether an array is an RGB picture rather than a few numbers."""
    return array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3


def is_map(array: NDArray[Any]) -> bool:
    """Whether an array is a map of floats, such as depth, rather than a few numbers."""
    return array.dtype == np.float32 and array.ndim == 2


def _encode(kind: str, image: NDArray[np.uint8], options: list[int]) -> bytes:
    ok, data = cv2.imencode(kind, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not ok:
        raise StudioError(f"a picture of shape {image.shape} cannot be encoded")
    return data.tobytes()
