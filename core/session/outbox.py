"""What waits for the recorder: bounded, first in first out, and events are never dropped.

When the recorder cannot keep up, live pictures that only make the film smoother go first, then the
other live pictures, and long after them measurements of the arm; each is counted.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from core.session.events import Event, FrameSeen, StateSampled

FRAME_BYTES = 64 * 1024 * 1024
"""Memory for live pictures that wait; beyond it the oldest is dropped, previews first."""

SAMPLES = 60_000
"""Measurements that may wait, a minute's worth at a kilohertz; beyond it the oldest is dropped."""

_AT_ONCE = 64

FRAME_PATIENCE_S = 1.0
"""Longest wait of a live picture; a killed side loses what stands behind it in the queue. A machine
that is busy elsewhere for half a second is common, and what waited is encoded in no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drops:
    """What was left out so far, in the order of what is given up first.

    Attributes:
        previews: Live pictures that only made the film smoother.
        frames: Other live pictures.
        samples: Measurements of the arm.
        late: Everything that came after the end.
    """

    previews: int = 0
    frames: int = 0
    samples: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.previews + self.frames + self.samples + self.late


class Outbox:
    """A queue between threads whose :meth:`put` never waits and never refuses an event."""

    def __init__(self, frame_bytes: int = FRAME_BYTES, samples: int = SAMPLES) -> None:
        self._frame_bytes, self._samples = frame_bytes, samples
        self._changed = threading.Condition()
        self._waiting: OrderedDict[int, Event] = OrderedDict()
        # keys, sizes [bytes] and times [s] of what may be dropped, the oldest first
        self._lines = {name: deque[tuple[int, int, float]]() for name in _DROP_ORDER}
        self._lost: dict[str, int] = dict.fromkeys((*_DROP_ORDER, "late"), 0)
        self._held = 0
        self._next = 0
        self._closed = self._urgent = False

    @property
    def drops(self) -> Drops:
        """What was left out, by kind."""
        with self._changed:
            return Drops(**self._lost)

    @property
    def dropped(self) -> int:
        """How much was left out altogether."""
        return self.drops.total

    def put(self, event: Event) -> None:
        """Append an event; after :meth:`close` it is counted as late."""
        with self._changed:
            if self._closed:
                self._lost["late"] += 1
                return
            self._waiting[self._next] = event
            if name := _line(event):
                size = event.frame.image.nbytes if isinstance(event, FrameSeen) else 0
                self._lines[name].append((self._next, size, time.monotonic()))
                self._held += size
                self._make_room()
            self._next += 1
            self._urgent |= event.decisive
            if event.decisive or len(self._waiting) == 1:
                self._changed.notify()

    def take(self, timeout: float, linger: float = 0.0) -> list[Event]:
        """Return the oldest events; none when none came in time or the outbox is drained.

        Args:
            timeout: How long to wait for the first [s].
            linger: How long to let others join it, unless one is decisive [s]: a thousand changes
                of process a second cost more than the measurements themselves.
        """
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout)
            if linger and self._waiting:
                self._changed.wait_for(lambda: self._urgent or self._closed, linger)
            oldest = time.monotonic() - FRAME_PATIENCE_S
            for name in _PICTURES:
                while self._lines[name] and self._lines[name][0][2] < oldest:
                    self._forget_oldest(name)
            return [self._take_oldest() for _ in range(min(len(self._waiting), _AT_ONCE))]

    def close(self) -> None:
        """Accept nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Give up what waits, and count it as late."""
        with self._changed:
            self._lost["late"] += len(self._waiting)
            self._waiting.clear()
            for line in self._lines.values():
                line.clear()
            self._held = 0

    @property
    def drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    def _take_oldest(self) -> Event:
        _, event = self._waiting.popitem(last=False)
        if name := _line(event):
            self._held -= self._lines[name].popleft()[1]
        self._urgent &= bool(self._waiting)
        return event

    def _make_room(self) -> None:
        while self._held > self._frame_bytes:
            self._forget_oldest(next(name for name in _PICTURES if self._lines[name]))
        while len(self._lines["samples"]) > self._samples:
            self._forget_oldest("samples")

    def _forget_oldest(self, name: str) -> None:
        key, size, _ = self._lines[name].popleft()
        del self._waiting[key]
        self._held -= size
        self._lost[name] += 1


_PICTURES = ("previews", "frames")
_DROP_ORDER = (*_PICTURES, "samples")


def _line(event: Event) -> str:
    """Return the name of those that an event is dropped with; nothing for those that never are."""
    if isinstance(event, FrameSeen):
        return "previews" if event.preview else "frames"
    return "samples" if isinstance(event, StateSampled) else ""
