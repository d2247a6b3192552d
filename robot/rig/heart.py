"""A client's side of the pulse: a thread that tells the rig whether its program is alive."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed

from core.wire import pack
from robot.rig.pulse import BEAT_SECONDS

HELD_SECONDS = 0.2
"""A hold that nobody repeats for so long is no longer believed."""

_log = logging.getLogger(__name__)


class Heart:
    """Beats until it is closed; see :mod:`robot.rig.pulse`."""

    def __init__(self, send: Callable[[bytes], None], *, own: bool) -> None:
        """Start beating.

        Args:
            send: Sends one message; may block, and raises when the connection is gone.
            own: Whether the thread's own life is enough (a script), or :meth:`beat` has to be
                called all the time (a window, whose loop has to be alive as well).
        """
        self._send = send
        self._own = own
        self._beaten = time.monotonic()
        self._held = False
        self._end = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rig-pulse", daemon=True)
        self._thread.start()

    def beat(self, held: bool) -> None:
        """Say that the program is alive and whether the arm is held to run; never blocks."""
        changed, self._held = held != self._held, held
        self._beaten = time.monotonic()
        if changed:
            self._wake.set()

    def close(self) -> None:
        """Stop beating."""
        self._end.set()
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def _work(self) -> None:
        try:
            for number in itertools.count(1):
                if self._end.is_set():
                    return
                self._wake.clear()
                age = time.monotonic() - self._beaten
                held = self._held and age <= HELD_SECONDS
                beat_ms = 0.0 if self._own else 1e3 * age
                self._send(pack({"n": number, "held": held, "beat_ms": beat_ms}))
                self._wake.wait(BEAT_SECONDS)
        except (ConnectionClosed, OSError) as error:
            _log.debug("the pulse ended: %r", error)
