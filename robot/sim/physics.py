"""The simulated world behind the libfranka protocol: one FR3, a table, objects.

Nothing here looks at the clock except to pace the loop, so tests can step it as fast as it goes.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

import mujoco
import numpy as np
from franky_sim.simulation_server import LocalHostnames
from numpy.typing import NDArray

from core.types import StudioError
from robot.sim.fci_limits import FciLimits
from robot.sim.kinematics import home_joints
from robot.sim.layout import SLOTS, Layout
from robot.sim.mended import MendedRobot, MendedSimulator
from robot.sim.mended_server import MendedServer
from robot.sim.scene import add_scene, dress, place_layout, tune_contacts
from robot.sim.state import slot_colours

OPEN_WIDTH = 0.08
HOSTS_TRIED = 200
"""Loopback addresses tried for the protocol's fixed ports before giving up."""

TICK = 0.001
_LATEST = 0.005  # a tick that is later than this moves the schedule instead of being caught up
_DEEP_CONTACT = -0.002


class Physics:
    """The world and its protocol server; :meth:`tick` advances both by a millisecond."""

    def __init__(self, layout: Layout, hosts: Iterable[str] | None = None) -> None:
        """Build the world and bind the protocol's ports.

        Args:
            layout: Objects to begin with.
            hosts: Loopback addresses to try for the server, in order.

        Raises:
            StudioError: If no loopback address is free.
        """
        candidates = itertools.islice(LocalHostnames(), HOSTS_TRIED) if hosts is None else hosts
        self._sim = MendedSimulator()
        self._sim.init()
        option = self._sim.scene.find("option")
        if option is not None:
            tune_contacts(option)
        self._robot: MendedRobot = self._sim.add_robot(
            initial_q=tuple(home_joints().tolist()), initial_hand_width=OPEN_WIDTH
        )
        add_scene(self._sim.worldbody)
        self._server = MendedServer(self._robot, list(candidates))
        try:
            self._server.init()
        except OSError as error:
            raise StudioError(
                "no loopback address has ports 1337 and 1338 free for the simulated robot; "
                "end another simulated lab, or whatever uses these ports"
            ) from error
        self._sim.start()
        model, data = self._sim.model, self._sim.data
        assert model is not None
        assert data is not None
        self._model, self._data = model, data
        self._arm = np.array([*self._robot._qpos_addrs, *self._robot._finger_qpos_addrs])
        joints = [model.joint(f"{slot}_joint") for slot in SLOTS]
        self._object_qpos = np.array([int(joint.qposadr[0]) for joint in joints])
        self._object_dofs = np.array([int(joint.dofadr[0]) for joint in joints])
        self._addresses = np.concatenate(
            [self._arm, (self._object_qpos[:, None] + np.arange(7)).reshape(-1)]
        )
        self.layout = layout
        self.reset(layout)

    @property
    def hostname(self) -> str:
        """Address of the protocol server, for ``franky.Robot(hostname)``."""
        return str(self._robot.hostname)

    @property
    def sim_time(self) -> float:
        """Time of the simulation [s]."""
        return float(self._data.time)

    @property
    def limits(self) -> FciLimits:
        """What Franka's published limits say about the commands so far."""
        return self._robot.limits

    def qpos(self) -> NDArray[np.float64]:
        """Return (QPOS,) positions in the order that :class:`robot.sim.state.LabState` has."""
        return self._data.qpos[self._addresses]

    def reset(self, layout: Layout) -> None:
        """Put the objects of a layout at rest; the arm and its connections stay as they are.

        Raises:
            StudioError: If the hand is where an object would stand; nothing has moved then.
        """
        data = self._data
        before = data.qpos.copy(), data.qvel.copy()
        for slot, pose in place_layout(layout).items():
            index = SLOTS.index(slot)
            data.qpos[self._object_qpos[index] : self._object_qpos[index] + 7] = pose
            data.qvel[self._object_dofs[index] : self._object_dofs[index] + 6] = 0.0
        data.qacc_warmstart[:] = 0.0
        dress(self._model, slot_colours(layout))
        mujoco.mj_forward(self._model, data)
        if self._hand_in_object():
            data.qpos[:], data.qvel[:] = before
            dress(self._model, slot_colours(self.layout))
            mujoco.mj_forward(self._model, data)
            raise StudioError(
                "the hand is where an object would be put; move the arm home, then reset the table"
            )
        self.layout = layout

    def tick(self) -> None:
        """Answer the clients, step a millisecond, send the state."""
        self._server.process_commands()
        self._sim.step()
        self._server.send_state()

    def close(self) -> None:
        """Close the ports."""
        self._server.cleanup()

    def _hand_in_object(self) -> bool:
        data = self._data
        if not data.ncon:
            return False
        bodies = self._model.geom_bodyid[data.contact.geom]
        root = self._model.body_rootid[bodies]
        arm = self._model.body_rootid[self._model.body("robot0_hand").id]
        objects = np.isin(bodies, [self._model.body(slot).id for slot in SLOTS]).any(axis=1)
        touching = (root == arm).any(axis=1) & objects
        return bool((data.contact.dist[touching] < _DEEP_CONTACT).any())


class Pace:
    """Keeps a loop at 1 kHz on average: a late tick shortens the next sleep, within limits."""

    def __init__(self) -> None:
        self._due = time.monotonic()

    def wait(self) -> None:
        """Sleep until the next tick is due."""
        now = time.monotonic()
        self._due = max(self._due + TICK, now - _LATEST)
        if self._due > now:
            time.sleep(self._due - now)
