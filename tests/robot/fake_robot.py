"""An arm without physics: each :meth:`FakeRobot.wait` brings it one pose further."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from core.types import RobotState
from robot.base import PreemptedError, RobotError, RobotLostError
from robot.kinematics import along
from robot.sim.kinematics import home_joints

START = np.array([0.5, 0.0, 0.25])


def down(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) pose of a hand that points down."""
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = position
    return pose


class FakeRobot:
    """Records what it is told; faults are set by the test.

    Attributes:
        visited: Every commanded pose that it reached.
        calls: Names of what was asked of it.
        moving: Cleared to make motions hang until it is set.
        fault: Raised by the next :meth:`wait`, once.
        lost: Whether the connection is gone.
        closed_at: Opening at which its closed fingers meet something.
    """

    host = "fake"

    def __init__(self) -> None:
        self.pose = down(START)
        self._joints = home_joints()
        self.opening = 1.0
        self.visited: list[NDArray[np.float64]] = []
        self.grips: list[bool] = []
        self.calls: list[str] = []
        self.moving = threading.Event()
        self.moving.set()
        self.fault: RobotError | None = None
        self.lost = False
        self.gripper_hangs = False
        self.closed_at = 0.0
        self._path: list[NDArray[np.float64]] = []
        self._passed = 0
        self._stopped = False
        self._grip: Future[None] | None = None

    def state(self) -> RobotState:
        self._require()
        reached = along(self.pose[None], self._joints).joints
        self._joints = reached[0] if len(reached) else self._joints
        return RobotState(
            q=self._joints, ee_pose=self.pose, gripper=self.opening, t_ns=time.monotonic_ns()
        )

    def commanded_pose(self) -> NDArray[np.float64]:
        self._require()
        return self.pose.copy()

    def follow(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        self._begin("follow", poses)

    def follow_gently(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        self._begin("follow_gently", poses)

    def passed(self) -> int:
        return self._passed

    def move_joints(self, joints: NDArray[np.float64]) -> None:
        self._begin("move_joints", down(START)[None])

    def wait(self, timeout: float) -> bool:
        if not self.moving.wait(0.002):
            if self._stopped:
                raise PreemptedError("stopped")
            return False
        fault, self.fault = self.fault, None
        if fault is not None:
            self._path = []
            raise fault
        self._require()
        if self._stopped:
            raise PreemptedError("stopped")
        if self._path:
            self.pose = self._path.pop(0).copy()
            self.visited.append(self.pose)
            self._passed += 1
        return not self._path

    def stop(self) -> None:
        self.calls.append("stop")
        self._require()
        self._stopped = True
        self._path = []

    def set_gripper(self, opened: bool) -> Future[None]:
        self.calls.append("open" if opened else "close")
        self._grip = Future()
        if not self.gripper_hangs:
            self.grips.append(opened)
            self.opening = 1.0 if opened else self.closed_at
            self._grip.set_result(None)
        return self._grip

    def stop_gripper(self) -> None:
        self.calls.append("stop_gripper")
        if self._grip is not None and not self._grip.done():
            self._grip.set_exception(PreemptedError("stopped"))

    def recover(self) -> None:
        self.calls.append("recover")
        self._require()

    def close(self) -> None:
        self.calls.append("close_robot")

    def _begin(self, call: str, poses: NDArray[np.float64]) -> None:
        self._require()
        self.calls.append(call)
        self._path, self._passed, self._stopped = list(poses), 0, False

    def _require(self) -> None:
        if self.lost:
            raise RobotLostError("The connection to the robot at fake is lost.")
