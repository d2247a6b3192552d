"""The thread that keeps watch: it asks the watchdogs and tells the desk.

What it finds has three weights. A picture that cannot be relied on ends what is executed by a plan
and keeps every plan from being armed. A state that cannot be relied on stops whatever moves. A
clock that jumps disarms.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from core.types import Frame, RobotState, StudioError
from robot.rig.authority import Authority
from robot.rig.desk import Desk
from robot.rig.states import MotionState
from robot.rig.watchdogs import CameraWatch, ClockWatch, WatchLimits, Way, state_fault

WATCH_SECONDS = 0.02

_log = logging.getLogger(__name__)


class Watch:
    """Keeps watch from its start until it is closed."""

    def __init__(
        self,
        *,
        desk: Desk,
        cameras: Sequence[str],
        limits: WatchLimits,
        report: Callable[[str], None],
    ) -> None:
        """Start the thread.

        Args:
            desk: What is told.
            cameras: Names of the cameras.
            limits: How old and how still things may be.
            report: Gets a sentence when the arm could not be told to stop.
        """
        self._desk = desk
        self._limits = limits
        self._report = report
        self._cameras = {name: CameraWatch(name, limits) for name in cameras}
        self._way = Way()
        self._clock = ClockWatch(limits)
        self._state: RobotState | None = None
        self._obstacle = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rig-watch", daemon=True)
        self._thread.start()

    def see(self, frame: Frame) -> None:
        """Take in a picture."""
        watch = self._cameras.get(frame.camera)
        if watch is not None:
            watch.see(frame, time.monotonic())

    def measure(self, state: RobotState) -> None:
        """Take in a state of the arm."""
        self._way.add(state)
        self._state = state

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join(3.0)

    def _work(self) -> None:
        while not self._end.wait(WATCH_SECONDS):
            try:
                self._look(time.monotonic(), time.time())
            except StudioError as error:
                self._report(str(error))

    def _look(self, now: float, wall: float) -> None:
        jump = self._clock.judge(now, wall)
        if jump:
            _log.warning("%s", jump)
            self._desk.decide(lambda authority: authority.disarm(jump))
        self._desk.decide(lambda authority: authority.tick())
        lost = state_fault(self._state, now, self._limits)
        dark = next(
            (fault for watch in self._cameras.values() if (fault := watch.judge(now, self._way))),
            "",
        )
        obstacle = lost or dark
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            self._desk.decide(lambda authority: authority.watch(obstacle))
        if not obstacle:
            return
        state, planned = self._desk.decide(_situation)
        if lost and state is MotionState.EXECUTING:
            self._desk.stop(f"the rig: {lost[0].lower()}{lost[1:].partition(';')[0]}")
        elif planned:
            self._desk.hold(obstacle)


def _situation(authority: Authority) -> tuple[MotionState, bool]:
    """Return the state, and whether it is about a plan that is to be seen through."""
    planned = authority.state in (MotionState.PREVIEWED, MotionState.ARMED)
    return authority.state, planned or authority.executes_plan
