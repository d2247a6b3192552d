"""Pictures of a data set: videos by PyAV, and pictures in parquet cells."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from training.data.types import Clip

COLOUR = "rgb24"
GREY = "grey"
"""The first plane as it is stored, scaled up to 16 bits: depth is no colour, and must not be
converted like one."""

_SEEK_BACK_S = 0.001
"""Times in metadata are rounded; a seek must not land on the keyframe after the one that is due."""


def read_clip(
    clip: Clip, times: NDArray[np.floating], *, tolerance: float, form: str = COLOUR
) -> Iterator[NDArray[Any] | None]:
    """Yield the picture nearest to every time, None where none is near enough.

    Args:
        clip: Where the episode begins in its file.
        times: (N,) ascending times since the episode began [s].
        tolerance: How far a picture may be from its time [s].
        form: :data:`COLOUR` gives (H, W, 3) uint8, :data:`GREY` gives (H, W) uint16.

    Raises:
        StudioError: If the file cannot be read.
    """
    import av  # 100 MB of libraries that only a video needs
    from av.error import FFmpegError

    due = clip.begin_s + np.asarray(times, dtype=np.float64)
    if not len(due):
        return
    try:
        with av.open(str(clip.path)) as file:
            stream = file.streams.video[0]
            stream.codec_context.thread_count = 1  # processes share the cores, not threads
            base = float(stream.time_base or 1)
            begin = max(float(due[0]) - tolerance - _SEEK_BACK_S, 0.0)
            file.seek(int(begin / base), stream=stream)
            yield from _nearest(file.decode(stream), due, tolerance, form)
    except FileNotFoundError as error:
        raise StudioError(f"The video {clip.path} is missing.") from error
    except (FFmpegError, OSError, IndexError) as error:
        raise StudioError(f"The video {clip.path} cannot be read: {error}") from error


def _nearest(
    frames: Iterator[Any], due: NDArray[np.float64], tolerance: float, form: str
) -> Iterator[NDArray[Any] | None]:
    """Go through a video once; each time gets the nearest of the pictures around it."""
    before: Any = None
    after: Any = next(frames, None)
    for time in due:
        while after is not None and after.time < time:
            before, after = after, next(frames, None)
        near = [frame for frame in (before, after) if frame is not None]
        best = min(near, key=lambda frame: abs(frame.time - time), default=None)
        if best is None or abs(best.time - time) > tolerance:
            yield None
        else:
            yield _first_plane(best) if form == GREY else best.to_ndarray(format=form)


def _first_plane(frame: Any) -> NDArray[np.uint16]:
    bits = frame.format.components[0].bits
    kind, plane = (np.uint8 if bits <= 8 else np.dtype("<u2")), frame.planes[0]
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
    values = rows[: frame.height, : frame.width].astype(np.uint32)
    return (values * 65535 // (2**bits - 1)).astype(np.uint16)


def decode_picture(cell: Any, root: Path) -> NDArray[np.uint8]:
    """Return the (H, W, 3) uint8 RGB picture of a parquet cell.

    Raises:
        StudioError: If it is none.
    """
    return np.asarray(_open(cell, root).convert("RGB"))


def decode_raw(cell: Any, root: Path) -> NDArray[Any]:
    """Return a parquet cell's picture with the values that it has, as for 16-bit depth.

    Raises:
        StudioError: If it is no picture.
    """
    return np.asarray(_open(cell, root))


def encode_png(picture: NDArray[Any]) -> bytes:
    """Return a picture as PNG: (H, W, 3) uint8 RGB, or (H, W) uint8 or uint16."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _open(cell: Any, root: Path) -> Any:
    from PIL import Image

    data = cell.get("bytes") if isinstance(cell, dict) else cell
    name = cell.get("path") if isinstance(cell, dict) else None
    try:
        if data is None and name:
            pure = PurePosixPath(str(name))
            if pure.is_absolute() or ".." in pure.parts:
                raise StudioError(f"A picture's file name leads elsewhere: {name}")
            data = (root / pure).read_bytes()
        image = Image.open(io.BytesIO(data or b""))
        image.load()
    except (OSError, ValueError, TypeError, Image.DecompressionBombError) as error:
        raise StudioError(f"A picture of '{root}' cannot be read: {error}") from error
    return image
