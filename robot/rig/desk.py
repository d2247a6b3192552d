"""Everything that a client may ask about motion: decided by the authority, done by the executor.

The authority is asked under a lock that is never held across a call to the arm. A run begins inside
the executor's own hand-over (``permit``), so there is no moment at which a stop could slip between
the decision and the motion.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot import guard
from robot.base import Robot
from robot.executor import Executor
from robot.guard import Limits, RejectedError
from robot.path import rotation_angle
from robot.rig.authority import Authority
from robot.rig.checks import recovery_checklist, require_confirmed
from robot.rig.messages import (
    DONE,
    STOPPED,
    Fault,
    RigEvent,
    RunEnded,
    StateChanged,
    Stopped,
    chunk_from_message,
)
from robot.rig.plan import Peer, Plan, digest_of
from robot.rig.pulse import Pulses
from robot.rig.requests import flag, names, optional_int, optional_number, steps_of, text
from robot.rig.rules import RigRules
from robot.rig.states import MotionState
from robot.runs import SAME_METRES, SAME_RADIANS, SUPERSEDED

NO_WORKSPACE = (
    "No workspace is set, and a real arm does not move without one; set its corners, or start the "
    "rig with --workspace x0,y0,z0,x1,y1,z1 in metres."
)
UNACKNOWLEDGED = "The arm's checklist is not acknowledged yet; go through it before it may move."
MOST_BY = 200
"""Characters that are kept of who stopped the arm."""

Operation = Callable[[dict[str, Any], Peer], Any]


class Desk:
    """Motion's operations; every method may be called from any thread."""

    def __init__(
        self,
        *,
        robot: Robot,
        limits: Limits,
        home: NDArray[np.float64],
        tidy: NDArray[np.float64],
        rules: RigRules,
        pulses: Pulses,
        obstacle: Callable[[], str],
        publish: Callable[[RigEvent], None],
    ) -> None:
        """Start the executor.

        Args:
            robot: The arm.
            limits: What every chunk must keep to.
            home: (7,) joint angles of the home pose [rad].
            tidy: (7,) joint angles of the folded pose [rad].
            rules: How strict to be.
            pulses: Who is alive, and holds the arm to run.
            obstacle: What keeps every plan from being armed, as in :class:`Authority`.
            publish: Gets every event; must not block.
        """
        self._robot = robot
        self._tidy_joints = tidy
        self._rules = rules
        self._pulses = pulses
        self._publish = publish
        self._limits = limits
        self._revision = 0
        self._gate = threading.Lock()
        self.authority = Authority(clock=time.monotonic, obstacle=obstacle, on_change=publish)
        if limits.workspace is None:
            self.authority.lack("workspace", NO_WORKSPACE)
        if rules.real:
            self.authority.lack("checklist", UNACKNOWLEDGED)
        self.executor = Executor(robot, limits, home, self._executor_event)
        self.operations: dict[str, Operation] = {
            "preview": self._preview,
            "arm": self._arm,
            "disarm": self._disarm,
            "run": self._run,
            "supersede": self._supersede,
            "home": self._home,
            "tidy": self._tidy,
            "claim": self._claim,
            "yield": self._yield,
            "stop": self._stop,
            "release": self._release,
        }

    @property
    def limits(self) -> Limits:
        """What chunks are judged by."""
        return self._limits

    @property
    def revision(self) -> int:
        """How often the limits have been changed."""
        return self._revision

    def decide(self, ask: Callable[[Authority], Any]) -> Any:
        """Ask the authority something, in turn with all others; ``ask`` must not block."""
        with self._gate:
            return ask(self.authority)

    def snapshot(self) -> StateChanged:
        """Return what holds now."""
        return self.decide(lambda authority: authority.snapshot())

    def set_limits(self, limits: Limits, why: str) -> None:
        """Judge by other limits from now on; what was planned by the former is disarmed.

        Raises:
            RejectedError: If the arm moves.
        """
        with self._gate:
            if self.authority.state is MotionState.EXECUTING:
                raise RejectedError("The arm is still moving; wait for its end, or stop it.")
            self._limits = limits
            self._revision += 1
            self.executor.set_limits(limits)
            self.authority.disarm(why)
            self.authority.lack("workspace", NO_WORKSPACE if limits.workspace is None else "")

    def stop(self, by: str) -> None:
        """Stop whatever moves, now; this latches.

        Raises:
            RobotError: If the arm could not be told; the stop is in force for what comes next.
        """
        with self._gate:
            self.authority.stop(by)
        self.executor.stop(by)

    def hold(self, why: str) -> None:
        """End what is executed or planned without latching; the gripper stays as it is.

        Raises:
            RobotError: If the arm could not be told.
        """
        with self._gate:
            executing = self.authority.state is MotionState.EXECUTING
            self.authority.hold(why)
        if executing:
            self.executor.hold(why)

    def lost(self, why: str) -> None:
        """The arm does not answer; a real one is looked over again before it moves again."""
        with self._gate:
            self.authority.lost(why)
            if self._rules.real:
                self.authority.lack("checklist", UNACKNOWLEDGED)

    def leave(self, owner: Peer) -> None:
        """Stop what ``owner`` started, and let others have the arm.

        Raises:
            RobotError: If the arm could not be told.
        """
        try:
            by = "the rig, as the connection to the studio was lost"
            if self.decide(lambda authority: authority.mover) is owner:
                self.stop(by)
            self.executor.stop_owner(owner, by)
        finally:
            self.decide(lambda authority: authority.leave(owner))

    def close(self) -> None:
        """Stop, and end the executor."""
        self.executor.close()

    def _preview(self, request: dict[str, Any], owner: Peer) -> Any:
        chunk = guard.first_steps(chunk_from_message(request.get("chunk")), steps_of(request))
        with self._gate:
            revision, limits = self._revision, self._limits
        clamped = 0
        if request.get("clamp") is True:
            chunk, clamped = guard.clamp(chunk, self.executor.start_pose(), limits)
        preview = self.executor.preview(chunk)
        plan = Plan(
            digest=digest_of(chunk, text(request, "context"), revision),
            chunk=chunk,
            owner=owner,
            start=preview.poses[0],
            observed_ns=optional_int(request, "observed_ns"),
            fresh_seconds=self._fresh_seconds(request),
        )
        with self._gate:
            if not preview.verdict.ok:
                self.authority.rejected(owner, preview.verdict.reason)
            elif revision == self._revision:
                # where the arm could not run it anyway, a preview is still an answer
                with suppress(RejectedError):
                    self.authority.previewed(plan)
        return replace(preview, digest=plan.digest, clamped=clamped).to_message()

    def _fresh_seconds(self, request: dict[str, Any]) -> float | None:
        """Return how old a picture may be: as the rig demands, or the client if it is stricter."""
        if request.get("observed_ns") is None and not self._rules.real:
            return None
        limit = self._rules.observation_seconds
        asked = optional_number(request, "fresh_s")
        return limit if asked is None else min(limit, asked)

    def _arm(self, request: dict[str, Any], owner: Peer) -> Any:
        digest = text(request, "digest")
        return {"expires_s": self.decide(lambda authority: authority.arm(digest, owner))}

    def _disarm(self, request: dict[str, Any], owner: Peer) -> Any:
        def disarm(authority: Authority) -> None:
            authority.require_holder(owner)
            authority.disarm(text(request, "why"))

        self.decide(disarm)

    def _run(self, request: dict[str, Any], owner: Peer) -> Any:
        return self._start(text(request, "digest"), owner, supersede=False)

    def _supersede(self, request: dict[str, Any], owner: Peer) -> Any:
        return self._start(text(request, "digest"), owner, supersede=True)

    def _start(self, digest: str, owner: Peer, *, supersede: bool) -> str:
        def permit(run_id: str) -> None:
            with self._gate:
                self.authority.start(digest, owner, run_id, supersede=supersede)

        with self._gate:
            plan = self.authority.startable(digest, owner, supersede=supersede)
        try:
            self._pulses.require(owner)
            if not supersede:
                self._require_unmoved(plan)
            return self.executor.run(plan.chunk, None, owner, permit=permit, supersede=supersede)
        except StudioError as error:
            why = str(error)
            self.decide(lambda authority: authority.disarm(why))
            raise

    def _require_unmoved(self, plan: Plan) -> None:
        here = self.executor.start_pose()
        distance = float(np.linalg.norm(here[:3, 3] - plan.start[:3, 3]))
        turned = rotation_angle(here[:3, :3], plan.start[:3, :3])
        if not (distance < SAME_METRES and turned < SAME_RADIANS):
            raise RejectedError(
                f"The arm has moved {1e3 * distance:.0f} mm since the plan was previewed, so it "
                "would end elsewhere; preview it again."
            )

    def _home(self, request: dict[str, Any], owner: Peer) -> Any:
        return self._move(owner, flag(request, "open_gripper"), None)

    def _tidy(self, _request: dict[str, Any], owner: Peer) -> Any:
        return self._move(owner, True, self._tidy_joints)

    def _move(self, owner: Peer, opened: bool, joints: NDArray[np.float64] | None) -> str:
        def permit(run_id: str) -> None:
            with self._gate:
                self.authority.move(owner, run_id)

        self.decide(lambda authority: authority.require_movable(owner))
        self._pulses.require(owner)
        return self.executor.home(owner, open_gripper=opened, joints=joints, permit=permit)

    def _claim(self, _request: dict[str, Any], owner: Peer) -> Any:
        self.decide(lambda authority: authority.claim(owner))

    def _yield(self, _request: dict[str, Any], owner: Peer) -> Any:
        self.decide(lambda authority: authority.yield_(owner))

    def _stop(self, request: dict[str, Any], _: Peer) -> Any:
        by = request.get("by", "")
        # whatever it says, it is a stop
        self.stop(by[:MOST_BY] if isinstance(by, str) else "")

    def _release(self, request: dict[str, Any], owner: Peer) -> Any:
        with self._gate:
            self.authority.releasable(owner)
            failed = self.authority.state is MotionState.FAULT
        if failed and self._rules.real:
            items = recovery_checklist(self._robot, real=True)
            require_confirmed(items, names(request, "confirmed"))
        self.executor.release()
        self.decide(lambda authority: authority.released(owner))
        return {"failed": failed}

    def tell(self, event: RigEvent) -> None:
        """Tell all clients something that is not about motion."""
        self._publish(event)

    def _executor_event(self, event: RigEvent) -> None:
        """Let the authority know first: whoever hears of an end may ask for the next run."""
        with self._gate:
            match event:
                case RunEnded():
                    usual = event.reason in (DONE, STOPPED, SUPERSEDED)
                    self.authority.ended(event.run_id, "" if usual else event.reason)
                case Fault():
                    self.authority.fail(event.sentence)
                case Stopped():
                    self.authority.stop(event.by)
                case _:
                    pass
        self._publish(event)
