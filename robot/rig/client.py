"""Client of the rig: for the studio, for evaluations and for tests. Threads, no event loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import ActionChunk, StudioError
from robot.guard import Preview
from robot.rig.connection import RigConnection
from robot.rig.messages import DONE, chunk_message
from robot.rig.states import MotionState

HOME_SECONDS = 60.0


class RigClient(RigConnection):
    """What can be asked of a rig; the methods may be called from any thread.

    Attributes:
        events: What the rig reports, in order (:data:`robot.rig.messages.RigEvent`).
    """

    @property
    def kind(self) -> str:
        """Whether the arm is in the "lab" or "real"."""
        return self._hello.kind

    @property
    def host(self) -> str:
        """Address of the robot."""
        return self._hello.host

    @property
    def workspace(self) -> tuple[list[float], list[float]] | None:
        """Low and high corner of the box that the tool must not leave [m]."""
        box = self._workspace
        return None if box is None else (list(box[0]), list(box[1]))

    @property
    def stopped_by(self) -> str:
        """Who held a stop in force when this client connected; empty when nobody did."""
        return self._hello.stopped_by

    @property
    def faults(self) -> str:
        """Plan of the faults that the rig injects on purpose; empty when it injects none."""
        return self._hello.faults

    @property
    def name(self) -> str:
        """What this client is called where it holds the arm."""
        return self._hello.name

    @property
    def hold_to_run(self) -> bool:
        """Whether the arm only moves while a key, button or pedal is held."""
        return self._hello.hold_to_run

    @property
    def speed(self) -> float:
        """Share of the arm's dynamics, as far as this client knows."""
        return self._speed

    @property
    def max_speed(self) -> float:
        """Largest share that can be set."""
        return self._hello.max_speed

    @property
    def cameras(self) -> dict[str, CameraModel | None]:
        """Calibration per camera; the first camera is the one that traces refer to."""
        return {
            name: None if message is None else CameraModel.from_message(message)
            for name, message in self._hello.cameras.items()
        }

    def preview(
        self,
        chunk: ActionChunk,
        steps: int | None = None,
        *,
        context: str = "",
        observed_ns: int | None = None,
        clamp: bool = False,
        fresh_s: float | None = None,
    ) -> Preview:
        """Ask where the first steps of a chunk would take the arm and what the guard says.

        Args:
            chunk: What is to be executed.
            steps: How many of its steps; all when None.
            context: Digest of what the plan answers: instruction, trace, cameras.
            observed_ns: When the oldest picture that it answers was taken; a frame's ``t_ns``.
            clamp: Whether to bring what is too much down to what is allowed, counted in
                ``Preview.clamped``.
            fresh_s: How old that picture may be when the plan is run [s], where the caller is
                stricter than the rig, as the automatic mode.

        Returns:
            Poses, verdict, and the digest by which :meth:`arm` knows the plan.

        Raises:
            StudioError: If the rig cannot tell.
        """
        message = self._ask(
            "preview", chunk=chunk_message(chunk), steps=steps, context=context,
            observed_ns=observed_ns, clamp=clamp, fresh_s=fresh_s,
        )  # fmt: skip
        return Preview.from_message(message)

    def arm(self, digest: str) -> float:
        """Arm the plan that was previewed last; nothing moves by that.

        Returns:
            How long it stays armed [s].

        Raises:
            RejectedError: If it is another plan or too old, or another window holds the arm.
        """
        return float(self._ask("arm", digest=digest)["expires_s"])

    def disarm(self, why: str) -> None:
        """Forget what is previewed or armed.

        Raises:
            StudioError: If the rig cannot be asked, or another window holds the arm.
        """
        self._ask("disarm", why=why)

    def start(self, digest: str, *, supersede: bool = False) -> str:
        """Start the armed plan; the rig checks it again.

        Args:
            digest: Its name.
            supersede: Whether it takes over from the plan under way.

        Returns:
            Number of the run, as in the events that follow.

        Raises:
            RejectedError: If it is not armed any more, the guard says no, or a stop is in force.
            StudioError: If the rig cannot be asked.
        """
        return str(self._ask("supersede" if supersede else "run", digest=digest))

    def run(self, chunk: ActionChunk, steps: int | None = None) -> str:
        """Preview, arm and start the first steps of a chunk: for scripts, where nobody looks.

        Returns:
            Number of the run, as in the events that follow.

        Raises:
            RejectedError: If the guard says no, a stop is in force, or the arm is moving.
            StudioError: If the rig cannot be asked.
        """
        preview = self.preview(chunk, steps)
        preview.verdict.require()
        self.arm(preview.digest)
        return self.start(preview.digest)

    def release_stop(self, confirmed: Sequence[str] = ()) -> None:
        """Lift a stop and acknowledge the arm's errors; nothing moves by that.

        Args:
            confirmed: Names of what a person has confirmed of the recovery checklist; a real arm
                asks for them after an error.

        Raises:
            StudioError: If the arm stays in error, or something is not confirmed.
        """
        self._ask("release", confirmed=list(confirmed))

    def home(self, *, open_gripper: bool = False, timeout: float = HOME_SECONDS) -> None:
        """Move home and wait until the arm is there.

        Args:
            open_gripper: Whether to open the gripper before.
            timeout: Longest time to wait [s].

        Raises:
            StudioError: If it did not get there.
        """
        self._require_done(str(self._ask("home", open_gripper=open_gripper)), timeout)

    def tidy(self, *, timeout: float = HOME_SECONDS) -> None:
        """Open the gripper, fold the arm and wait until it has.

        Raises:
            StudioError: If it did not get there.
        """
        self._require_done(str(self._ask("tidy")), timeout)

    def claim(self) -> None:
        """Let no other window arm or move, until this one leaves or yields.

        Raises:
            RejectedError: If another one holds the arm.
        """
        self._ask("claim")

    def yield_(self) -> None:
        """Let others have the arm.

        Raises:
            RejectedError: If another one holds it, or it moves.
        """
        self._ask("yield")

    def set_workspace(self, low: Sequence[float], high: Sequence[float]) -> None:
        """Set the box that the tool must not leave; what is armed is disarmed.

        Args:
            low: Smallest x, y, z [m, base frame].
            high: Largest x, y, z.

        Raises:
            StudioError: If it is no box, or the arm moves.
        """
        corners = [[float(value) for value in corner] for corner in (low, high)]
        self._ask("set_workspace", low=corners[0], high=corners[1])
        self._workspace = corners[0], corners[1]

    def teach(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame], to be taken for a corner."""
        return np.asarray(self._ask("teach"), dtype=np.float64)

    def set_speed(self, share: float) -> None:
        """Set the share of the arm's dynamics; what is armed is disarmed.

        Raises:
            StudioError: If it is more than the rig allows, or the arm moves.
        """
        self._ask("set_speed", share=float(share))
        self._speed = float(share)

    def checklist(self, *, recovery: bool = False) -> list[dict[str, str]]:
        """Return what has to be in order before the arm may move.

        Args:
            recovery: Whether to return what has to be confirmed after an error instead.

        Returns:
            Items with "name", "state" (ok, warn, fail or unknown), "found" and "mend".
        """
        return [dict(item) for item in self._ask("checklist", recovery=recovery)]

    def acknowledge(self, items: Sequence[str]) -> None:
        """Confirm the items of the checklist that are not ok by themselves.

        Raises:
            RejectedError: If one of them failed, or was not confirmed.
        """
        self._ask("acknowledge", items=list(items))

    def is_latched(self) -> bool:
        """Whether a stop or an error has to be released before anything moves."""
        return self.motion.state in (MotionState.STOPPED, MotionState.FAULT)

    def lab(self, op: str, **arguments: Any) -> Any:
        """Ask the simulated lab; see :meth:`robot.rig.lab_link.LabLink.perform` for what.

        Raises:
            StudioError: If the lab refuses, or the arm is real.
        """
        return self._ask("lab", what=op, arguments=arguments)

    def _require_done(self, run_id: str, timeout: float) -> None:
        ended = self.wait_ended(run_id, timeout)
        if ended.reason != DONE:
            raise StudioError(f"The arm did not get there: {ended.reason}")
