"""Judges whether what the rig sees and measures is fresh enough to move by. No threads, no clock.

* A picture that is old, or whose counter stands, shows a table that may be another one by now.
* A picture that comes again and again, byte for byte, comes from a camera that has frozen: a real
  sensor is never that quiet. A simulated one is, so in a lab the arm must have moved meanwhile.
* A state that is old means that nobody knows where the arm is.
* A clock that jumps makes every age above a guess.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Frame, RobotState

SAMPLES = 1024
"""States kept to know how far the arm had come when a picture was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """How old and how still things may be.

    Attributes:
        frame_seconds: Age of a camera's newest picture [s].
        frozen_frames: Equal pictures in a row, during which the arm moved by ``frozen_metres``,
            that make a camera a frozen one.
        frozen_metres: See ``frozen_frames`` [m].
        still_seconds: Longest time of equal pictures, whether the arm moved or not [s]; None where
            pictures have no noise.
        state_seconds: Age of the arm's newest state, by its own clock [s].
        jump_seconds: Largest jump of the clock on the wall against the monotonic one [s].
    """

    frame_seconds: float
    frozen_frames: int = 3
    frozen_metres: float = 0.01
    still_seconds: float | None
    state_seconds: float
    jump_seconds: float = 1.0


LAB_WATCH = WatchLimits(frame_seconds=3.0, still_seconds=None, state_seconds=2.0)
"""A simulation on a busy laptop stalls for a second now and then, and hurts nobody."""

REAL_WATCH = WatchLimits(frame_seconds=0.2, still_seconds=1.0, state_seconds=0.05)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """The newest picture, and the first of the equal ones that it ends.

    Attributes:
        frame: The newest picture.
        counted_at: When its counter last advanced [s].
        since: When the first of the equal pictures was taken [s].
        equals: How many equal pictures came in a row, the first included.
    """

    frame: Frame
    counted_at: float
    since: float
    equals: int


class CameraWatch:
    """One camera; :meth:`see` is called from one thread, :meth:`judge` from any."""

    def __init__(self, name: str, limits: WatchLimits) -> None:
        """Begin without a picture."""
        self._name = name
        self._limits = limits
        self._seen: _Seen | None = None

    def see(self, frame: Frame, now: float) -> None:
        """Take in a picture.

        Args:
            frame: The picture.
            now: Monotonic time [s].
        """
        last, taken = self._seen, frame.t_ns / 1e9
        if last is None:
            self._seen = _Seen(frame=frame, counted_at=now, since=taken, equals=1)
            return
        counted = now if frame.seq != last.frame.seq else last.counted_at
        if same_picture(frame.image, last.frame.image):
            self._seen = _Seen(
                frame=frame, counted_at=counted, since=last.since, equals=last.equals + 1
            )
        else:
            self._seen = _Seen(frame=frame, counted_at=counted, since=taken, equals=1)

    def judge(self, now: float, way: Way) -> str:
        """Return why this camera cannot be relied on, as a sentence; empty when it can.

        Args:
            now: Monotonic time [s].
            way: What the arm has travelled.
        """
        seen, limits = self._seen, self._limits
        if seen is None:
            return f"Camera '{self._name}' has not delivered a picture yet."
        taken = seen.frame.t_ns / 1e9
        age = now - min(taken, seen.counted_at)
        if age > limits.frame_seconds:
            return (
                f"The newest picture of camera '{self._name}' is {_duration(age)} old; at most "
                f"{_duration(limits.frame_seconds)} are allowed. Look at the camera and its cable."
            )
        still = limits.still_seconds is not None and taken - seen.since > limits.still_seconds
        moved = seen.equals >= limits.frozen_frames and (
            way.between(seen.since, taken) > limits.frozen_metres
        )
        if still or moved:
            return (
                f"Camera '{self._name}' delivers the very same picture again and again; it has "
                "frozen. Disconnect the camera and connect it again."
            )
        return ""


class Way:
    """How far the tool has travelled, by time; written from one thread, read from any."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)
        self._last: NDArray[np.float64] | None = None
        self._metres = 0.0

    def add(self, state: RobotState) -> None:
        """Take in a state."""
        point = state.ee_pose[:3, 3]
        if self._last is not None:
            self._metres += float(np.linalg.norm(point - self._last))
        self._last = point
        self._samples.append((state.t_ns / 1e9, self._metres))

    def between(self, start: float, end: float) -> float:
        """Return the way from one monotonic time to another [m]."""
        samples = list(self._samples)
        if not samples:
            return 0.0
        times = [time for time, _ in samples]
        first, last = (max(0, bisect_right(times, time) - 1) for time in (start, end))
        return samples[last][1] - samples[first][1]


class ClockWatch:
    """Compares the clock on the wall with the one that only goes forward."""

    def __init__(self, limits: WatchLimits) -> None:
        self._limits = limits
        self._offset: float | None = None

    def judge(self, now: float, wall: float) -> str:
        """Return what happened to the clock since the last call; empty when nothing did.

        Args:
            now: Monotonic time [s].
            wall: Time on the wall [s].
        """
        before, self._offset = self._offset, wall - now
        jump = 0.0 if before is None else self._offset - before
        if abs(jump) <= self._limits.jump_seconds:
            return ""
        return (
            f"The rig's clock jumped by {jump:+.1f} s (it was set, or the machine slept); preview "
            "the plan again."
        )


def state_fault(state: RobotState | None, now: float, limits: WatchLimits) -> str:
    """Return why the arm's state cannot be relied on, as a sentence; empty when it can.

    Args:
        state: The newest one; its time is that of the measurement, by the arm's own clock.
        now: Monotonic time [s].
        limits: How old it may be.
    """
    if state is None:
        return "The arm has not told its state yet."
    age = now - state.t_ns / 1e9
    if age <= limits.state_seconds:
        return ""
    return (
        f"The arm's newest state is {_duration(age)} old; at most "
        f"{_duration(limits.state_seconds)} are allowed. Look at the network to the arm."
    )


def same_picture(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures are equal byte for byte; a few rows tell nearly always."""
    if one is other:
        return True
    if one.shape != other.shape or not np.array_equal(one[::32], other[::32]):
        return False
    return bool(np.array_equal(one, other))


def _duration(seconds: float) -> str:
    return f"{1e3 * seconds:.0f} ms" if seconds < 1.0 else f"{seconds:.1f} s"
