"""Memory of several programs over time, read from outside; nothing here knows Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from app.bench.measures import Trend, trend
from core.memory import own_bytes

MIB = 2**20
EVERY_S = 15.0


@dataclass(slots=True, kw_only=True)
class Course:
    """Memory of one program.

    Attributes:
        times: When it was read [s, monotonic].
        sizes: Memory of its own, without what files hold [MiB].
    """

    times: list[float] = field(default_factory=list[float])
    sizes: list[float] = field(default_factory=list[float])

    def second_half(self, begun: float) -> Trend:
        """Fit a line through what was read after half the time since ``begun`` [s, monotonic]."""
        middle = (begun + self.times[-1]) / 2 if self.times else begun
        late = [i for i, moment in enumerate(self.times) if moment >= middle]
        return trend([self.times[i] for i in late], [self.sizes[i] for i in late])


class Household:
    """Reads the memory of programs every while, in a thread of its own."""

    def __init__(self, who: Callable[[], dict[str, int]], every_s: float = EVERY_S) -> None:
        """Start reading.

        Args:
            who: Returns the process numbers by name; asked anew each time.
            every_s: Time between two readings [s].
        """
        self.courses: dict[str, Course] = {}
        self._who, self._every_s = who, every_s
        self._lock = threading.Lock()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._work, name="household", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read no more."""
        self._leave.set()
        self._thread.join()

    def snapshot(self) -> dict[str, Course]:
        """Return what was read so far, by the name of the program."""
        with self._lock:
            return {
                name: Course(times=list(course.times), sizes=list(course.sizes))
                for name, course in self.courses.items()
            }

    def _work(self) -> None:
        while True:
            for name, number in self._who().items():
                if (size := memory_of(number)) is not None:
                    with self._lock:
                        course = self.courses.setdefault(name, Course())
                        course.times.append(time.monotonic())
                        course.sizes.append(size)
            if self._leave.wait(self._every_s):
                return


def memory_of(number: int) -> float | None:
    """Return the memory of a process alone [MiB]; None when it is gone."""
    try:
        return own_bytes(number) / MIB
    except psutil.Error:
        return None
