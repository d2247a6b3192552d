"""Videos of a study: all of one size, length and rate, without a word about where they are from.

Written by :mod:`core.video`, which leaves out the encoder's name and the time of making.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from core.study.blinding import hide_times
from core.types import StudioError
from core.video import VideoFile

RATE_HZ = 10
"""Pictures per second of every video."""

SIZE = (480, 360)
"""Width and height of every video [px]."""

MAX_PICTURES = 3000

Pictures = NDArray[np.uint8]


def fit_pictures(
    pictures: Sequence[NDArray[np.uint8]] | Pictures, rate_hz: float, seconds: float
) -> Pictures:
    """Bring pictures to the size, rate and length of a study; the last one is held to the end.

    Args:
        pictures: (N, H, W, 3) uint8 RGB, N >= 1.
        rate_hz: Their rate [pictures per second].
        seconds: Wanted length [s].

    Returns:
        (seconds * RATE_HZ, height, width, 3) uint8 RGB; a picture of another shape is set on
        mid-grey, the same for all.
    """
    if not len(pictures) or rate_hz <= 0:
        raise StudioError("A video needs at least one picture and a rate above 0.")
    wanted = round(seconds * RATE_HZ)
    at = np.minimum((np.arange(wanted) * rate_hz / RATE_HZ).astype(int), len(pictures) - 1)
    made = {index: _fit(pictures[index]) for index in np.unique(at).tolist()}
    return np.stack([made[index] for index in at.tolist()])


def _fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = min(SIZE[0] / width, SIZE[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else 2)
    canvas = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    top, left = (SIZE[1] - size[1]) // 2, (SIZE[0] - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def write_clip(path: Path, pictures: Pictures) -> None:
    """Write a video.

    Args:
        path: Such as "3f….mp4"; must not exist.
        pictures: (N, H, W, 3) uint8 RGB from :func:`fit_pictures`.

    Raises:
        StudioError: If it cannot be written or exists already.
    """
    if path.exists():
        raise StudioError(f"The video {path} exists already; videos of a study are never replaced.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(f"The folder {path.parent} cannot be made: {error.strerror}.") from error
    height, width = pictures.shape[1:3]
    video = VideoFile(path, size=(width, height), fps=RATE_HZ)
    try:
        for picture in pictures:
            video.add(picture)
        video.finish()
    finally:
        video.abandon()
    hide_times([path])


def read_clip(path: Path) -> tuple[Pictures, float]:
    """Read a video.

    Returns:
        (N, H, W, 3) uint8 RGB and the rate [pictures per second].

    Raises:
        StudioError: If it cannot be read or has too many pictures.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or RATE_HZ)
            pictures: list[NDArray[np.uint8]] = []
            for frame in container.decode(stream):
                pictures.append(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False))
                if len(pictures) > MAX_PICTURES:
                    raise StudioError(
                        f"The video {path} has more than {MAX_PICTURES} pictures; cut it first."
                    )
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise StudioError(f"The video {path} cannot be read: {error}.") from error
    if not pictures:
        raise StudioError(f"The video {path} has no pictures.")
    return np.stack(pictures), rate
