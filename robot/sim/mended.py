"""franky-sim's FR3 with eight mends, so that a client meets what a real arm would tell it.

* The measured pose ``O_T_EE`` is measured: franky-sim returns a reference into pinocchio's data,
  which computing the desired pose overwrites, so it would report the desired one.
* The external wrench comes from the contact forces; franky-sim reports zero, and motor torques as
  external ones, so a force reaction would never fire.
* The joint damping is a quarter of the default, which would trail 0.1 s (8 mm) behind.
* Stopping the gripper answers the command that it ends (:mod:`robot.sim.mended_gripper`).
* The joints that a commanded pose asks for go on from those of the command before
  (:mod:`robot.sim.inverse`), and nothing moves before a motion's first command.
* The velocity and acceleration of the last command are told as they were commanded; franky-sim
  smooths them over 20 ms, so a motion that replaces a running one would begin with a jump.
* Every command is judged by the limits that Franka publishes (:mod:`robot.sim.fci_limits`).
* The state is put together without what nobody reads of it (:mod:`robot.sim.lean_state`).

Its server is :mod:`robot.sim.mended_server`.
"""

from __future__ import annotations

from typing import Any, cast

import mujoco
import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path
from franky_sim.base_simulator import InnerRobotState
from franky_sim.franka_robot_state import FrankaRobotState
from franky_sim.mujoco_simulator import MUJOCO_DEFAULT_KV, FrankaMujocoRobot, MujocoSimulator
from numpy.typing import NDArray

from robot.sim import mended_gripper
from robot.sim.fci_limits import FciLimits
from robot.sim.inverse import follow_pose
from robot.sim.lean_state import LeanState

DAMPING_SHARE = 0.25
WRENCH_SMOOTHING = 0.08
"""Share of a new 1 kHz sample in the reported wrench: a time constant of 12 ms, as contact forces
of a simulation are rougher than what a robot reports."""

TORQUE_SMOOTHING = 0.05
"""Share of a new sample in the reported change of the torques, as franky-sim has it."""

_ARM_JOINTS = 7
_TICK = 0.001


