"""The lab without the robot protocol: physics, pictures and the expert's steps in one process.

Used to collect demonstrations and for ``eval steer --direct``. The arm follows position actuators
instead of the libfranka server; scene, cameras and the meaning of an action are the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "1")  # llvmpipe would take every core

import mujoco

from core.camera import CameraModel
from core.types import Frame, RobotState
from robot.sim import kinematics
from robot.sim.layout import Layout
from robot.sim.scene import (
    FRAME_SIZE,
    HOME_POSITION,
    camera_models,
    dress,
    place_layout,
    point_camera,
    scene_xml,
)
from robot.sim.state import slot_colours
from robot.sim.tasks import GRASPED_BY, LIFTED_BY, is_lifted

RATE_HZ = 5.0
MAX_GRIPPER_SECONDS = 0.8
GRIPPER_OPEN = 255.0
MAX_WIDTH = 0.08


class Renderer:
    """Pictures of a model's two cameras; belongs to the thread that made it."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Open an off-screen GL context for pictures of :data:`FRAME_SIZE`."""
        self._renderer = mujoco.Renderer(model, FRAME_SIZE[1], FRAME_SIZE[0])
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0

    def rgb(self, data: mujoco.MjData, camera: str) -> NDArray[np.uint8]:
        """Return a (H, W, 3) uint8 picture."""
        self._renderer.update_scene(data, camera)
        return self._renderer.render()

    def depth(self, data: mujoco.MjData, camera: str) -> NDArray[np.float32]:
        """Return the (H, W) distance along the optical axis [m]."""
        self._renderer.enable_depth_rendering()
        try:
            self._renderer.update_scene(data, camera)
            return self._renderer.render()
        finally:
            self._renderer.disable_depth_rendering()

    def close(self) -> None:
        """Free the GL context."""
        self._renderer.close()


class DirectLab:
    """One simulated table with an arm that is stepped by actions."""

    def __init__(self, *, render: bool = True) -> None:
        """Compile the scene.

        Args:
            render: Whether pictures will be asked for.
        """
        self.model = mujoco.MjModel.from_xml_string(scene_xml())
        self.data = mujoco.MjData(self.model)
        self.renderer = Renderer(self.model) if render else None
        self.layout = Layout(objects=())
        self.front = camera_models()["front"]
        """Calibration of the front camera in this episode."""
        self.command = np.array(HOME_POSITION)
        self._joints = kinematics.home_joints()
        self._open = True
        self._seq = 0
        self.on_physics: Callable[[], None] | None = None
        """Called after each step of the physics while an action runs, by whoever films it."""
        self._substeps = round(1.0 / RATE_HZ / self.model.opt.timestep)

    def reset(
        self,
        layout: Layout,
        start: NDArray[np.float64] | None = None,
        *,
        width: float = MAX_WIDTH,
        front: CameraModel | None = None,
    ) -> None:
        """Place the objects, the hand and the front camera.

        Args:
            layout: Objects on the table.
            start: (3,) tool position [m]; the home position when None.
            width: Opening of the fingers [m].
            front: Where the front camera looks from; its usual place when None.
        """
        self.layout = layout
        self.front = camera_models()["front"] if front is None else front
        # before the data is reset: what never moves is looked at then, and not again
        point_camera(self.model, self.front)
        dress(self.model, slot_colours(layout))
        mujoco.mj_resetData(self.model, self.data)
        for slot, qpos in place_layout(layout).items():
            self.data.joint(f"{slot}_joint").qpos = qpos
        self.command = np.array(HOME_POSITION if start is None else start, dtype=np.float64)
        joints = kinematics.joints_for(self.command)
        if joints is None:
            raise ValueError(f"start position {self.command} is out of the arm's reach")
        self._joints = joints
        self.data.qpos[:7] = self.data.ctrl[:7] = joints
        self.data.qpos[7:9] = width / 2
        self._open = width > MAX_WIDTH / 2
        self.data.ctrl[7] = GRIPPER_OPEN if self._open else 0.0
        mujoco.mj_forward(self.model, self.data)
        mujoco.mj_step(self.model, self.data, 25)

    def step(self, action: NDArray[np.float64]) -> None:
        """Execute one (7,) action: move by its delta, then finish any change of the gripper."""
        target = self.command + action[:3]
        joints = kinematics.joints_for(target, self._joints)
        if joints is not None:
            self.command = target
            self._move(joints)
        wanted = bool(action[6] > 0.5)
        if wanted != self._open:
            self._open = wanted
            self.data.ctrl[7] = GRIPPER_OPEN if wanted else 0.0
            self._settle_fingers()

    def _move(self, joints: NDArray[np.float64]) -> None:
        """Interpolate the joint targets over four fifths of a step."""
        ramp = round(0.8 * self._substeps)
        for index in range(self._substeps):
            share = min(1.0, (index + 1) / ramp)
            self.data.ctrl[:7] = self._joints + share * (joints - self._joints)
            self._tick()
        self._joints = joints

    def _settle_fingers(self) -> None:
        steps = round(MAX_GRIPPER_SECONDS / self.model.opt.timestep)
        for index in range(steps):
            self._tick()
            if index > 40 and np.abs(self.data.qvel[7:9]).max() < 2e-3:
                return

    def _tick(self) -> None:
        mujoco.mj_step(self.model, self.data)
        if self.on_physics is not None:
            self.on_physics()

    @property
    def tool(self) -> NDArray[np.float64]:
        """(3,) measured tool centre [m, base frame]."""
        return self.data.site("tcp").xpos.copy()

    @property
    def width(self) -> float:
        """Measured distance between the fingers [m]."""
        return float(self.data.qpos[7] + self.data.qpos[8])

    def object_position(self, slot: str) -> NDArray[np.float64]:
        """Return an object's (3,) centre [m, base frame]."""
        return self.data.joint(f"{slot}_joint").qpos[:3].copy()

    def places(self) -> dict[str, NDArray[np.float64]]:
        """Return the (3,) centre of everything that lies there, by slot [m, base frame]."""
        return {item.slot: self.object_position(item.slot) for item in self.layout.objects}

    def lifted(self, slot: str, by: float = LIFTED_BY) -> bool:
        """Tell whether an object hangs clear of the table."""
        return is_lifted(slot.split("_")[0], float(self.object_position(slot)[2]), by)

    def grasped(self, slot: str) -> bool:
        """Tell whether an object is off the table between closed fingers."""
        return not self._open and self.lifted(slot, GRASPED_BY)

    def state(self) -> RobotState:
        """Return the measured state of the arm."""
        pose = np.eye(4)
        pose[:3, :3] = self.data.site("tcp").xmat.reshape(3, 3)
        pose[:3, 3] = self.tool
        return RobotState(
            q=self.data.qpos[:7],
            ee_pose=pose,
            gripper=float(np.clip(self.width / MAX_WIDTH, 0.0, 1.0)),
            t_ns=time.monotonic_ns(),
        )

    def frames(self) -> tuple[Frame, Frame]:
        """Render the front and the wrist picture."""
        assert self.renderer is not None, "this lab was opened without pictures"
        self._seq += 1
        now = time.monotonic_ns()
        front, wrist = (
            Frame(camera=name, image=self.renderer.rgb(self.data, name), t_ns=now, seq=self._seq)
            for name in ("front", "wrist")
        )
        return front, wrist

    def close(self) -> None:
        """Free the GL context."""
        if self.renderer is not None:
            self.renderer.close()
