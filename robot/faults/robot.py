"""An arm that goes wrong when it is told to, around any other arm.

A fault does to the arm inside what it would do to a real one (whatever ends a motion brakes it),
and to the caller what the driver of a real one would: errors at the next call, or only when the
end of a motion is awaited. What latches is lifted by :meth:`FaultyRobot.recover`, once its cause is
gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import RobotState, StudioError
from robot.base import Robot, RobotError, RobotLostError
from robot.check_item import CheckItem, CheckState
from robot.faults.errors import again, error_of
from robot.faults.gripper import LateCommand, chain, failed
from robot.faults.kinds import AWAIT_GRIPPER, AWAIT_MOTION, FACTS, FaultKind
from robot.faults.plan import Injection
from robot.franka_errors import recovery_checklist
from robot.rig.checks import Checkable, SpeedSettable

MID_MOTION_SECONDS = 0.4
"""How far into a motion a fault strikes that has waited for one."""

REFLEXES = ("cartesian reflex", "joint reflex", "communication constraints violation")
"""What the arm reports, in turn."""

_MODES = {
    FaultKind.NETWORK: "disconnected",
    FaultKind.USER_STOP: "stopped",
    FaultKind.REFLEX: "fault",
    FaultKind.GUIDING: "guiding",
}
"""Modes of an arm in these, the first that holds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """A fault in force: since it passes by itself or because nobody has recovered the arm.

    Attributes:
        error: What commands raise.
        until: When its cause is gone [s].
        latches: Whether it stays until the arm is recovered.
    """

    error: RobotError
    until: float
    latches: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frozen:
    until: float
    state: RobotState
    pose: NDArray[np.float64]


