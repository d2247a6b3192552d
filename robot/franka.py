"""Driver of a Franka FR3 with Franka Hand through franky: the real arm and the simulated one."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import franky
import numpy as np
from numpy.typing import NDArray

from core.types import RobotState
from robot.base import PreemptedError, RobotError, RobotLostError
from robot.check_item import CheckItem
from robot.franka_checklist import arm_items
from robot.franka_errors import recovery_checklist
from robot.franka_facts import gather_facts, set_collision_limits
from robot.franka_gripper import FrankaGripper
from robot.franka_motion import resting_motion, streaming_motion
from robot.franka_words import FRANKY_ERRORS, active_errors, in_words
from robot.machine_checks import Machine
from robot.path import orthonormal
from robot.stream import Stream
from robot.stream_path import resting_path, stream_path

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
JOINT_SPEED = franky.RelativeDynamicsFactor(0.5, 0.5, 0.05)
"""Shares of the arm's velocity, acceleration and jerk for going home, as it goes far."""

SMOOTH_ACCELERATION = 0.9
SMOOTH_JERK = 40.0
"""Most per axis of a streamed motion [m/s^2, m/s^3], whatever the speed; rotations in proportion.
They bind the joints (10 rad/s^2, 5000 rad/s^3) where the Cartesian limits would not, and leave room
for what a replaced motion takes over from a state that is a millisecond old."""

UNFILTERED = 1000.0
"""Cut-off [Hz] that turns libfranka's low-pass filter off. It mixes every command with the one that
the arm last reported, which is an older one whenever an answer was late; and franky's trajectories
are smooth without it."""

NICENESS = -10
_MODES = {
    franky.RobotMode.Move: "moving",
    franky.RobotMode.Reflex: "fault",
    franky.RobotMode.UserStopped: "stopped",
    franky.RobotMode.AutomaticErrorRecovery: "fault",
    franky.RobotMode.Guiding: "guiding",
    franky.RobotMode.Other: "not ready",
}

_log = logging.getLogger(__name__)


