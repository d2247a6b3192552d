"""What an arm and a camera look like to the rig, whoever made them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import Frame, RobotState, StudioError


class RobotError(StudioError):
    """The arm refuses, or a motion ended before its time."""


class RobotLostError(RobotError):
    """The connection to the arm is gone; nothing can be commanded."""


class PreemptedError(RobotError):
    """A stop ended the motion; nothing is wrong."""


class PlanError(RobotError):
    """The controller found no trajectory; the arm came to rest on its way."""


class CameraError(StudioError):
    """A camera is missing or delivers nothing."""


class Robot(Protocol):
    """One arm with a gripper. All methods may be called from any thread.

    Poses are (4, 4) transforms from the end effector to the base frame [m].
    """

    @property
    def host(self) -> str:
        """Address of the arm."""
        ...

    def state(self) -> RobotState:
        """Return what the arm measures.

        Raises:
            RobotLostError: If the arm does not answer.
        """
        ...

    def commanded_pose(self) -> NDArray[np.float64]:
        """Return the (4, 4) pose that the controller holds or passes through now.

        Raises:
            RobotLostError: If the arm does not answer.
        """
        ...

    def follow(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """Start moving through poses, coming to rest at the last.

        A running motion is replaced without a rest. The arm has only the targets of the next half
        second or so; :meth:`wait` hands over the others, so whoever no longer calls it lets the arm
        come to rest on its path.

        Args:
            poses: (N, 4, 4) targets.
            step_seconds: Time from one to the next; longer where the dynamics need it.

        Raises:
            RobotError: If the arm does not accept it.
        """
        ...

    def follow_gently(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """As :meth:`follow`, resting at each pose: for paths that :meth:`follow` cannot plan."""
        ...

    def passed(self) -> int:
        """Return how many poses of the running or last :meth:`follow` are behind the arm."""
        ...

    def move_joints(self, joints: NDArray[np.float64]) -> None:
        """Start moving to (7,) joint angles [rad].

        Raises:
            RobotError: If the arm does not accept it.
        """
        ...

    def wait(self, timeout: float) -> bool:
        """Wait for the motion to end, up to ``timeout`` seconds; return whether it has.

        To be called ten times a second or more while :meth:`follow` moves the arm.

        Raises:
            PreemptedError: If it was stopped.
            PlanError: If no trajectory was found.
            RobotError: If it failed; :class:`RobotLostError` when the arm is gone.
        """
        ...

    def stop(self) -> None:
        """End any motion now; nothing of it goes on, whoever waits for it.

        Raises:
            RobotLostError: If the arm cannot be told.
        """
        ...

    def set_gripper(self, opened: bool) -> Future[None]:
        """Start opening or closing; the result is there when the gripper is done."""
        ...

    def stop_gripper(self) -> None:
        """End a running opening or closing; a gripper at rest keeps its hold."""
        ...

    def recover(self) -> None:
        """Acknowledge errors and reconnect if needed.

        Raises:
            RobotError: If the arm stays in error.
        """
        ...

    def close(self) -> None:
        """Stop and disconnect."""
        ...


class Camera(Protocol):
    """A source of pictures."""

    @property
    def name(self) -> str:
        """Such as "front"."""
        ...

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """Return the next new picture, or None if there is none within ``timeout`` seconds.

        Raises:
            CameraError: If the camera is gone; calling again tries to reopen it.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...
