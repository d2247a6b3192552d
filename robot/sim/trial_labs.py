"""The direct lab as a table for trials."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import ActionChunk, Observation
from robot.guard import first_steps, preview
from robot.sim.direct import DirectLab
from robot.sim.harness.appearance import OddLab, moved_camera
from robot.sim.harness.cases import Axis
from robot.sim.harness.safety import lab_limits
from robot.sim.kinematics import down_pose
from robot.sim.layout import Layout
from robot.sim.trials import Look


class DirectTrialLab:
    """Runs trials without the robot protocol; see :class:`robot.sim.trials.TrialLab`."""

    def __init__(self) -> None:
        """Compile the scene."""
        self._usual = DirectLab()
        self._lab: DirectLab = self._usual
        self._guarded = False

    @cached_property
    def _odd(self) -> OddLab:
        return OddLab()

    def reset(
        self, layout: Layout, *, axis: Axis = Axis.NONE, seed: int = 0, guarded: bool = False
    ) -> None:
        """Place the things and bring the hand home; see the protocol for the arguments."""
        self._guarded = guarded
        if axis in (Axis.LIGHT, Axis.TEXTURE):
            self._odd.dress_for(axis, seed)
            self._lab = self._odd
        else:
            self._lab = self._usual
        self._lab.reset(layout, front=moved_camera(axis, seed))

    def observe(self, instruction: str) -> Observation:
        """Return fresh pictures and the state of the arm."""
        return Observation(
            frames=self._lab.frames(), instruction=instruction, state=self._lab.state()
        )

    def execute(self, chunk: ActionChunk, steps: int, look: Look | None = None) -> str:
        """Run the first steps of a chunk; returns why not, or nothing."""
        if self._guarded and (refusal := self._refusal(chunk, steps)):
            return refusal
        for action in chunk.actions[:steps]:
            self._lab.step(action)
            if look is not None:
                assert self._lab.renderer is not None
                look(self._lab.renderer.rgb(self._lab.data, "front").copy())
        return ""

    def _refusal(self, chunk: ActionChunk, steps: int) -> str:
        """Return what the guard of the lab's rig would say against some steps."""
        state = self._lab.state()
        judged = preview(
            first_steps(chunk, steps), down_pose(self._lab.command), state.ee_pose, lab_limits(),
            state.q, state.gripper,
        )  # fmt: skip
        return judged.verdict.reason

    def poses(self) -> dict[str, NDArray[np.float64]]:
        """Return every thing's (7,) position [m, base frame] and quaternion (w first) by slot."""
        return {
            item.slot: self._lab.data.joint(f"{item.slot}_joint").qpos.copy()
            for item in self._lab.layout.objects
        }

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        return self._lab.tool

    def width(self) -> float:
        """Return the distance between the fingers [m]."""
        return self._lab.width

    def front(self) -> CameraModel:
        """Return the front camera's calibration in this trial."""
        return self._lab.front

    def violations(self) -> None:
        """Nothing: no arm's commands are judged here."""
        return

    def close(self) -> None:
        """Free the GL contexts."""
        self._usual.close()
        if "_odd" in self.__dict__:
            self._odd.close()
