"""The newest picture of every camera and the newest state, for any number of slow readers."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from core.types import Frame, RobotState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class News:
    """What is new since a reader last looked.

    Attributes:
        version: Pass it to the next :meth:`Board.wait`.
        frames: Pictures that the reader has not seen.
        state: State of the arm, if the reader has not seen it.
    """

    version: int
    frames: tuple[Frame, ...]
    state: RobotState | None


class Board:
    """Latest wins: writers never wait, readers miss what they are too slow for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._frames: dict[str, tuple[int, Frame]] = {}
        self._state: tuple[int, RobotState] | None = None

    def put_frame(self, frame: Frame) -> None:
        """Publish a picture."""
        with self._changed:
            self._version += 1
            self._frames[frame.camera] = self._version, frame
            self._changed.notify_all()

    def put_state(self, state: RobotState) -> None:
        """Publish a state."""
        with self._changed:
            self._version += 1
            self._state = self._version, state
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> News | None:
        """Return what came after version ``seen``, waiting up to ``timeout`` seconds for it."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._version > seen, timeout):
                return None
            frames = tuple(frame for version, frame in self._frames.values() if version > seen)
            state = self._state
            fresh = state[1] if state is not None and state[0] > seen else None
            return News(version=self._version, frames=frames, state=fresh)