class FrankaRobot:
    """One arm and its gripper; there can be only one object per process tree and arm."""

    def __init__(self, host: str, *, speed: float, realtime: bool) -> None:
        """Connect.

        Args:
            host: Address of the robot's control interface.
            speed: Share 0..1 of the arm's velocity, acceleration and jerk limits.
            realtime: Whether to insist on a real-time kernel (a real arm needs one).

        Raises:
            RobotError: If the arm cannot be reached, with a sentence.
        """
        self._host = host
        self._speed = speed
        self._realtime = realtime
        self._clock = (-1, 0)
        # Connecting and moving belong to one thread: with franky-control 2.0.0 a motion started
        # from another thread than the one that made the Robot is planned anew in every cycle and
        # creeps towards its first target without arriving (measured: 12 of 12 against 0 of 12).
        self._thread = self._new_thread()
        self._stream: Stream | None = None
        self._moving = threading.Lock()
        self._handing_over = False
        self._halted = False
        self._robot = self._connect()
        self._gripper = FrankaGripper(host)

    @property
    def host(self) -> str:
        """Address of the arm."""
        return self._host

    def state(self) -> RobotState:
        """Return what the arm measures; see :class:`robot.base.Robot`."""
        state = self._raw_state()
        return RobotState(
            q=state.q,
            ee_pose=_rigid(state.O_T_EE.matrix),
            gripper=self._gripper.opening,
            t_ns=self._measured_ns(state),
            mode=_MODES.get(state.robot_mode, "idle"),
        )

    def _measured_ns(self, state: franky.RobotState) -> int:
        """Return when the arm measured this: while its own clock stands, the state is an old one.

        Compared are its own milliseconds; the two clocks need not agree.
        """
        clock = state.time.to_msec()
        seen, at = self._clock
        if clock != seen:
            at = time.monotonic_ns()
            self._clock = clock, at
        return at

    def commanded_pose(self) -> NDArray[np.float64]:
        """Return the (4, 4) pose that the controller is asked to hold [m]."""
        return _rigid(self._raw_state().O_T_EE_d.matrix)

    def follow(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """Start moving through poses; see :class:`robot.base.Robot`."""
        state = self._raw_state()
        accelerations = (
            self._shares()[0] * self._limits("translation")[1],
            self._shares()[0] * self._limits("rotation")[1],
        )
        path = stream_path(_from_here(state, poses), step_seconds, accelerations)
        self._stream, self._halted = Stream(path, state.time.to_sec()), False
        self._stream_on(self._stream)

    def follow_gently(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """Start moving through poses, resting at each; see :class:`robot.base.Robot`."""
        state, (slower, smoother) = self._raw_state(), self._shares()
        path = _from_here(state, poses)
        self._stream = Stream(resting_path(path, step_seconds), state.time.to_sec())
        self._stream.take_all()
        limits = [
            (speed, slower * acceleration, smoother * jerk)
            for speed, acceleration, jerk in map(self._limits, ("translation", "rotation"))
        ]
        self._halted = False
        self._move(resting_motion(path, step_seconds, limits[0], limits[1], (slower, smoother)))

    def passed(self) -> int:
        """Return how many poses of the path are behind the arm."""
        if self._stream is None:
            return 0
        self._look(self._stream)
        return self._stream.steps_passed

    def move_joints(self, joints: NDArray[np.float64]) -> None:
        """Start moving to (7,) joint angles [rad]."""
        target = [float(angle) for angle in joints]
        self._stream, self._halted = None, False
        self._move(franky.JointMotion(target, relative_dynamics_factor=JOINT_SPEED))

    def wait(self, timeout: float) -> bool:
        """Wait, and hand over what comes next meanwhile; see :class:`robot.base.Robot`."""
        stream = self._stream
        if stream is not None and not stream.complete:
            self._look(stream)
            if stream.due:
                self._stream_on(stream)
        try:
            ended = bool(self._robot.join_motion(timeout))
        except FRANKY_ERRORS as error:
            raise self._in_words(error) from error
        if not ended or stream is None or stream.complete:
            return ended
        stream.rest()  # nobody has called this for long: the arm rests on its path
        self._stream_on(stream)
        return False

    def stop(self) -> None:
        """End any motion now; the arm brakes within about 0.1 s and 4 mm at 0.15 m/s."""
        self._halted = True
        late = self._handing_over
        try:
            self._stop_now()
        finally:
            if late:  # targets that were on their way just then; none follow them
                with self._moving:
                    self._stop_now()

    def set_gripper(self, opened: bool) -> Future[None]:
        """Start opening or closing."""
        return self._gripper.start(opened)

    def set_speed(self, share: float) -> None:
        """Move with this share, 0..1, of the arm's dynamics from the next motion on."""
        self._speed = share
        self._robot.relative_dynamics_factor = share

    def stop_gripper(self) -> None:
        """End a running opening or closing."""
        self._gripper.stop()

    def recover(self) -> None:
        """Acknowledge errors; reconnect if the connection is lost."""
        try:
            self._raw_state()
        except RobotLostError:
            self._reconnect()
        if self._gripper.is_closed:
            self._gripper = FrankaGripper(self._host)
        try:
            if self._robot.has_errors and not self._robot.recover_from_errors():
                names = ", ".join(self.error_names())
                raise RobotError(
                    f"The robot at {self._host} stays in error{f' ({names})' if names else ''}; "
                    "look at it and at Franka Desk."
                )
        except FRANKY_ERRORS as error:
            raise in_words(error, self._host) from error

    def close(self) -> None:
        """Stop and disconnect."""
        with contextlib.suppress(RobotError):
            self.stop()
        # a motion that is still being ended, or that died with the connection, would otherwise
        # abort the whole process when it is thrown away
        with contextlib.suppress(RobotError):
            self.wait(CLOSE_SECONDS)
        self._gripper.close()
        self._thread.shutdown(wait=False)

    def error_names(self) -> list[str]:
        """Return the errors that the arm reports now, in words."""
        return active_errors(self._raw_state().current_errors)

    def checklist(self) -> list[CheckItem]:
        """Look at everything that matters before the arm moves; takes half a second, at rest."""
        try:
            facts = gather_facts(
                self._robot,
                gripper_width=self._gripper.max_width,
                speed=self._speed,
                realtime=self._realtime,
            )
        except FRANKY_ERRORS as error:
            raise in_words(error, self._host) from error
        return arm_items(facts, Machine.here())

    def recovery_checklist(self) -> list[CheckItem]:
        """Return what a person confirms before :meth:`recover`."""
        return recovery_checklist(self.error_names())

    def _in_words(self, error: BaseException) -> RobotError:
        """Say what an exception means, with the errors that the arm reports beside it."""
        names: list[str] = []
        with contextlib.suppress(RobotError):  # a lost connection is said by the exception itself
            names = self.error_names()
        return in_words(error, self._host, names)

    def _raw_state(self) -> franky.RobotState:
        try:
            return self._robot.state
        except FRANKY_ERRORS as error:
            raise in_words(error, self._host) from error

    def _stop_now(self) -> None:
        try:
            self._robot.stop()
        except franky.CommandException:
            _log.debug("stop of a robot at rest", exc_info=True)
        except FRANKY_ERRORS as error:
            raise in_words(error, self._host) from error

    def _look(self, stream: Stream) -> None:
        state = self._raw_state()
        stream.see(_rigid(state.O_T_EE_d.matrix), state.time.to_sec())

    def _stream_on(self, stream: Stream) -> None:
        """Hand over the next targets, which replace those that the arm moves through."""
        speeds = self._limits("translation")[0], self._limits("rotation")[0]
        with self._moving:
            self._handing_over = True
            try:
                if self._halted:
                    raise PreemptedError("The motion was stopped.")
                self._move(streaming_motion(stream.take(), speeds, self._shares()))
            finally:
                self._handing_over = False

    def _shares(self) -> tuple[float, float]:
        """Return the shares of acceleration and jerk that make a streamed motion smooth."""
        _, acceleration, jerk = self._limits("translation")
        return min(1.0, SMOOTH_ACCELERATION / acceleration), min(1.0, SMOOTH_JERK / jerk)

    def _limits(self, kind: str) -> tuple[float, float, float]:
        """Return velocity, acceleration and jerk of "translation" or "rotation" as they are now."""
        names = ("velocity", "acceleration", "jerk")
        values = [getattr(self._robot, f"{kind}_{name}_limit").get() for name in names]
        return self._speed * values[0], self._speed * values[1], self._speed * values[2]

    def _move(self, motion: Any) -> None:
        try:
            self._thread.submit(self._start, motion).result()
        except FRANKY_ERRORS as error:
            raise self._in_words(error) from error

    def _start(self, motion: Any) -> None:
        try:
            # how the last motion ended, which franky would raise at this one
            self._robot.join_motion(0.0)
        except FRANKY_ERRORS as error:
            _log.debug("the last motion ended with: %s", error)
        self._robot.move(motion, asynchronous=True, cutoff_frequency=UNFILTERED)

    def _reconnect(self) -> None:
        self._gripper.close()
        self._robot = self._connect()

    def _connect(self) -> franky.Robot:
        """Connect; a robot that another program holds would block for ever."""
        config = franky.RealtimeConfig.Enforce if self._realtime else franky.RealtimeConfig.Ignore

        def work() -> franky.Robot:
            robot = franky.Robot(
                self._host, relative_dynamics_factor=self._speed, realtime_config=config
            )
            set_collision_limits(robot)
            return robot

        try:
            return self._thread.submit(work).result(CONNECT_SECONDS)
        except TimeoutError as error:
            self._thread = self._new_thread()  # the old one hangs in the attempt
            raise RobotLostError(
                f"The robot at {self._host} does not answer within {CONNECT_SECONDS:.0f} s; is "
                "another program connected to it?"
            ) from error
        except FRANKY_ERRORS as error:
            raise in_words(error, self._host) from error

    def _new_thread(self) -> ThreadPoolExecutor:
        name = f"arm-{self._host}"
        return ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_hurry)


def _hurry() -> None:
    """Prefer this thread, and franky's 1 kHz thread that it starts, to others.

    An answer that comes late is a step in what is commanded. Granted to few; a real arm has a
    real-time kernel instead.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _from_here(state: franky.RobotState, poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N + 1, 4, 4) poses, the first being the one that the controller passes through."""
    return np.concatenate([_rigid(state.O_T_EE_d.matrix)[None], poses])


def _rigid(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a (4, 4) pose without the rounding of the single precision that it travelled in."""
    pose = np.array(matrix, dtype=np.float64)
    pose[:3, :3] = orthonormal(pose[:3, :3])
    return pose
