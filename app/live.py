"""Pulls frames, state and events from the rig; nothing is ever queued per frame.

Looking costs microseconds, so it happens more often than frames come: a frame waits for the next
look, and that wait is part of what the person sees too late.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from core.types import Frame, RobotState

INTERVAL_MS = 8
"""Time between two looks."""

SHORTEST_NS = 15_000_000
"""Frames of one camera that follow each other faster than a display shows them are left out."""

STATE_NS = 30_000_000
"""The state of the arm is told at most this often."""

_WINDOW_NS = 2_000_000_000


class LiveFeed(QObject):
    """Newest frame of every camera and newest state of the arm.

    Attributes:
        frames: Newest frame by camera name.
        state: Newest state of the arm, or None.
    """

    frame_arrived = Signal(object)
    state_arrived = Signal(object)
    event_arrived = Signal(object)
    connection_lost = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frames: dict[str, Frame] = {}
        self.state: RobotState | None = None
        self._client: Any = None
        self._arrivals: dict[str, deque[int]] = {}
        self._stated = 0
        self._timer = QTimer(self, interval=INTERVAL_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pull)
        self._next = QTimer(self, interval=0, singleShot=True)
        self._next.timeout.connect(self._tell_next)

    def attach(self, client: Any) -> None:
        """Follow a connected rig client; None stops pulling."""
        self._client = client
        self.frames = {}
        self.state, self._stated = None, 0
        self._arrivals.clear()
        if client is None:
            self._timer.stop()
        else:
            self._timer.start()

    def pull(self) -> None:
        """Take what is new and tell about it."""
        client = self._client
        if client is None:
            return
        now = time.monotonic_ns()
        for name, frame in client.frames().items():
            old = self.frames.get(name)
            if old is not None and (old.seq, old.t_ns) == (frame.seq, frame.t_ns):
                continue
            arrivals = self._arrivals.setdefault(name, deque(maxlen=240))
            if not arrivals or now - arrivals[-1] >= SHORTEST_NS:
                self.frames[name] = frame
                arrivals.append(now)
                self.frame_arrived.emit(frame)
        if now - self._stated >= STATE_NS:
            state = client.state()
            if state is not None and (self.state is None or state.t_ns != self.state.t_ns):
                self._stated, self.state = now, state
                self.state_arrived.emit(state)
        self._tell_next()
        if self._client is client and not client.is_connected and client.events.empty():
            self.connection_lost.emit()

    @Slot()
    def _tell_next(self) -> None:
        """Tell of one event per turn of the loop: what follows of it may take some time to show."""
        client = self._client
        if client is None:
            return
        try:
            event = client.events.get_nowait()
        except queue.Empty:
            return
        self.event_arrived.emit(event)
        if self._client is client and not client.events.empty():
            self._next.start()

    def age_ms(self, camera: str) -> float | None:
        """Milliseconds since the newest frame of a camera arrived here; None without one."""
        arrivals = self._arrivals.get(camera)
        return (time.monotonic_ns() - arrivals[-1]) / 1e6 if arrivals else None

    def fps(self, camera: str) -> float:
        """Frames per second of a camera over the last two seconds."""
        arrivals = self._arrivals.get(camera)
        if not arrivals or len(arrivals) < 2:
            return 0.0
        recent = [t for t in arrivals if t > time.monotonic_ns() - _WINDOW_NS]
        if len(recent) < 2 or recent[-1] == recent[0]:
            return 0.0
        return (len(recent) - 1) * 1e9 / (recent[-1] - recent[0])
