"""What waits for the recorder: bounded, first in first out, and only live pictures are dropped."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

from core.session.events import Event, FrameSeen

FRAME_BYTES = 32 * 1024 * 1024
"""Memory for live pictures that wait; beyond it the oldest is dropped."""

FRAME_PATIENCE_S = 0.2
"""Longest wait of a live picture; a killed side loses what stands behind it in the queue."""


class Outbox:
    """A queue between threads whose :meth:`put` never waits and never refuses an event."""

    def __init__(self, frame_bytes: int = FRAME_BYTES) -> None:
        self._limit = frame_bytes
        self._changed = threading.Condition()
        self._waiting: OrderedDict[int, Event] = OrderedDict()
        self._frames: deque[tuple[int, int, float]] = deque()  # key, size [bytes], since [s]
        self._held = 0
        self._next = 0
        self._closed = False
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Append an event; after :meth:`close` it is counted as dropped."""
        with self._changed:
            if self._closed:
                self.dropped += 1
                return
            self._waiting[self._next] = event
            if isinstance(event, FrameSeen):
                size = event.frame.image.nbytes
                self._frames.append((self._next, size, time.monotonic()))
                self._held += size
                while self._held > self._limit:
                    self._forget_oldest_frame()
            self._next += 1
            self._changed.notify()

    def take(self, timeout: float) -> Event | None:
        """Return the oldest event, or None when none came in time or the outbox is drained."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout)
            oldest = time.monotonic() - FRAME_PATIENCE_S
            while self._frames and self._frames[0][2] < oldest:
                self._forget_oldest_frame()
            if not self._waiting:
                return None
            key, event = self._waiting.popitem(last=False)
            if self._frames and self._frames[0][0] == key:
                self._held -= self._frames.popleft()[1]
            return event

    def close(self) -> None:
        """Accept nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Give up what waits, and count it."""
        with self._changed:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._frames.clear()
            self._held = 0

    @property
    def drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    def _forget_oldest_frame(self) -> None:
        key, size, _ = self._frames.popleft()
        del self._waiting[key]
        self._held -= size
        self.dropped += 1
