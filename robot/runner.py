"""Takes the arm through one job: stretches of poses, the gripper between them, or a way home.

A chunk is cut where the gripper changes. Each stretch is streamed: the arm gets targets a little
ahead (:mod:`robot.stream`) as long as :meth:`Robot.wait` is called, so a program that stalls leaves
the arm at rest on its path. A job that takes over from a running one replaces its targets, and the
arm goes on from the velocity that it has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from robot import runs
from robot.base import PlanError, Robot, RobotError
from robot.rig.messages import RigEvent, StepDone
from robot.runs import Job, SupersededError, wait_for_gripper

_log = logging.getLogger(__name__)


class Runner:
    """Moves the arm and its gripper; :meth:`run` belongs to one thread, :meth:`halt` to any.

    Attributes:
        gripper_open: What the gripper was told last; None when that is not known.
    """

    def __init__(
        self, robot: Robot, check: Callable[[Job], None], on_event: Callable[[RigEvent], None]
    ) -> None:
        """Take the arm.

        Args:
            robot: The arm.
            check: Raises when a job shall not go on; called before anything moves and all the time.
            on_event: Gets every :class:`StepDone`; must not block.
        """
        self.gripper_open: bool | None = None
        self._robot = robot
        self._check = check
        self._on_event = on_event
        self._moving = threading.Lock()

    def halt(self, *, gripper: bool = True) -> None:
        """End any motion now; the job's check must refuse already.

        Args:
            gripper: Whether a running opening or closing ends as well; what is held stays held.

        Raises:
            RobotError: If the arm could not be told.
        """
        self._robot.stop()
        if gripper:
            self._robot.stop_gripper()
        with self._moving:  # a motion that was being handed over just then; others see the check
            self._robot.stop()

    def run(self, job: Job) -> None:
        """Execute a job.

        Raises:
            PreemptedError: If it was stopped; :class:`SupersededError` when another takes over.
            RobotError: If it failed.
        """
        if job.joints is not None:
            self._go_home(job)
            return
        if self.gripper_open is None and self._robot.state().gripper > runs.SURELY_OPEN:
            self.gripper_open = True
        count = len(job.opened)
        while job.done < count:
            changes = [self._changes(job, step) for step in range(job.done, count)]
            end = job.done + (changes.index(True) + 1 if True in changes else len(changes))
            self._follow(job, end)
            holds = None
            if self._changes(job, end - 1):
                holds = self._set_gripper(job, bool(job.opened[end - 1]))
            self._report(job, end, holds)

    def _changes(self, job: Job, step: int) -> bool:
        before = self.gripper_open if step == job.done else bool(job.opened[step - 1])
        return before is None or before != bool(job.opened[step])

    def _follow(self, job: Job, end: int) -> None:
        """Move through the poses of the steps from ``job.done`` on; report all but the last."""
        start = job.done
        path = job.poses[start + 1 : end + 1]
        try:
            self._hand_over(job, lambda: self._robot.follow(path, job.step_seconds))
            self._await_motion(job, start, end)
        except PlanError as error:
            self._follow_gently(job, end, error)

    def _follow_gently(self, job: Job, end: int, error: PlanError) -> None:
        """Go on with rests from where the arm came to rest; the planner may need several tries."""
        for attempt in range(runs.GENTLE_ATTEMPTS):
            _log.warning("%s Going on with rests from step %d.", error, job.done)
            start = job.done
            path = job.poses[start + 1 : end + 1]
            try:
                self._hand_over(
                    job, lambda path=path: self._robot.follow_gently(path, job.step_seconds)
                )
                self._await_motion(job, start, end)
            except PlanError as again:
                if attempt + 1 == runs.GENTLE_ATTEMPTS:
                    raise
                error = again
                time.sleep(runs.SETTLE_SECONDS)
                self._check(job)
            else:
                return

    def _await_motion(self, job: Job, start: int, end: int) -> None:
        begun = time.monotonic()
        job.due = [begun + (k + 1 - start) * job.step_seconds for k in range(end)]
        deadline = begun + runs.MOTION_SLACK_SECONDS + 4 * (end - start) * job.step_seconds
        ended = False
        while not ended:
            ended = self._robot.wait(runs.POLL_SECONDS if job.first_motion else runs.QUICK_SECONDS)
            self._check(job)
            self._notice_motion(job, start)
            passed = end - 1 if ended else min(start + self._robot.passed(), end - 1)
            self._report(job, passed)
            if not ended and time.monotonic() > deadline:
                raise RobotError("The motion did not end in time; the arm was stopped.")

    def _notice_motion(self, job: Job, start: int) -> None:
        if job.first_motion:
            return
        moved = self._robot.commanded_pose()[:3, 3] - job.poses[start, :3, 3]
        if float(np.linalg.norm(moved)) > runs.MOVED_METRES:
            job.first_motion = time.monotonic()

    def _go_home(self, job: Job) -> None:
        joints = job.joints
        assert joints is not None
        if job.open_gripper:
            self._set_gripper(job, True)
        self._hand_over(job, lambda: self._robot.move_joints(joints))
        deadline = time.monotonic() + 2 * runs.MOTION_SLACK_SECONDS
        while not self._robot.wait(runs.POLL_SECONDS):
            self._check(job)
            if time.monotonic() > deadline:
                raise RobotError("The arm did not reach its home pose in time; it was stopped.")
        self._check(job)

    def _hand_over(self, job: Job, start: Callable[[], None]) -> None:
        with self._moving:
            self._check(job)
            start()

    def _set_gripper(self, job: Job, opened: bool) -> bool | None:
        """Open or close; return whether something is held, None after opening."""
        self.gripper_open = None
        with self._moving:
            self._check(job)
            future = self._robot.set_gripper(opened)
        wait_for_gripper(future, lambda: self._check_stop(job))
        self.gripper_open = opened
        return None if opened else self._robot.state().gripper > runs.SOMETHING_HELD

    def _check_stop(self, job: Job) -> None:
        """As the check, but a gripper under way finishes before another job takes over."""
        try:
            self._check(job)
        except SupersededError:
            return

    def _report(self, job: Job, done: int, holds: bool | None = None) -> None:
        """Report the steps up to ``done`` as executed."""
        while job.done < done:
            try:
                state = self._robot.state()
            except RobotError:
                state = None  # the run itself will tell
            step = job.done
            job.done += 1
            late = 1e3 * (time.monotonic() - job.due[step]) if step < len(job.due) else None
            last = job.done == done
            self._on_event(
                StepDone(
                    run_id=job.run_id, step=step, state=state, latency_ms=late,
                    holds=holds if last else None,
                )
            )  # fmt: skip
