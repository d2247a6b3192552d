"""What the executor executes, and how patient it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot.base import RobotError

POLL_SECONDS = 0.02
GRIPPER_SECONDS = 10.0
GENTLE_ATTEMPTS = 3
SETTLE_SECONDS = 0.1
"""What an arm needs to come fully to rest after a trajectory that was not found."""

MOTION_SLACK_SECONDS = 20.0
"""A motion that takes this much longer than planned is given up."""

SURELY_OPEN = 0.95
"""Above this opening the fingers can be taken for open without having been told to."""

SAME_METRES = 0.005
SAME_RADIANS = 0.03
"""How near the controller's pose must be to where the last chunk ended to continue from there."""

SUPERSEDED = "another plan took over"
SUPERSEDE_SECONDS = 5.0

Permit = Callable[[str], None]
"""Gets the number of a run when nothing else is in its way; may raise, must not block."""


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A run or a move."""

    run_id: str
    owner: object
    poses: NDArray[np.float64] = field(default_factory=lambda: np.eye(4)[None])
    opened: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    step_seconds: float = 0.2
    joints: NDArray[np.float64] | None = None
    open_gripper: bool = False
    done: int = 0
    held: str = ""


def wait_for_gripper(future: Future[None], check: Callable[[], None]) -> None:
    """Wait until the gripper is done.

    Args:
        future: What it does.
        check: Called again and again meanwhile; raises when it shall not be waited for any more.

    Raises:
        RobotError: If it does not finish in time, or failed.
    """
    deadline = time.monotonic() + GRIPPER_SECONDS
    while True:
        check()
        try:
            future.result(POLL_SECONDS)
        except FutureTimeout as error:
            if time.monotonic() > deadline:
                raise RobotError("The gripper did not finish; look what is in its way.") from error
            continue
        check()
        return