class FaultyRobot:
    """Does what the arm inside does, until a fault begins; see :class:`robot.base.Robot`."""

    def __init__(
        self,
        robot: Robot,
        tell: Callable[[FaultKind, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap an arm.

        Args:
            robot: The arm inside; closed by :meth:`close`.
            tell: Called with every fault that takes effect and what is special about it.
            clock: Seconds that never run backwards.
        """
        self._robot = robot
        self._tell = tell
        self._clock = clock
        self._lock = threading.RLock()
        self._held: dict[FaultKind, _Held] = {}
        self._frozen: _Frozen | None = None
        self._waiting: deque[Injection] = deque()
        self._waiting_grips: deque[Injection] = deque()
        self._moving_since: float | None = None
        self._ending: RobotError | None = None
        self._late: LateCommand | None = None
        self._reflexes = 0
        self._reported: list[str] = []

    def begin(self, fault: Injection) -> None:
        """Let a fault of the arm begin, or wait for the motion that it is to strike."""
        with self._lock:
            if fault.kind in AWAIT_GRIPPER:
                self._waiting_grips.append(fault)
            elif fault.kind in AWAIT_MOTION:
                self._waiting.append(fault)
            else:
                self._hold(fault)
                return
        self._strike(at_once=fault.kind == FaultKind.REFLEX)

    @property
    def host(self) -> str:
        """Address of the arm."""
        return self._robot.host

    def state(self) -> RobotState:
        """Return what the arm measures, or what a frozen one measured last."""
        self._strike()
        self._require_connection()
        frozen = self._frozen
        if frozen is not None and self._clock() < frozen.until:
            return frozen.state
        state = self._robot.state()
        held = self._in_force()
        return next((replace(state, mode=mode) for k, mode in _MODES.items() if k in held), state)

    def commanded_pose(self) -> NDArray[np.float64]:
        """Return the (4, 4) pose that the controller holds, or held when it froze."""
        self._require_connection()
        frozen = self._frozen
        if frozen is not None and self._clock() < frozen.until:
            return frozen.pose.copy()
        return self._robot.commanded_pose()

    def follow(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """Start moving through poses, unless a fault forbids it."""
        self._move(lambda: self._robot.follow(poses, step_seconds))

    def follow_gently(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """As :meth:`follow`, resting at each pose."""
        self._move(lambda: self._robot.follow_gently(poses, step_seconds))

    def passed(self) -> int:
        """Return how many poses are behind the arm."""
        self._require_connection()
        return self._robot.passed()

    def move_joints(self, joints: NDArray[np.float64]) -> None:
        """Start moving to (7,) joint angles [rad], unless a fault forbids it."""
        self._move(lambda: self._robot.move_joints(joints))

    def wait(self, timeout: float) -> bool:
        """Wait for the motion to end; here it is told how a fault ended it."""
        self._strike()
        self._raise_ending()
        try:
            ended = self._robot.wait(timeout)
        except RobotError:
            self._raise_ending()
            self._moving_since = None
            raise
        self._raise_ending()
        if ended:
            self._moving_since = None
        return ended

    def stop(self) -> None:
        """End any motion now."""
        self._require_connection()  # a fault that cut it off has braked the arm
        self._robot.stop()

    def set_gripper(self, opened: bool) -> Future[None]:
        """Start opening or closing; a fault may delay or refuse it."""
        try:
            self._require_connection()
        except RobotLostError as error:
            return failed(error)
        with self._lock:
            fault = self._waiting_grips.popleft() if self._waiting_grips else None
        if fault is None:
            return chain(self._robot.set_gripper(opened))
        word = "open" if opened else "close"
        self._tell(fault.kind, f"asked to {word}")
        if fault.kind == FaultKind.GRIPPER_FAIL:
            return failed(RobotError(f"The gripper did not {word}; look what is in its way."))
        late = LateCommand(lambda: self._robot.set_gripper(opened), fault.seconds)
        self._late = late
        return late.future

    def stop_gripper(self) -> None:
        """End a running or waiting command to the gripper."""
        late, self._late = self._late, None
        if late is not None:
            late.cancel()
        self._robot.stop_gripper()

    def recover(self) -> None:
        """Lift what latches, once its cause is gone."""
        with self._lock:
            now = self._clock()
            for kind in _MODES:
                held = self._held.get(kind)
                if held is not None and held.latches and now < held.until:
                    raise again(held.error)
        self._robot.recover()  # without the lock: connecting anew takes its time
        with self._lock:
            self._held = {k: held for k, held in self._held.items() if not held.latches}
            self._reported = []

    def set_speed(self, share: float) -> None:
        """Move with this share, 0..1, of the arm's dynamics from the next motion on.

        Raises:
            StudioError: If the speed of the arm inside cannot be set.
        """
        if not isinstance(self._robot, SpeedSettable):
            raise StudioError("The speed of this arm cannot be set while the rig runs.")
        self._robot.set_speed(share)

    def checklist(self) -> list[Any]:
        """Return the checklist of the arm inside, and what is wrong with it on purpose."""
        own = list(self._robot.checklist()) if isinstance(self._robot, Checkable) else []
        return [*own, *(_exercise(kind, held) for kind, held in self._in_force().items())]

    def recovery_checklist(self) -> list[CheckItem]:
        """Return what a person confirms before :meth:`recover`, as for a real arm."""
        return recovery_checklist(self._reported)

    def close(self) -> None:
        """Stop and disconnect the arm inside."""
        late, self._late = self._late, None
        if late is not None:
            late.cancel()
        self._robot.close()

    def _hold(self, fault: Injection) -> None:
        """Begin a fault that needs no motion."""
        now = self._clock()
        if fault.kind == FaultKind.STATE_FREEZE:
            try:
                state, pose = self.state(), self.commanded_pose()
            except RobotLostError:
                return  # there is no state that could stand still
            self._frozen = _Frozen(until=now + fault.seconds, state=state, pose=pose)
            self._tell(fault.kind, f"for {fault.seconds:.1f} s")
            return
        error = error_of(fault.kind, self._robot.host)
        self._held[fault.kind] = _Held(
            error=error, until=now + fault.seconds, latches=fault.kind != FaultKind.GUIDING
        )
        self._tell(fault.kind, f"for {fault.seconds:.1f} s")
        self._end_motion(error)

    def _strike(self, *, at_once: bool = False) -> None:
        """Let a fault that waits for a motion hit the one that runs, once it is well under way."""
        with self._lock:
            since = self._moving_since
            if not self._waiting or since is None or self._ending is not None:
                return
            if not at_once and self._clock() - since < MID_MOTION_SECONDS:
                return
            kind = self._waiting.popleft().kind
            detail = ""
            if kind == FaultKind.REFLEX:
                detail = REFLEXES[self._reflexes % len(REFLEXES)]
                self._reported = [detail]
                self._reflexes += 1
            error = error_of(kind, self._robot.host, detail)
            if kind == FaultKind.REFLEX:
                self._held[kind] = _Held(error=error, until=0.0, latches=True)
            self._tell(kind, detail or "in the middle of a motion")
            self._end_motion(error)

    def _end_motion(self, error: RobotError) -> None:
        """Brake the arm inside, as its own controller would; :meth:`wait` will tell why."""
        if self._moving_since is None:
            return
        self._ending = error
        try:
            self._robot.stop()
        except RobotError as problem:
            _log.warning("the arm inside could not be stopped for a fault: %s", problem)

    def _raise_ending(self) -> None:
        with self._lock:
            error, self._ending = self._ending, None
            if error is not None:
                self._moving_since = None
                raise again(error)

    def _move(self, start: Callable[[], None]) -> None:
        with self._lock:
            self._require_connection()
            for held in self._in_force().values():
                raise again(held.error)
            self._ending = None
            start()
            self._moving_since = self._clock()

    def _in_force(self) -> dict[FaultKind, _Held]:
        now = self._clock()
        held = dict(self._held)
        return {kind: fault for kind, fault in held.items() if fault.latches or now < fault.until}

    def _require_connection(self) -> None:
        held = self._held.get(FaultKind.NETWORK)
        if held is not None:
            raise again(held.error)


def _exercise(kind: FaultKind, held: _Held) -> CheckItem:
    """Return what a checklist says about an arm that is made to be in error."""
    return CheckItem(
        name=f"exercise: {kind}",
        state=CheckState.FAIL,
        found=str(held.error),
        mend=FACTS[kind].mend,
    )
