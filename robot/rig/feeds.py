"""Threads that bring pictures and states to the board, and tell once when one fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from core.types import Frame, RobotState, StudioError
from robot.base import Camera, Robot, RobotError
from robot.rig.board import Board

STATE_SECONDS = 1.0 / 90.0
"""How often the arm's state is read: often enough to notice within 50 ms that it stands."""

TELL_EVERY = 3
"""Every how many-th state is shown; nobody looks at more than 30 a second."""

READ_SECONDS = 0.25
DARK_SECONDS = 3.0
"""A camera that delivers nothing for so long is reported."""

RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)
Report = Callable[[str], None]


class Feeds:
    """One thread per camera and one for the arm."""

    def __init__(
        self,
        *,
        robot: Robot,
        cameras: list[Camera],
        board: Board,
        report: Report,
        lost: Report,
        measured: Callable[[RobotState], None],
        seen: Callable[[Frame], None],
        stopped: Callable[[], bool],
    ) -> None:
        """Start the threads.

        Args:
            robot: The arm.
            cameras: Where pictures come from; closed by :meth:`close`.
            board: Where everything goes.
            report: Gets a sentence when a camera fails, once until it works again.
            lost: Gets a sentence when the arm does not answer, once until it does again.
            measured: Gets every state as the arm tells it; must not block.
            seen: Gets every picture; must not block.
            stopped: Whether a stop is in force.
        """
        self._robot = robot
        self._cameras = cameras
        self._board = board
        self._report = report
        self._lost = lost
        self._measured = measured
        self._seen = seen
        self._stopped = stopped
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch_arm, name="arm-state", daemon=True),
            *(
                threading.Thread(
                    target=self._watch_camera,
                    args=(camera,),
                    name=f"camera-{camera.name}",
                    daemon=True,
                )
                for camera in cameras
            ),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads and close the cameras."""
        self._end.set()
        for thread in self._threads:
            thread.join(3.0)
        for camera in self._cameras:
            camera.close()

    def _watch_arm(self) -> None:
        last: RobotState | None = None
        failed = False
        told = 0
        while not self._end.wait(STATE_SECONDS):
            try:
                state = self._robot.state()
            except RobotError as error:
                if not failed:
                    self._lost(str(error))
                if last is not None:
                    gone = replace(last, mode="disconnected", t_ns=time.monotonic_ns())
                    self._board.put_state(gone)
                failed = True
                self._end.wait(RETRY_SECONDS)
                continue
            failed = False
            self._measured(state)
            if self._stopped() and state.mode in ("idle", "moving"):
                state = replace(state, mode="stopped")
            last = state
            told += 1
            if told % TELL_EVERY == 0:
                self._board.put_state(state)

    def _watch_camera(self, camera: Camera) -> None:
        failed = False
        seen = time.monotonic()
        while not self._end.is_set():
            try:
                frame = camera.read(READ_SECONDS)
            except StudioError as error:
                if not failed:
                    self._report(str(error))
                failed = True
                self._end.wait(RETRY_SECONDS)
                continue
            if frame is not None:
                failed = False
                seen = time.monotonic()
                self._seen(frame)
                self._board.put_frame(frame)
            elif not failed and time.monotonic() - seen > DARK_SECONDS:
                failed = True
                self._report(
                    f"Camera '{camera.name}' has delivered no picture for {DARK_SECONDS:.0f} s."
                )
