"""H.264 in MP4: one way to encode for every export, and nothing in the file but the pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

ENCODERS = ("libx264", "libopenh264")
"""PyAV's own wheels have the first; a build without GPL parts may have the second."""

QUALITY = 20
"""Constant rate factor; 18 is visually lossless for most people."""

Shaper = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class VideoFile:
    """Writes pictures of one size to ``path`` through ``path.part``.

    The file carries no date, no tags and no name of a program beyond what H.264 itself holds.

    Attributes:
        path: Name of the finished file.
        size: (width, height) [px].
        pictures: How many were added.
        content: SHA-256 of the pictures as they were handed to the encoder. The file's own bytes
            are no fingerprint: x264 was seen to write others for the same pictures now and then.
    """

    def __init__(
        self, path: Path, *, size: tuple[int, int], fps: int, keyframe_every: int | None = None
    ) -> None:
        """Open the file.

        Args:
            path: Name of the finished file; an existing one is replaced at the end.
            size: (width, height) [px]; both even, as H.264 halves the colour.
            fps: Pictures per second.
            keyframe_every: Pictures from one that stands for itself to the next; a second's worth
                by default. Fewer make the file larger and seeking faster.

        Raises:
            StudioError: If there is no H.264 encoder, or the file cannot be made.
        """
        import av  # 100 MB of libraries that only a video needs

        self.path, self.size, self.pictures = path, size, 0
        self.content = hashlib.sha256()
        self._part = path.with_name(f".{path.name}.part")
        self._av, self._base = av, Fraction(1, fps)
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        try:
            self._part.touch()  # libav opens it only with the first picture
            self._file: Any = av.open(str(self._part), "w", format="mp4", options=options)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            self._stream: Any = self._file.add_stream(_encoder(av), rate=fps)
            self._stream.width, self._stream.height = size
            self._stream.pix_fmt = "yuv420p"
            self._stream.time_base = self._base
            self._stream.codec_context.gop_size = keyframe_every or fps
            self._stream.codec_context.thread_count = 1
            if self._stream.codec_context.name == "libx264":
                quality = {"crf": str(QUALITY), "preset": "veryfast"}
                self._stream.options = quality | {"bf": "0", "sc_threshold": "0"}
        except BaseException:
            self.abandon()
            raise

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Append a picture.

        Args:
            picture: (H, W, 3) uint8 RGB of the file's size.

        Raises:
            StudioError: If it has another size, or the disk is full.
        """
        if picture.shape != (self.size[1], self.size[0], 3):
            raise StudioError(f"a picture is {picture.shape}; this video is {self.size}")
        planes = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2YUV_I420)
        self.content.update(planes.tobytes())
        frame = self._av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self.pictures, self._base
        self._mux(frame)
        self.pictures += 1

    def finish(self) -> Path:
        """Complete the file and give it its name; returns that.

        Raises:
            StudioError: If it holds no picture, or cannot be written.
        """
        if not self.pictures:
            self.abandon()
            raise StudioError(f"{self.path.name} would have no picture.")
        self._mux(None)
        try:
            self._file.close()
            os.replace(self._part, self.path)
        except OSError as error:
            self.abandon()
            raise _unwritable(self.path, error) from error
        return self.path

    def abandon(self) -> None:
        """Give the file up; nothing of it stays. Does nothing once it is finished."""
        with suppress(Exception):  # an encoder that never got a picture cannot be closed well
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _mux(self, frame: Any) -> None:
        try:
            self._file.mux(self._stream.encode(frame))
        except OSError as error:
            raise _unwritable(self.path, error) from error


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest even (width, height) within a size."""
    return max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2)


def shaper(source: tuple[int, int], size: tuple[int, int]) -> Shaper:
    """Return a function that cuts pictures around their centre to an aspect and scales them.

    Args:
        source: (width, height) of the pictures [px].
        size: (width, height) of the result [px].
    """
    width, height = source
    scale = min(width / size[0], height / size[1])
    w, h = min(round(size[0] * scale), width), min(round(size[1] * scale), height)
    x, y = (width - w) // 2, (height - h) // 2

    def shape(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        cropped = picture[y : y + h, x : x + w]
        if (w, h) == size:
            return cropped
        way = cv2.INTER_AREA if w > size[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(cropped, size, interpolation=way), dtype=np.uint8)

    return shape


def _encoder(av: Any) -> str:
    for name in ENCODERS:
        if name in av.codecs_available:
            return name
    raise StudioError(
        "This build of PyAV cannot write H.264. Install its official package: "
        "pip install --force-reinstall av"
    )


def _unwritable(path: Path, error: OSError) -> StudioError:
    return StudioError(
        f"{path} could not be written ({error.strerror or error}). Choose another folder."
    )
