"""Live pictures as H.264: a tenth of the room of JPEG, for long sessions.

A stream can be entered at a keyframe, of which there is one a second; no picture refers to a later
one, so each message holds exactly one picture, as Foxglove's CompressedVideo asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from core.types import StudioError

KEY_EVERY_NS = 900_000_000
"""Time between keyframes; a little less than a second, as pictures come when they come."""

_OPTIONS = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "23",
    "forced-idr": "1",
    "g": "100000",  # keyframes come by the clock, not by counting
    "bf": "0",
}
_PARAMETERS = re.compile(rb"\x00\x00\x01[\x07\x27\x47\x67]")
"""Start of a sequence parameter set, which precedes each keyframe and nothing else."""


class VideoEncoder:
    """Encodes the pictures of one camera."""

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None
        self._size = (0, 0)
        self._key_ns = 0
        self._count = 0

    def encode(self, image: NDArray[np.uint8], t_ns: int) -> bytes:
        """Return the next picture as an Annex B access unit.

        Args:
            image: (H, W, 3) uint8 RGB; of an odd height or width the last line is left out, which
                the encoding cannot hold. Another size begins anew.
            t_ns: When it was taken [ns].

        Raises:
            StudioError: If it cannot be encoded.
        """
        height, width = (n // 2 * 2 for n in image.shape[:2])
        if self._context is None or (width, height) != self._size:
            self._context, self._size = _open(width, height), (width, height)
            self._key_ns = t_ns - KEY_EVERY_NS
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(image[:height, :width]), format="rgb24"
        )
        frame.pts = self._count
        self._count += 1
        # a clock that was set back begins anew as well
        if not 0 <= t_ns - self._key_ns < KEY_EVERY_NS:
            frame.pict_type = PictureType.I
            self._key_ns = t_ns
        try:
            packets = self._context.encode(frame)
        except FFmpegError as error:
            raise StudioError(
                f"a picture of shape {image.shape} cannot be encoded: {error}"
            ) from error
        return b"".join(bytes(packet) for packet in packets)


class VideoDecoder:
    """Decodes the pictures of one camera, in order from a keyframe on."""

    def __init__(self) -> None:
        self._context = av.CodecContext.create("h264", "r")
        self._context.thread_count = 1  # several would hold pictures back
        self._begun = False

    def decode(self, data: bytes) -> NDArray[np.uint8] | None:
        """Return (H, W, 3) uint8 RGB, read-only; None before the first keyframe.

        Raises:
            StudioError: If the data is damaged.
        """
        self._begun |= is_keyframe(data)
        if not self._begun:
            return None
        try:
            frames = self._context.decode(av.Packet(data))
        except FFmpegError as error:
            raise StudioError(f"a picture in the log is damaged: {error}") from error
        if not frames:
            raise StudioError("a picture in the log is damaged")
        image: Any = frames[-1].to_ndarray(format="rgb24")
        image.setflags(write=False)
        return image


def last_picture(stream: Sequence[bytes]) -> NDArray[np.uint8] | None:
    """Decode the last of some pictures of a stream that follow each other.

    Args:
        stream: At least from the last keyframe on, which is at most a second before.

    Returns:
        (H, W, 3) uint8 RGB, read-only; None without a keyframe among them.

    Raises:
        StudioError: If the data is damaged.
    """
    keys = [number for number, data in enumerate(stream) if is_keyframe(data)]
    decoder = VideoDecoder()
    image = None
    for data in stream[keys[-1] :] if keys else ():
        image = decoder.decode(data)
    return image


def is_keyframe(data: bytes) -> bool:
    """Whether a stream can be entered at this picture."""
    return _PARAMETERS.search(data[:256]) is not None


def _open(width: int, height: int) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.framerate = Fraction(30)  # only the rate control asks
    context.thread_count = 1
    context.options = _OPTIONS
    return context
