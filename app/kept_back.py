"""Events that wait for a recorder: as many as memory allows, the oldest given up first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from core.session.events import Event, Observed, Steered

MOST = 1000
MOST_BYTES = 256 * 1024 * 1024
"""Pictures of about a hundred questions; whoever goes on without a recorder for longer was told."""


class KeptBack:
    """A queue that never grows beyond its limits."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._events: deque[Event] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._events)

    def keep(self, event: Event) -> None:
        """Append an event."""
        self._events.append(event)
        self._bytes += picture_bytes(event)
        while len(self._events) > self._most or self._bytes > self._most_bytes:
            self._take()

    def put_first(self, events: Iterable[Event]) -> None:
        """Put events before all others, in their order."""
        later = [*events, *self.drain()]
        for event in later:
            self.keep(event)

    def drain(self) -> Iterator[Event]:
        """Take all events, the oldest first."""
        while self._events:
            yield self._take()

    def _take(self) -> Event:
        event = self._events.popleft()
        self._bytes -= picture_bytes(event)
        return event


def picture_bytes(event: Event) -> int:
    """Return what the pictures of an event take [bytes]."""
    match event:
        case Observed():
            return sum(frame.image.nbytes for frame in event.observation.frames)
        case Steered():
            return 0 if event.model_image is None else event.model_image.nbytes
        case _:
            return 0