class MendedRobot(FrankaMujocoRobot):
    """FR3 whose pose and external wrench are measured, and whose commands are judged.

    Attributes:
        limits: What it found.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limits = FciLimits()
        self._held = np.array(self.initial_q, dtype=np.float64)
        self._answers = -1
        self._begun = True
        self._wrench = np.zeros(6)
        self._tau_ext = np.zeros(_ARM_JOINTS)
        self._arm_bodies: NDArray[np.bool_] | None = None
        self._inner: InnerRobotState | None = None
        self._inner_time = -1.0
        self._fixed: dict[str, Any] = {}
        self._refit = True
        self._holding = False
        self._pose: NDArray[np.float64] | None = None
        self._elbow: tuple[float, ...] = ()
        self._dtau = np.zeros(_ARM_JOINTS)
        self._report: LeanState | None = None

    def kinematics(self, q: np.ndarray) -> pin.SE3:
        """Return the tool pose for joint angles ``q`` (7,) [rad], as a copy of its own."""
        return super().kinematics(q).copy()

    def begin_motion(self, *, cartesian: bool, judged: bool) -> None:
        """Note that a client starts a motion; until its first command the arm holds its pose."""
        self._begun, self._answers = False, -1
        self.limits.begin(self.kinematics(self._held).homogeneous, self._held, cartesian=cartesian)
        if not judged:
            self.limits.unknown(self._seconds())
            self.limits.drop()
            self._begun = True

    def end_motion(self, *, finished: bool) -> None:
        """Note that a motion is over, by its own end or because the arm was told to stop."""
        if finished:
            self.limits.end(self._seconds())
        self.limits.drop()
        self._begun = True

    def answered(self, number: int) -> None:
        """Note the number of the state that the newest command answers."""
        self._answers = number

    def cartesian_position_control(
        self,
        target_pose: NDArray[np.float64],
        target_elbow_config: NDArray[np.float64] | None,
        has_new_command: bool = True,
    ) -> None:
        """Move the tool to (7,) position [m] and quaternion, x first; once per tick."""
        pose, q = pin.XYZQUATToSE3(np.asarray(target_pose)), self._held
        if has_new_command or self._begun:
            self._begun = True
            inside: Any = self  # franky-sim keeps its model and its clock to itself
            # the pose that was commanded is what the next motion finds in the state
            self._tracked_state_components["O_T_EE_c"].set(
                inside._BaseRobot__t, pose, call_observers=has_new_command
            )
            elbow = None if target_elbow_config is None else float(target_elbow_config[0])
            inside._process_elbow(target_elbow_config, has_new_command)
            self._pose = pose.homogeneous
            if has_new_command and target_elbow_config is not None:
                self._elbow = tuple(np.asarray(target_elbow_config).tolist())
            q = follow_pose(
                inside._BaseRobot__model, inside._BaseRobot__data, inside._BaseRobot__tcp_frame_id,
                pose.homogeneous, q, elbow,
            )  # fmt: skip
            if has_new_command:
                self.limits.command(
                    self._answers, pose.homogeneous, q, self._seconds(), elbow=elbow is not None
                )
        self._hold(q, has_new_command)

    def joint_position_control(
        self, target_q: NDArray[np.float64], has_new_command: bool = True
    ) -> None:
        """Move the joints to (7,) angles [rad]; once per tick."""
        q = np.asarray(target_q, dtype=np.float64)
        if not self._begun and not has_new_command:
            q = self._held
        elif self.limits.active and has_new_command:
            self._begun = True
            self.limits.command(self._answers, self.kinematics(q).homogeneous, q, self._seconds())
        self._hold(q, has_new_command)

    def _hold(self, q: NDArray[np.float64], has_new_command: bool) -> None:
        self._held, self._holding = q.copy(), True
        super().joint_position_control(cast(Any, q), has_new_command)

    def _seconds(self) -> float:
        return 0.0 if self.data is None else float(self.data.time)

    def set_load(self, *args: Any) -> None:
        """Take another payload; the state follows with the next step."""
        super().set_load(*args)
        self._refit = True

    def set_NE_T_EE(self, ne_t_ee: tuple[float, ...]) -> None:
        """Take another end effector; the state follows with the next step."""
        super().set_NE_T_EE(ne_t_ee)
        self._refit = True

    def set_EE_T_K(self, ee_t_k: tuple[float, ...]) -> None:
        """Take another stiffness frame; the state follows with the next step."""
        super().set_EE_T_K(ee_t_k)
        self._refit = True

    @property
    def state(self) -> FrankaRobotState:
        """The state after the last step."""
        return super().state if self._report is None else self._report

    def _compose(self) -> LeanState:
        """Return the state, with the wrench that acts on the tool in the base frame and in K."""
        inner, fixed = self._get_state(), self._fixed
        q, torques = inner.q, np.array(inner.tau_j)
        goal = self._held if self._holding else np.array(q)  # torques have no goal
        measured = self.kinematics(np.array(q)).homogeneous
        desired = self.kinematics(goal).homogeneous
        commanded = desired if self._pose is None else self._pose
        change = (torques - np.array(fixed["tau_J"])) / _TICK
        self._dtau += TORQUE_SMOOTHING * (change - self._dtau)
        stiffness = measured @ _matrix(fixed["EE_T_K"])
        force, torque = self._wrench[:3], self._wrench[3:]
        moment = torque - _cross(stiffness[:3, 3], force)
        turn = stiffness[:3, :3].T
        velocity, acceleration, _ = self.limits.rates.tolist()
        fixed["tau_J"] = inner.tau_j
        held = tuple(goal.tolist())
        elbow = (q[2], float(np.sign(q[3])))
        component: Any = self._tracked_state_components["tau_J_d"]
        return LeanState.of(
            fixed
            | {
                "q": q,
                "q_d": held,
                "dq": inner.dq,
                "dq_d": tuple(velocity[6:]),
                "ddq_d": tuple(acceleration[6:]),
                "dtau_J": tuple(self._dtau.tolist()),
                "tau_J_d": tuple(component._TrackedStateComponent__explicit_value.tolist()),
                "O_T_EE": _flat(measured),
                "O_T_EE_d": _flat(desired),
                "O_T_EE_c": _flat(commanded),
                "tau_ext_hat_filtered": tuple(self._tau_ext.tolist()),
                "O_F_ext_hat_K": (*force.tolist(), *moment.tolist()),
                "K_F_ext_hat_K": (*(turn @ force).tolist(), *(turn @ moment).tolist()),
                "elbow": (q[2], 1.0 if q[3] > 0.0 else -1.0),
                "elbow_d": (held[2], 1.0 if held[3] > 0.0 else -1.0),
                "elbow_c": self._elbow or elbow,
                "delbow_c": (velocity[8], 0.0),
                "ddelbow_c": (acceleration[8], 0.0),
                "O_dP_EE_c": tuple(velocity[:6]),
                "O_dP_EE_d": tuple(velocity[:6]),
                "O_ddP_EE_c": tuple(acceleration[:6]),
            }
        )

    def _get_state(self) -> InnerRobotState:
        data = self.data
        if data is None:
            return super()._get_state()
        if self._inner is None or self._inner_time != data.time:  # asked five times a step
            self._inner_time = data.time
            self._inner = InnerRobotState(
                q=tuple(data.qpos[self._qpos_addrs].tolist()),
                dq=tuple(data.qvel[self._dof_addrs].tolist()),
                tau_j=tuple(self._applied_torques.tolist()),
            )
        return self._inner

    def _post_step(self) -> None:
        if self._refit:
            super()._post_step()
            self._fixed = vars(super().state).copy()
            self._dtau, self._refit = np.array(self._fixed["dtau_J"]), False
        else:
            inside: Any = self  # its clock goes on
            inside._BaseRobot__prev_t = inside._BaseRobot__t
            inside._BaseRobot__t += _TICK
        wrench, tau = self._contacts()
        self._wrench += WRENCH_SMOOTHING * (wrench - self._wrench)
        self._tau_ext += WRENCH_SMOOTHING * (tau - self._tau_ext)
        self._report = self._compose()
        self._pose, self._elbow, self._holding = None, (), False

    def _contacts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what touches the arm: (6,) wrench about the base's origin, (7,) joint torques."""
        model, data = self.model, self.data
        wrench, tau = np.zeros(6), np.zeros(_ARM_JOINTS)
        if model is None or data is None or not data.ncon:
            return wrench, tau
        arm = self._arm_bodies
        if arm is None:
            base = model.body_rootid[model.jnt_bodyid[model.dof_jntid[self._dof_addrs[0]]]]
            arm = self._arm_bodies = model.body_rootid == base
        bodies = model.geom_bodyid[data.contact.geom]
        ours = arm[bodies]
        local, joint = np.zeros(6), np.zeros(model.nv)
        for index in np.flatnonzero(ours[:, 0] != ours[:, 1]):
            contact = data.contact[index]
            mujoco.mj_contactForce(model, data, index, local)
            second = bool(ours[index, 1])  # MuJoCo gives the force on the second geom
            axes = contact.frame.reshape(3, 3) * (1.0 if second else -1.0)
            force, torque = local[:3] @ axes, local[3:] @ axes
            point = np.array(contact.pos)
            wrench[:3] += force
            wrench[3:] += torque + _cross(point, force)
            body = int(bodies[index, int(second)])
            mujoco.mj_applyFT(model, data, force, torque, point, body, joint)
        tau[:] = joint[self._dof_addrs]
        return wrench, tau


