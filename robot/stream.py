"""Which targets of a path to hand to the arm's own trajectory generator, and when.

Never more than :data:`HORIZON_SECONDS` ahead of the arm, and every window of targets ends at rest:
a program that stalls leaves the arm at rest on its path. While it runs, each window is replaced by
the next before the arm brakes for its end, so that the arm does not slow down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.path import rotation_vector
from robot.stream_path import LEVER, STILL, StreamPath, cap_for_braking

HORIZON_SECONDS = 0.5
"""How far ahead targets are handed over: two hand-overs may come late before the arm brakes."""

FEWEST_TARGETS = 3
PASSED_METRES = 0.0003
"""A target that lies ahead of the arm by less than this has been passed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """Targets to hand over.

    Attributes:
        poses: (K + 1, 4, 4); the first one is behind the arm [m].
        twists: (K + 1, 6) velocities there [m/s, rad/s]; 0 at the last.
        seconds: Time from one to the next [s].
    """

    poses: NDArray[np.float64]
    twists: NDArray[np.float64]
    seconds: float


class Stream:
    """Progress of the arm along the targets of a path; no clock and no arm in it."""

    def __init__(self, path: StreamPath, now: float) -> None:
        """Begin at the start of a path.

        Args:
            path: Targets.
            now: Time of the arm [s].
        """
        self._path = path
        self._ways = path.ways()
        self._horizon = max(FEWEST_TARGETS, int(np.ceil(HORIZON_SECONDS / path.seconds - 1e-9)))
        self._passed = 0
        self._since = now
        self._handed = 0

    @property
    def steps_passed(self) -> int:
        """How many poses of the path are behind the arm."""
        return int(self._path.steps[self._passed])

    @property
    def complete(self) -> bool:
        """Whether everything up to the end has been handed over."""
        return self._handed == len(self._ways)

    @property
    def due(self) -> bool:
        """Whether the arm has come so far that the next window should be handed over."""
        return not self.complete and self._passed + self._horizon > self._handed

    def see(self, here: NDArray[np.float64], now: float) -> None:
        """Note where the arm is.

        Args:
            here: (4, 4) pose that its controller passes through [m].
            now: Time of the arm [s].
        """
        while self._passed < min(self._handed, len(self._ways)):
            if not self._is_behind(self._passed, here, now):
                return
            self._passed, self._since = self._passed + 1, now

    def rest(self) -> None:
        """Note that the arm has come to the end of what was handed over."""
        self._passed = self._handed

    def take(self) -> Window:
        """Return the next window; it counts as handed over."""
        path, first = self._path, self._passed
        last = self._handed = min(first + self._horizon, len(self._ways))
        twists = path.twists[first : last + 1].copy()
        twists[-1] = 0.0
        cap_for_braking(twists, self._ways[first:last], path.accelerations)
        return Window(poses=path.poses[first : last + 1], twists=twists, seconds=path.seconds)

    def take_all(self) -> None:
        """Note that everything has been handed over at once."""
        self._handed = len(self._ways)

    def _is_behind(self, index: int, here: NDArray[np.float64], now: float) -> bool:
        """Whether the arm has passed the target after ``index``."""
        way, target = self._ways[index], self._path.poses[index + 1]
        scale = np.array([1.0, 1.0, 1.0, LEVER, LEVER, LEVER])
        length = float(np.linalg.norm(way * scale))
        if length < STILL:
            return now - self._since >= self._path.seconds
        ahead = np.concatenate(
            [target[:3, 3] - here[:3, 3], rotation_vector(target[:3, :3] @ here[:3, :3].T)]
        )
        return float((ahead * scale) @ (way * scale)) / length <= PASSED_METRES
