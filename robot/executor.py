"""Executes chunks step by step at their rate. The only place from which the arm is moved.

A chunk is cut where the gripper changes; each stretch is handed to the arm as one smooth motion
that ends at rest, so a program that stalls leaves the arm at rest on its path, not on its way.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, StudioError
from robot import guard, runs
from robot.base import PlanError, PreemptedError, Robot, RobotError
from robot.guard import Limits, Preview, RejectedError
from robot.path import rotation_angle
from robot.rig.messages import (
    DONE,
    STOPPED,
    Fault,
    Released,
    RigEvent,
    RunEnded,
    RunStarted,
    StepDone,
    Stopped,
)
from robot.runs import Job, Permit, wait_for_gripper

_log = logging.getLogger(__name__)


class Executor:
    """Runs one chunk at a time in a thread of its own; every method returns at once."""

    def __init__(
        self,
        robot: Robot,
        limits: Limits,
        home: NDArray[np.float64],
        on_event: Callable[[RigEvent], None],
    ) -> None:
        """Start the thread.

        Args:
            robot: The arm.
            limits: What every chunk must keep to.
            home: (7,) joint angles of the home pose [rad].
            on_event: Called from the executor's or the stopper's thread; must not block.
        """
        self._robot = robot
        self._limits = limits
        self._home = home
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._lock = threading.Condition()
        self._motion_lock = threading.Lock()
        self._job: Job | None = None
        self._stopped_by = ""
        self._closed = False
        self._commanded: NDArray[np.float64] | None = None
        self._gripper_open: bool | None = None
        self._thread = threading.Thread(target=self._work, name="executor", daemon=True)
        self._thread.start()

    @property
    def stopped_by(self) -> str:
        """Who holds a stop in force; empty when nobody does."""
        return self._stopped_by

    @property
    def is_running(self) -> bool:
        """Whether something is being executed."""
        return self._job is not None

    def set_limits(self, limits: Limits) -> None:
        """Judge chunks by other limits from now on."""
        self._limits = limits

    def preview(self, chunk: ActionChunk, steps: int | None = None) -> Preview:
        """Integrate the first steps of a chunk from where it would start, and judge them.

        Raises:
            RobotError: If the arm does not answer.
            RejectedError: If there are not that many steps.
        """
        chunk = guard.first_steps(chunk, steps)
        measured = self._robot.state().ee_pose
        return guard.preview(chunk, self.start_pose(), measured, self._limits)

    def run(
        self,
        chunk: ActionChunk,
        steps: int | None,
        owner: object,
        *,
        permit: Permit | None = None,
        supersede: bool = False,
    ) -> str:
        """Check and start executing a chunk.

        Args:
            chunk: What to execute.
            steps: How many of its steps; all when None.
            owner: Whose leaving stops it; see :meth:`stop_owner`.
            permit: Called at the very moment at which it begins; see :data:`robot.runs.Permit`.
            supersede: Whether it takes over from the run under way, which comes to rest first.

        Returns:
            The number of the run.

        Raises:
            RejectedError: If the guard says no, a stop is in force, or another run goes on.
            RobotError: If the arm does not answer.
        """
        if supersede:
            self.hold(runs.SUPERSEDED)
            with self._lock:
                self._lock.wait_for(lambda: self._job is None, runs.SUPERSEDE_SECONDS)
        preview = self.preview(chunk, steps)
        preview.verdict.require()
        if self._gripper_open is None and self._robot.state().gripper > runs.SURELY_OPEN:
            self._gripper_open = True
        count = len(preview.poses) - 1
        job = Job(
            run_id=str(next(self._ids)),
            owner=owner,
            poses=preview.poses,
            opened=chunk.actions[:count, 6] > 0.5,
            step_seconds=1.0 / chunk.rate_hz,
        )
        return self._begin(job, permit)

    def home(
        self,
        owner: object,
        *,
        open_gripper: bool = False,
        joints: NDArray[np.float64] | None = None,
        permit: Permit | None = None,
    ) -> str:
        """Start moving home.

        Args:
            owner: Whose leaving stops it.
            open_gripper: Whether to open the gripper before.
            joints: (7,) joint angles to move to instead [rad].
            permit: As for :meth:`run`.

        Raises:
            RejectedError: If a stop is in force or another run goes on.
        """
        job = Job(run_id=str(next(self._ids)), owner=owner, open_gripper=open_gripper)
        job.joints = self._home if joints is None else joints
        return self._begin(job, permit)

    def hold(self, why: str) -> None:
        """End what runs where it is; the gripper keeps its hold, and no stop is in force.

        Args:
            why: The reason that :class:`RunEnded` will give.

        Raises:
            RobotError: If the arm could not be told.
        """
        with self._lock:
            if self._job is None:
                return
            self._job.held = why
        self._commanded = None
        self._robot.stop()
        with self._motion_lock:  # a motion that was being handed over just then
            self._robot.stop()

    def stop(self, by: str) -> None:
        """Stop whatever moves, now, and let nothing move until :meth:`release`.

        Raises:
            RobotError: If the arm could not be told; the stop is in force for what comes next.
        """
        with self._lock:
            self._stopped_by = by or "somebody"
            running = self._job is not None
        self._commanded = None
        try:
            self._robot.stop()
            self._robot.stop_gripper()
            if running:
                # a motion that was being handed over just then; those after it see the flag
                with self._motion_lock:
                    self._robot.stop()
        finally:
            self._on_event(Stopped(by=self._stopped_by))

    def stop_owner(self, owner: object, by: str) -> None:
        """Stop if what runs was started by ``owner``.

        Raises:
            RobotError: If the arm could not be told.
        """
        job = self._job
        if job is not None and job.owner is owner:
            self.stop(by)

    def release(self) -> None:
        """Lift the stop and acknowledge the arm's errors. Nothing moves by that.

        Raises:
            RobotError: If the arm stays in error; the stop then stays in force.
        """
        self._robot.recover()
        with self._lock:
            self._stopped_by = ""
        self.forget()
        self._on_event(Released())

    def forget(self) -> None:
        """Continue from where the arm is: something else than a chunk may have moved it."""
        self._commanded = None
        self._gripper_open = None

    def close(self) -> None:
        """Stop and end the thread."""
        if self.is_running:
            try:
                self.stop("the rig, which ends")
            except RobotError as error:
                _log.warning("while ending: %s", error)
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        self._thread.join(5.0)

    def _begin(self, job: Job, permit: Permit | None) -> str:
        with self._lock:
            if self._stopped_by:
                raise RejectedError(f"The arm was stopped by {self._stopped_by}; release it first.")
            if self._job is not None:
                raise RejectedError("The arm is still moving; wait for its end, or stop it.")
            if self._closed:
                raise RejectedError("The rig is ending.")
            if permit is not None:
                permit(job.run_id)
            self._job = job
            self._lock.notify_all()
        return job.run_id

    def start_pose(self) -> NDArray[np.float64]:
        """Where the next chunk starts: the end of the last one, unless the arm has left it."""
        here = self._robot.commanded_pose()
        last = self._commanded
        if last is None:
            return here
        distance = float(np.linalg.norm(last[:3, 3] - here[:3, 3]))
        turned = rotation_angle(last[:3, :3], here[:3, :3])
        return last if distance < runs.SAME_METRES and turned < runs.SAME_RADIANS else here

    def _work(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._job is not None or self._closed)
                job = self._job
            if job is None:
                return
            steps = len(job.poses) - 1
            self._on_event(RunStarted(run_id=job.run_id, steps=steps))
            reason = self._execute(job)
            self._commanded = job.poses[-1] if reason == DONE and job.joints is None else None
            with self._lock:
                self._job = None
                self._lock.notify_all()
            self._on_event(RunEnded(run_id=job.run_id, reason=reason, steps_done=job.done))

    def _execute(self, job: Job) -> str:
        try:
            if job.joints is None:
                self._execute_steps(job)
            else:
                self._go_home(job)
        except PreemptedError:
            return job.held if job.held and not self._stopped_by else STOPPED
        except StudioError as error:
            return self._failed(str(error))
        except Exception:  # whatever it was: the arm must not go on, nor the rig end
            _log.exception("a run failed")
            return self._failed("The rig failed while executing; its log has the details.")
        return DONE

    def _failed(self, sentence: str) -> str:
        self._gripper_open = None
        try:
            self._robot.stop()
        except RobotError as error:
            _log.warning("the arm could not be told to stop: %s", error)
        self._on_event(Fault(sentence=sentence))
        return sentence

    def _execute_steps(self, job: Job) -> None:
        count = len(job.opened)
        while job.done < count:
            changes = [self._changes(job, step) for step in range(job.done, count)]
            end = job.done + (changes.index(True) + 1 if True in changes else len(changes))
            self._follow(job, end)
            if self._changes(job, end - 1):
                self._set_gripper(bool(job.opened[end - 1]))
            self._report(job, end)

    def _changes(self, job: Job, step: int) -> bool:
        before = self._gripper_open if step == job.done else bool(job.opened[step - 1])
        return before is None or before != bool(job.opened[step])

    def _follow(self, job: Job, end: int) -> None:
        """Move through the poses of the steps from ``job.done`` on; report all but the last."""
        start = job.done
        path = job.poses[start + 1 : end + 1]
        try:
            self._hand_over(lambda: self._robot.follow(path, job.step_seconds))
            self._await_motion(job, start, end)
        except PlanError as error:
            self._follow_gently(job, end, error)

    def _follow_gently(self, job: Job, end: int, error: PlanError) -> None:
        """Go on with rests from where the arm came to rest; the planner may need several tries."""
        for attempt in range(runs.GENTLE_ATTEMPTS):
            _log.warning("%s Going on with rests from step %d.", error, job.done)
            start = job.done
            rest = job.poses[start + 1 : end + 1]
            try:
                self._hand_over(lambda path=rest: self._robot.follow_gently(path, job.step_seconds))
                self._await_motion(job, start, end)
            except PlanError as again:
                if attempt + 1 == runs.GENTLE_ATTEMPTS:
                    raise
                error = again
                time.sleep(runs.SETTLE_SECONDS)
                self._check_stop()
            else:
                return

    def _await_motion(self, job: Job, start: int, end: int) -> None:
        deadline = (
            time.monotonic() + runs.MOTION_SLACK_SECONDS + 4 * (end - start) * job.step_seconds
        )
        while True:
            ended = self._robot.wait(runs.POLL_SECONDS)
            self._check_stop()
            if ended:
                break
            passed = start + self._robot.passed()
            self._report(job, min(passed, end - 1))
            if time.monotonic() > deadline:
                raise RobotError("The motion did not end in time; the arm was stopped.")
        self._report(job, end - 1)

    def _go_home(self, job: Job) -> None:
        assert job.joints is not None
        joints = job.joints
        if job.open_gripper:
            self._set_gripper(True)
        self._hand_over(lambda: self._robot.move_joints(joints))
        deadline = time.monotonic() + 2 * runs.MOTION_SLACK_SECONDS
        while not self._robot.wait(runs.POLL_SECONDS):
            self._check_stop()
            if time.monotonic() > deadline:
                raise RobotError("The arm did not reach its home pose in time; it was stopped.")
        self._check_stop()

    def _hand_over(self, start: Callable[[], None]) -> None:
        with self._motion_lock:
            self._check_stop()
            start()

    def _set_gripper(self, opened: bool) -> None:
        self._gripper_open = None
        with self._motion_lock:
            self._check_stop()
            future = self._robot.set_gripper(opened)
        wait_for_gripper(future, self._check_stop)
        self._gripper_open = opened

    def _check_stop(self) -> None:
        if self._stopped_by or (self._job is not None and self._job.held):
            raise PreemptedError("The motion was stopped.")

    def _report(self, job: Job, done: int) -> None:
        """Report the steps up to ``done`` as executed."""
        while job.done < done:
            try:
                state = self._robot.state()
            except RobotError:
                state = None  # the run itself will tell
            step = job.done
            job.done += 1
            self._on_event(StepDone(run_id=job.run_id, step=step, state=state))