class MendedSimulator(MujocoSimulator):
    """franky-sim's MuJoCo simulator with mended robots that stand at the origin."""

    def add_robot(self, **kwargs: Any) -> MendedRobot:
        """Add an arm; keyword arguments as in franky-sim, with the mended damping by default."""
        mended_gripper.install()
        kwargs.setdefault("kv", tuple(DAMPING_SHARE * gain for gain in MUJOCO_DEFAULT_KV))
        super().add_robot(**kwargs)
        robot = MendedRobot(**kwargs)
        self._robots[-1] = robot
        self._drop_looks()
        return robot

    def _drop_looks(self) -> None:
        """Remove what is only for the eye: the physics starts sooner and takes less memory."""
        for parent in self.scene.iter("body"):
            for geom in parent.findall("geom[@class='visual']"):
                parent.remove(geom)
        used = {geom.get("mesh") for geom in self.scene.iter("geom")}
        asset = self.scene.find("asset")
        if asset is not None:
            for mesh in asset.findall("mesh"):
                if mesh.get("name") not in used:
                    asset.remove(mesh)


def _matrix(flat: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array(flat).reshape(4, 4, order="F")


def _flat(pose: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(pose.T.ravel().tolist())


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cross product of two (3,) vectors; numpy's takes 20 us for it."""
    return np.array(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
