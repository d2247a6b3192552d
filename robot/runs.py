"""What the executor executes, and how patient it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot.base import PreemptedError, RobotError

POLL_SECONDS = 0.02
QUICK_SECONDS = 0.004
"""How long the arm is waited for at a time until it moves: this is how finely that is timed."""

MOVED_METRES = 0.0002
"""An arm that is so far from where it was has begun to move."""

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

SOMETHING_HELD = 0.02
"""Above this opening closed fingers have something between them: 1.6 mm."""

SUPERSEDED = "another plan took over"
LATE_METRES = 0.03
LATE_RADIANS = 0.2
TOO_LATE = "The plan came too late: the arm has moved on since. It holds its pose; plan anew."
"""Said of a plan that takes over when the arm is farther than this from where it starts."""

Permit = Callable[[str], None]
"""Gets the number of a run when nothing else is in its way; may raise, must not block."""


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A run or a move.

    Attributes:
        run_id: Number of the run.
        owner: Whose leaving stops it.
        poses: (N + 1, 4, 4) poses, the first being where it starts [m].
        opened: (N,) whether the gripper is open after each step.
        step_seconds: Time of a step [s].
        joints: (7,) angles to move to instead [rad].
        open_gripper: Whether to open the gripper before.
        done: How many steps have been executed.
        held: Why it shall end where it is; empty while it may go on.
        takes_over: Whether it replaces a running chunk without a rest.
        asked: When it was asked for [s, monotonic].
        first_motion: When the arm first moved; 0 before [s, monotonic].
        due: When each step should be done [s, monotonic].
    """

    run_id: str
    owner: object
    poses: NDArray[np.float64] = field(default_factory=lambda: np.eye(4)[None])
    opened: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    step_seconds: float = 0.2
    joints: NDArray[np.float64] | None = None
    open_gripper: bool = False
    done: int = 0
    held: str = ""
    takes_over: bool = False
    asked: float = field(default_factory=time.monotonic)
    first_motion: float = 0.0
    due: list[float] = field(default_factory=list[float])

    @property
    def latency_ms(self) -> float | None:
        """Time from the command to the first motion; None when there was none."""
        return 1e3 * (self.first_motion - self.asked) if self.first_motion else None


class SupersededError(PreemptedError):
    """Another job takes over from the running one; the arm goes on moving."""


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
