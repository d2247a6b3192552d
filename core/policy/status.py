"""How the server is doing: what it has answered, how fast, and who waits."""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

RECENT = 256
"""Answers that the median is taken over."""


@dataclass(slots=True)
class Tally:
    """Counts the requests that came to an end; shared by the worker's thread and the socket loop.

    Attributes:
        answered: Requests with an answer.
        failed: Requests that ended with a sentence instead.
        cancelled: Requests that were given up.
        largest_batch: Most requests that were answered together.
    """

    answered: int = 0
    failed: int = 0
    cancelled: int = 0
    largest_batch: int = 0
    _seconds: deque[float] = field(default_factory=lambda: deque[float](maxlen=RECENT))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: float = field(default_factory=time.monotonic)

    def note_answer(self, seconds: float) -> None:
        """Count an answer that came this long after its request [s]."""
        with self._lock:
            self.answered += 1
            self._seconds.append(seconds)

    def note_failure(self, *, cancelled: bool) -> None:
        """Count a request without an answer."""
        with self._lock:
            if cancelled:
                self.cancelled += 1
            else:
                self.failed += 1

    def note_batch(self, size: int) -> None:
        """Count requests that were taken together."""
        with self._lock:
            self.largest_batch = max(self.largest_batch, size)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the uptime [s] and the median time to an answer [s]."""
        with self._lock:
            median = statistics.median(self._seconds) if self._seconds else None
            return {
                "uptime_s": round(time.monotonic() - self._started, 3),
                "answered": self.answered,
                "failed": self.failed,
                "cancelled": self.cancelled,
                "largest_batch": self.largest_batch,
                "median_s": None if median is None else round(median, 4),
            }
