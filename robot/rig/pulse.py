"""The pulse of the client that moves the arm: when it stops, or lets go, so does the arm.

A client sends a beat every 50 ms over a connection of its own. A beat says whether the person holds
the key, button or pedal, and how long ago the client's own loop was last alive: a window that hangs
has a thread that beats on, but its beats grow old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from robot.guard import RejectedError
from robot.rig.plan import Peer

BEAT_SECONDS = 0.05
"""How often a client beats."""

LOOK_SECONDS = 0.01
"""How often the rig looks whether it still does."""

ARRIVE_SECONDS = 0.2
"""How long a wish to move waits for the beat that was sent with it over the other connection."""

PULSE_LOST = "the rig: heartbeat of the studio lost"
HOLD_RELEASED = "the rig: the hold was released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One sign of life.

    Attributes:
        number: Running number; grows.
        held: Whether the key, button or pedal is held.
        alive_at: When the client's own loop was last alive, by the rig's clock [s].
    """

    number: int
    held: bool
    alive_at: float


def judge(beat: Beat | None, now: float, limit: float, *, hold_to_run: bool) -> str:
    """Return who stops the arm for what a client's newest beat says; empty when nobody does.

    Args:
        beat: The newest one; None when there was none, or its connection is gone.
        now: By the same clock [s].
        limit: How old a sign of life may be [s].
        hold_to_run: Whether the arm moves only while something is held.
    """
    if beat is None or now - beat.alive_at > limit:
        return PULSE_LOST
    if hold_to_run and not beat.held:
        return HOLD_RELEASED
    return ""


class Pulses:
    """The newest beat of every client; its lock is held for moments only."""

    def __init__(
        self, *, limit: float, hold_to_run: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with no client.

        Args:
            limit: How old a sign of life may be [s].
            hold_to_run: Whether the arm moves only while something is held.
            clock: Returns the monotonic time [s].
        """
        self._limit = limit
        self._hold_to_run = hold_to_run
        self._clock = clock
        self._beats: dict[Peer, Beat] = {}
        self._changed = threading.Condition()

    def take(self, peer: Peer, number: int, *, held: bool, age: float) -> None:
        """Take in a beat; one that comes again, or late, says nothing new.

        Args:
            peer: Whose it is.
            number: Its running number.
            held: Whether the key, button or pedal is held.
            age: How long ago the client's own loop was alive [s].
        """
        beat = Beat(number=number, held=held, alive_at=self._clock() - max(0.0, age))
        with self._changed:
            last = self._beats.get(peer)
            if last is None or number > last.number:
                self._beats[peer] = beat
                self._changed.notify_all()

    def forget(self, peer: Peer) -> None:
        """A client's pulse connection is gone."""
        with self._changed:
            self._beats.pop(peer, None)
            self._changed.notify_all()

    def judge(self, peer: Peer) -> str:
        """Return who stops the arm if ``peer`` moves it; empty when nobody does."""
        beat = self._beats.get(peer)
        return judge(beat, self._clock(), self._limit, hold_to_run=self._hold_to_run)

    def require(self, peer: Peer) -> None:
        """Wait a moment for a beat that allows ``peer`` to move the arm.

        Raises:
            RejectedError: If there is none.
        """
        with self._changed:
            if self._changed.wait_for(lambda: not self.judge(peer), ARRIVE_SECONDS):
                return
        if self.judge(peer) == HOLD_RELEASED:
            raise RejectedError(
                "The arm moves only while it is held to run; press and hold the button, key or "
                "pedal."
            )
        raise RejectedError(
            "The rig gets no heartbeat from this studio, so it could not stop the arm if the "
            "studio died; connect to the rig again."
        )

    def wait(self, seconds: float) -> None:
        """Wait for the next beat, at most so long."""
        with self._changed:
            self._changed.wait(seconds)


class PulseWatch:
    """A thread that does nothing but look after the pulse of whoever moves the arm."""

    def __init__(
        self,
        *,
        pulses: Pulses,
        mover: Callable[[], Peer | None],
        stop: Callable[[str], None],
    ) -> None:
        """Start it.

        Args:
            pulses: The beats.
            mover: Returns whose motion is executed; must not block.
            stop: Stops the arm; gets by whom.
        """
        self._pulses = pulses
        self._mover = mover
        self._stop = stop
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pulse-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join(2.0)

    def _watch(self) -> None:
        looked: Peer | None = None
        while not self._end.is_set():
            mover = self._mover()
            by = "" if mover is None else self._pulses.judge(mover)
            # a rig that stood still itself finds old beats; those that wait unread come first
            if by and (by == HOLD_RELEASED or looked is mover):
                self._stop(by)
                looked = None
            else:
                looked = mover if by else None
            self._pulses.wait(LOOK_SECONDS)
