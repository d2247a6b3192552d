"""Executes one checked chunk after another. The only place from which the arm is moved.

It decides what runs and what ends it; :mod:`robot.runner` does the moving. A chunk that takes over
from a running one starts from the pose and the velocity that the arm has at that moment. Where it
asks for another direction the arm brakes along the path it was on, which was checked as well.
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
from robot.base import PreemptedError, Robot, RobotError
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
    Stopped,
)
from robot.runner import Runner
from robot.runs import Job, Permit, SupersededError

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
        self._runner = Runner(robot, self._check, on_event)
        self._job: Job | None = None
        self._next: Job | None = None
        self._stopped_by = ""
        self._closed = False
        self._commanded: NDArray[np.float64] | None = None
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
        state, start = self._robot.state(), self.start_pose()
        return guard.preview(chunk, start, state.ee_pose, self._limits, state.q, state.gripper)

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
            supersede: Whether it takes over from the chunk under way, without a rest between.

        Returns:
            The number of the run.

        Raises:
            RejectedError: If the guard says no, a stop is in force, or another run goes on.
            RobotError: If the arm does not answer.
        """
        asked = time.monotonic()
        preview = self.preview(chunk, steps)
        preview.verdict.require()
        count = len(preview.poses) - 1
        job = Job(
            run_id=str(next(self._ids)),
            owner=owner,
            poses=preview.poses,
            opened=chunk.actions[:count, 6] > 0.5,
            step_seconds=preview.step_seconds,
            takes_over=supersede,
            asked=asked,
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
            for job in filter(None, (self._job, self._next)):
                job.held = job.held or why
        self._commanded = None
        self._runner.halt(gripper=False)

    def stop(self, by: str) -> None:
        """Stop whatever moves, now, and let nothing move until :meth:`release`.

        Raises:
            RobotError: If the arm could not be told; the stop is in force for what comes next.
        """
        with self._lock:
            self._stopped_by = by or "somebody"
        self._commanded = None
        try:
            self._runner.halt()
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
        self._runner.gripper_open = None

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
            running = self._job
            if running is not None and not (
                job.takes_over and running.joints is None and self._next is None
            ):
                raise RejectedError("The arm is still moving; wait for its end, or stop it.")
            if self._closed:
                raise RejectedError("The rig is ending.")
            if permit is not None:
                permit(job.run_id)
            if running is None:
                self._job = job
            else:
                self._next = job
            self._lock.notify_all()
        return job.run_id

    def start_pose(self) -> NDArray[np.float64]:
        """Where the next chunk starts: the end of the last one, unless the arm has left it."""
        here = self._robot.commanded_pose()
        last = self._commanded
        if last is None or self.is_running:
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
            self._on_event(RunStarted(run_id=job.run_id, steps=len(job.poses) - 1))
            reason = self._execute(job)
            self._commanded = job.poses[-1] if reason == DONE and job.joints is None else None
            with self._lock:
                self._job, self._next = self._next, None
                if self._job is not None and reason not in (DONE, runs.SUPERSEDED):
                    self._job.held = (
                        self._job.held or reason
                    )  # what it was to take over from failed
                self._lock.notify_all()
            self._on_event(
                RunEnded(
                    run_id=job.run_id, reason=reason, steps_done=job.done, latency_ms=job.latency_ms
                )
            )

    def _execute(self, job: Job) -> str:
        try:
            self._check(job)
            if job.takes_over:
                self._require_near(job)
            self._runner.run(job)
        except SupersededError:
            return runs.SUPERSEDED
        except PreemptedError:
            return job.held if job.held and not self._stopped_by else STOPPED
        except StudioError as error:
            return self._failed(str(error))
        except Exception:  # whatever it was: the arm must not go on, nor the rig end
            _log.exception("a run failed")
            return self._failed("The rig failed while executing; its log has the details.")
        return DONE

    def _require_near(self, job: Job) -> None:
        """Hold the arm unless it is about where a plan that takes over starts."""
        here, start = self._robot.commanded_pose(), job.poses[0]
        distance = float(np.linalg.norm(here[:3, 3] - start[:3, 3]))
        turned = rotation_angle(here[:3, :3], start[:3, :3])
        if not (distance < runs.LATE_METRES and turned < runs.LATE_RADIANS):
            job.held = runs.TOO_LATE
            self._robot.stop()
            raise PreemptedError(runs.TOO_LATE)

    def _failed(self, sentence: str) -> str:
        self._runner.gripper_open = None
        try:
            self._robot.stop()
        except RobotError as error:
            _log.warning("the arm could not be told to stop: %s", error)
        self._on_event(Fault(sentence=sentence))
        return sentence

    def _check(self, job: Job) -> None:
        """Let a job go on, or raise."""
        if self._stopped_by or job.held:
            raise PreemptedError("The motion was stopped.")
        if self._next is not None:
            raise SupersededError(runs.SUPERSEDED)
