"""franky-sim's FR3 with three mends, so that a client meets what a real arm would tell it.

* The measured pose ``O_T_EE`` is measured: franky-sim returns a reference into pinocchio's data,
  which computing the desired pose overwrites, so it would report the desired one.
* The external wrench comes from the contact forces; franky-sim reports zero, and motor torques as
  external ones, so a force reaction would never fire.
* The joint damping is a quarter of the default, which would trail 0.1 s (8 mm) behind.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pinocchio as pin
from franky_sim.franka_robot_state import FrankaRobotState
from franky_sim.mujoco_simulator import MUJOCO_DEFAULT_KV, FrankaMujocoRobot, MujocoSimulator
from numpy.typing import NDArray

DAMPING_SHARE = 0.25
WRENCH_SMOOTHING = 0.08
"""Share of a new 1 kHz sample in the reported wrench: a time constant of 12 ms, as contact forces
of a simulation are rougher than what a robot reports."""

_ARM_JOINTS = 7


class MendedRobot(FrankaMujocoRobot):
    """FR3 whose pose and external wrench are measured."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._wrench = np.zeros(6)
        self._tau_ext = np.zeros(_ARM_JOINTS)
        self._arm_bodies: NDArray[np.bool_] | None = None

    def kinematics(self, q: np.ndarray) -> pin.SE3:
        """Return the tool pose for joint angles ``q`` (7,) [rad], as a copy of its own."""
        return super().kinematics(q).copy()

    @property
    def state(self) -> FrankaRobotState:
        """The robot state with the wrench that acts on the tool, in the base frame and in K."""
        state = super().state
        stiffness = _matrix(state.O_T_EE) @ _matrix(state.EE_T_K)
        force, torque = self._wrench[:3], self._wrench[3:]
        moment = torque - np.cross(stiffness[:3, 3], force)
        turn = stiffness[:3, :3].T
        return state.replace(
            O_F_ext_hat_K=(*force.tolist(), *moment.tolist()),
            K_F_ext_hat_K=(*(turn @ force).tolist(), *(turn @ moment).tolist()),
            tau_ext_hat_filtered=tuple(self._tau_ext.tolist()),
        )

    def _post_step(self) -> None:
        super()._post_step()
        wrench, tau = self._contacts()
        self._wrench += WRENCH_SMOOTHING * (wrench - self._wrench)
        self._tau_ext += WRENCH_SMOOTHING * (tau - self._tau_ext)

    def _contacts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what touches the arm: (6,) wrench about the base's origin, (7,) joint torques."""
        model, data = self.model, self.data
        wrench, tau = np.zeros(6), np.zeros(_ARM_JOINTS)
        if model is None or data is None or not data.ncon:
            return wrench, tau
        if self._arm_bodies is None:
            base = model.body_rootid[model.jnt_bodyid[model.dof_jntid[self._dof_addrs[0]]]]
            self._arm_bodies = model.body_rootid == base
        bodies = model.geom_bodyid[data.contact.geom]
        ours = self._arm_bodies[bodies]
        local, joint = np.zeros(6), np.zeros(model.nv)
        for index in np.flatnonzero(ours[:, 0] != ours[:, 1]):
            contact = data.contact[index]
            mujoco.mj_contactForce(model, data, index, local)
            second = bool(ours[index, 1])  # MuJoCo gives the force on the second geom
            axes = contact.frame.reshape(3, 3) * (1.0 if second else -1.0)
            force, torque = local[:3] @ axes, local[3:] @ axes
            point = np.array(contact.pos)
            wrench[:3] += force
            wrench[3:] += torque + np.cross(point, force)
            body = int(bodies[index, int(second)])
            mujoco.mj_applyFT(model, data, force, torque, point, body, joint)
        tau[:] = joint[self._dof_addrs]
        return wrench, tau


class MendedSimulator(MujocoSimulator):
    """franky-sim's MuJoCo simulator with mended robots that stand at the origin."""

    def add_robot(self, **kwargs: Any) -> MendedRobot:
        """Add an arm; keyword arguments as in franky-sim, with the mended damping by default."""
        kwargs.setdefault("kv", tuple(DAMPING_SHARE * gain for gain in MUJOCO_DEFAULT_KV))
        super().add_robot(**kwargs)
        robot = MendedRobot(**kwargs)
        self._robots[-1] = robot
        return robot


def _matrix(flat: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array(flat).reshape(4, 4, order="F")
