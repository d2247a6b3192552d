"""Process that draws the lab: positions in through shared memory, pictures out.

Drawing in the physics process would starve the 1 kHz protocol. While nothing moves, the last
picture is published again with the new time instead of being drawn again: it is what a camera would
see, and processor time is scarce where this matters.
"""

from __future__ import annotations

import os
import time
from typing import Any

os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "1")  # llvmpipe would take every core

import mujoco
import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot.sim.channel import Channel, ChannelClosedError
from robot.sim.direct import Renderer
from robot.sim.layout import SLOTS
from robot.sim.memory import CAMERAS, LabMemory
from robot.sim.scene import dress, scene_xml
from robot.sim.serving import answer, run_child
from robot.sim.state import ARM_QPOS, LabState

STILL = 2e-5
"""Positions [m, rad] closer than this to the drawn ones give the same picture."""

_LEAST_REST = 0.25  # share of the drawing time that is left to others
_START_SECONDS = 60.0


class LabPicture:
    """The render model, set to a state of the physics."""

    def __init__(self) -> None:
        """Compile the scene with the reduced meshes and open a GL context.

        Raises:
            StudioError: If there is no off-screen OpenGL.
        """
        self._model = mujoco.MjModel.from_xml_string(scene_xml())
        # positions come from outside: nothing may be left where it was because it lay still
        self._model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
        self._data = mujoco.MjData(self._model)
        model = self._model
        arm = [model.joint(f"fr3_joint{index}").qposadr[0] for index in range(1, 8)]
        arm += [model.joint(f"finger_joint{index}").qposadr[0] for index in (1, 2)]
        starts = np.array([model.joint(f"{slot}_joint").qposadr[0] for slot in SLOTS])
        objects = (starts[:, None] + np.arange(7)).reshape(-1)
        self._addresses = np.concatenate([np.array(arm[:ARM_QPOS]), objects])
        self._shown: LabState | None = None
        try:
            self._renderer = Renderer(model)
        except Exception as error:  # EGL, OSMesa and GLFW each have exceptions of their own
            raise StudioError(
                "the lab's cameras need off-screen OpenGL, which cannot be opened here "
                f"({error}); install libegl1 and libgl1-mesa-dri"
            ) from error

    def show(self, state: LabState) -> bool:
        """Move and colour everything as in ``state``.

        Returns:
            Whether pictures differ from those of the state before.
        """
        shown = self._shown
        if (
            shown is not None
            and shown.colours == state.colours
            and np.abs(shown.qpos - state.qpos).max() < STILL
        ):
            return False
        if shown is None or shown.colours != state.colours:
            dress(self._model, state.colours)
        self._shown = state
        self._data.qpos[self._addresses] = state.qpos
        # all that a picture needs; contacts and forces were computed where the physics runs
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        return True

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Draw a (H, W, 3) uint8 picture."""
        return self._renderer.rgb(self._data, camera)

    def depth(self, camera: str) -> NDArray[np.float32]:
        """Draw the (H, W) distance along the optical axis [m]."""
        return self._renderer.depth(self._data, camera)


class RenderWorker:
    """Draws at a steady rate and answers requests in between."""

    def __init__(self, channel: Channel, memory: LabMemory, rate_hz: float) -> None:
        self._channel = channel
        self._memory = memory
        self._period = 1.0 / rate_hz
        self._picture = LabPicture()
        self._last: dict[str, NDArray[np.uint8]] = {}

    def run(self) -> None:
        """Draw until the parent is gone.

        Raises:
            ChannelClosedError: Then.
        """
        due = time.monotonic()
        while True:
            begun = time.monotonic()
            self._draw()
            done = time.monotonic()
            due = max(due + self._period, done + _LEAST_REST * (done - begun))
            self._answer_until(due)

    def _answer_until(self, due: float) -> None:
        while (rest := due - time.monotonic()) > 0:
            answer(self._channel, {"depth": self._depth}, rest)
        answer(self._channel, {"depth": self._depth}, 0.0)

    def _draw(self) -> None:
        state = self._memory.state()
        if state is None:
            return
        changed = self._picture.show(state)
        for camera in CAMERAS:
            if changed or camera not in self._last:
                self._last[camera] = self._picture.rgb(camera)
        for camera in CAMERAS:
            self._memory.rings[camera].write(
                self._last[camera], t_ns=state.t_ns, sim_time=state.sim_time
            )

    def _depth(self, request: dict[str, Any]) -> dict[str, Any]:
        camera = request["camera"]
        if camera not in CAMERAS:
            raise StudioError(f"the lab has no camera '{camera}'; it has {', '.join(CAMERAS)}")
        state = self._memory.state()
        if state is None:
            raise StudioError("the simulation has not started yet; ask again in a moment")
        if self._picture.show(state):
            self._last.clear()
        return {"depth": self._picture.depth(camera), "t_ns": state.t_ns}


def serve(channel: Channel, memory: LabMemory) -> None:
    """Wait for the picture rate, then draw.

    Raises:
        ChannelClosedError: When the parent is gone.
        StudioError: If there is no off-screen OpenGL.
    """
    first = channel.receive(_START_SECONDS)
    if first is None:
        raise ChannelClosedError("the parent said nothing")
    worker = RenderWorker(channel, memory, float(first["rate_hz"]))
    channel.send({"id": first["id"], "result": {}})
    worker.run()


if __name__ == "__main__":
    run_child("lab cameras", serve)
