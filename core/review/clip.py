"""A part of a session as a video or a still: all cameras beside each other, with the traces."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.review.session import ReviewSession
from core.session.events import Reasoned
from core.trace import to_pixels
from core.types import StudioError
from core.video import VideoFile, shaper

FPS = 15
MAX_SECONDS = 1800.0
_NS = 1_000_000_000
_CASING = (16, 18, 20)

Colour = tuple[int, int, int]


def picture_at(
    session: ReviewSession, wall_ns: int, *, model: Colour, user: Colour
) -> NDArray[np.uint8] | None:
    """Return the cameras at a moment beside each other; None before the first picture.

    Args:
        session: The session.
        wall_ns: The moment [ns since 1970].
        model: Colour of the model's trace, RGB.
        user: Colour of the drawn one.

    Returns:
        (H, W, 3) uint8 RGB, all cameras scaled to the height of the first; black where one has no
        picture yet; even sides, as video needs them.

    Raises:
        StudioError: If the file is damaged.
    """
    frames = [session.frame_at(camera, wall_ns) for camera in session.cameras]
    if not frames or frames[0] is None:
        return None
    first = np.array(frames[0].image)
    _draw_traces(session, wall_ns, first, model, user)
    height = first.shape[0]
    tiles: list[NDArray[np.uint8]] = [first]
    for frame in frames[1:]:
        tiles.append(_fitted(None if frame is None else frame.image, height, first.shape[1]))
    wide = np.concatenate(tiles, axis=1)
    return np.ascontiguousarray(wide[: height - height % 2, : wide.shape[1] - wide.shape[1] % 2])


def write_still(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write (H, W, 3) uint8 RGB as PNG, or JPEG where the name says so.

    Raises:
        StudioError: If it cannot be written.
    """
    kind = path.suffix.lower() if path.suffix.lower() in (".png", ".jpg", ".jpeg") else ".png"
    ok, data = cv2.imencode(kind, picture[..., ::-1])
    try:
        if not ok:
            raise OSError(0, "the picture cannot be encoded")
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise StudioError(f"{path} cannot be written: {error.strerror}") from error


def write_clip(
    path: Path,
    session: ReviewSession,
    span: tuple[int, int],
    *,
    colours: tuple[Colour, Colour],
    told: Callable[[float], None] | None = None,
) -> int:
    """Write a part of a session as a video.

    Args:
        path: The file (MP4).
        session: The session.
        span: First and last moment [ns since 1970].
        colours: Of the model's trace and of the drawn one, RGB.
        told: Told how far it is, 0 to 1; may raise to give up, which removes the file.

    Returns:
        Number of pictures in the video.

    Raises:
        StudioError: If the span is empty or too long, or the file cannot be written.
    """
    start, end = span
    seconds = (end - start) / _NS
    if seconds > MAX_SECONDS:
        raise StudioError(
            f"The clip would take {seconds / 60:.0f} minutes; at most {MAX_SECONDS / 60:.0f} are "
            "possible. Choose an episode instead of the whole session."
        )
    total = max(math.ceil(seconds * FPS), 1)
    tell = told or (lambda _: None)
    video: VideoFile | None = None
    try:
        for number in range(total):
            tell(number / total)
            moment = start + round(number * _NS / FPS)
            picture = picture_at(session, moment, model=colours[0], user=colours[1])
            if picture is None:
                continue
            size = (picture.shape[1], picture.shape[0])
            if video is None:
                video = VideoFile(path, size=size, fps=FPS)
            video.add(picture if size == video.size else shaper(size, video.size)(picture))
        if video is None:
            raise StudioError("There is no picture in this part of the session.")
        video.finish()
        return video.pictures
    finally:
        if video is not None:
            video.abandon()


def _draw_traces(
    session: ReviewSession, wall_ns: int, image: NDArray[np.uint8], model: Colour, user: Colour
) -> None:
    moment = session.moment(wall_ns)
    size = (image.shape[1], image.shape[0])
    if moment.answer is not None:
        event = session.events[moment.answer]
        if isinstance(event, Reasoned) and event.reasoning.traces:
            _draw_line(image, to_pixels(event.reasoning.traces[0].points, size), model)
    if len(moment.draft):
        _draw_line(image, to_pixels(moment.draft, size), user)


def _draw_line(image: NDArray[np.uint8], points: NDArray[Any], colour: Colour) -> None:
    """Draw a line with a dark border and a dot at its end."""
    wide = max(round(image.shape[0] / 160), 1)
    line = [np.round(points * 8).astype(np.int32).reshape(-1, 1, 2)]
    for tint, width in ((_CASING, wide + 2), (colour, wide)):
        cv2.polylines(image, line, False, tint, width, cv2.LINE_AA, 3)
    end = (round(float(points[-1][0])), round(float(points[-1][1])))
    cv2.circle(image, end, 2 * wide + 1, colour, -1, cv2.LINE_AA)


def _fitted(image: NDArray[np.uint8] | None, height: int, width: int) -> NDArray[np.uint8]:
    """Scale a picture to a height; black of a width in place of none."""
    if image is None:
        return np.zeros((height, width, 3), np.uint8)
    wanted = max(round(image.shape[1] * height / image.shape[0]), 1)
    return np.asarray(cv2.resize(np.array(image), (wanted, height)), dtype=np.uint8)
