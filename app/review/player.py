"""The playhead: where it is, how fast it goes, and between which ends it loops."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

TICK_MS = 33
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_NS = 1_000_000_000


class Player(QObject):
    """Moves a playhead through a span of time; it reads nothing.

    Attributes:
        start: First moment [ns since 1970].
        end: Last moment.
        position: Where the playhead is.
        speed: One of :data:`SPEEDS`.
        loop: Whether it begins anew at the end.
    """

    moved = Signal()
    changed = Signal()
    """It plays or stands, or speed or loop is another."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.start = self.end = self.position = 0
        self.speed, self.loop = 1.0, False
        self._before = 0.0
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)

    @property
    def playing(self) -> bool:
        """Whether it moves."""
        return self._clock.isActive()

    def set_span(self, start: int, end: int, position: int | None = None) -> None:
        """Play between two moments from now on, and stand at the first or the one given."""
        self.pause()
        self.start, self.end = start, max(start, end)
        self.seek(start if position is None else position)

    def seek(self, wall_ns: int) -> None:
        """Go to a moment; beyond the ends means to the end."""
        self.position = min(max(wall_ns, self.start), self.end)
        self.moved.emit()

    def play(self) -> None:
        """Move on; at the end, from the start."""
        if self.end <= self.start:
            return
        if self.position >= self.end:
            self.seek(self.start)
        self._before = time.monotonic()
        self._clock.start()
        self.changed.emit()

    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            self._clock.stop()
            self.changed.emit()

    def toggle(self, *_: object) -> None:
        """Play, or pause."""
        (self.pause if self.playing else self.play)()

    def set_loop(self, loop: bool) -> None:
        """Begin anew at the end, or stand there."""
        self.loop = loop
        self.changed.emit()

    def change_speed(self, steps: int) -> None:
        """Play faster or slower by some of :data:`SPEEDS`."""
        place = min(max(SPEEDS.index(self.speed) + steps, 0), len(SPEEDS) - 1)
        self.speed = SPEEDS[place]
        self.changed.emit()

    def advance(self, seconds: float) -> None:
        """Let some time go by [s]."""
        position = self.position + round(seconds * self.speed * _NS)
        if position < self.end:
            self.seek(position)
        elif self.loop:
            self.seek(self.start)
        else:
            self.seek(self.end)
            self.pause()

    def _tick(self) -> None:
        now = time.monotonic()
        seconds, self._before = now - self._before, now
        self.advance(seconds)
