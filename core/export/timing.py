"""Pictures that came when they came, at a constant rate; with or without the pauses between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import floor, isfinite

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

TimedPicture = tuple[float, Picture]
"""When a picture was taken [s, from any moment on], and the picture."""

Span = tuple[float, float]
"""From when to when [s]."""

_SLACK = 1e-6
"""Times are sums of floats; a picture that is due exactly now must not come one step late."""


def at_rate(
    frames: Iterable[TimedPicture], fps: float, pauses: Sequence[Span] = ()
) -> Iterator[Picture]:
    """Yield a picture for every 1/fps seconds: always the newest one that was there by then.

    Nothing is interpolated. Pictures that come late, after a newer one, are left out.

    Args:
        frames: Pictures in the order of their times.
        fps: Pictures per second.
        pauses: Spans to cut out, in the same times; the picture before a pause is followed by the
            one after it.

    Raises:
        StudioError: If a time is no number.
    """
    start: float | None = None
    due, last = 0, float("-inf")
    held: Picture | None = None
    cut = merged(pauses)
    for time, picture in frames:
        if not isfinite(time):
            raise StudioError(f"a picture has the time {time}; expected seconds")
        if any(begin <= time < end for begin, end in cut):
            continue
        time = without(time, cut)
        if time < last:
            continue
        last = time
        if start is None:
            start = time
        elif held is not None:  # what was shown until this picture came
            while due < _steps(time - start, fps):
                yield held
                due += 1
        held = picture
    if start is not None and held is not None:
        while due <= floor((last - start) * fps + _SLACK):
            yield held
            due += 1


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans in order, those that overlap joined and empty ones left out."""
    result: list[Span] = []
    for begin, end in sorted(span for span in spans if span[1] > span[0]):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return tuple(result)


def without(time: float, cut: Sequence[Span]) -> float:
    """Return a time as it is once spans that lie before it are cut out.

    Args:
        time: The time [s].
        cut: Spans as :func:`merged` returns them.
    """
    return time - sum(min(time, end) - begin for begin, end in cut if begin < time)


def _steps(seconds: float, fps: float) -> int:
    """Number of the first step that is due no earlier than this."""
    return -floor(-(seconds * fps) + _SLACK)
