"""How long the disk will do: the pace of the file against the room that is left."""

from __future__ import annotations

import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

WINDOW_S = 60.0
"""The pace is that of the last minute; a session is quiet and busy in turns."""

RESERVE_BYTES = 256 * 1024 * 1024
"""Room that is not counted on: other programs write too, and repair needs a copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left of the disk.

    Attributes:
        free: Bytes that are free for this user.
        pace: Growth of the file [bytes/s].
        seconds: How long the free bytes last at this pace; None while nobody can say.
    """

    free: int
    pace: float = 0.0
    seconds: float | None = None


class Forecast:
    """Follows one file."""

    def __init__(self, directory: Path) -> None:
        """Follow a file in a folder that exists."""
        self._directory = directory
        self._seen: deque[tuple[float, int]] = deque()

    def look(self, now: float, size: int) -> Room:
        """Return what is left.

        Args:
            now: Time [s, monotonic].
            size: Bytes in the file.

        Raises:
            OSError: If the folder is gone.
        """
        self._seen.append((now, size))
        while now - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        return room(shutil.disk_usage(self._directory).free, list(self._seen))


def room(free: int, seen: list[tuple[float, int]]) -> Room:
    """Return how long ``free`` bytes last, given (time [s], size [bytes]) with the oldest first."""
    (t0, size0), (t1, size1) = seen[0], seen[-1]
    if t1 <= t0 or size1 <= size0:
        return Room(free=free)
    pace = (size1 - size0) / (t1 - t0)
    return Room(free=free, pace=pace, seconds=max(0.0, free - RESERVE_BYTES) / pace)
