"""A driver that moves nothing and checks everything that it is handed, by arithmetic of its own.

It knows the guard's limits as plain numbers and shares no code with it: forward kinematics,
Jacobian, joint ranges and hulls are MuJoCo's, from franky-sim's description of the arm. The joints
follow by damped least squares. Speeds are judged by differences of the poses: whatever curve a
controller lays through them has at least these velocities, accelerations and jerks somewhere.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv  # pyright: ignore[reportAttributeAccessIssue]

from robot.guard import Limits
from robot.sim.layout import SLOTS
from robot.sim.scene import scene_xml

JOINT_VELOCITY = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
"""Published for the FR3 [rad/s], as are the numbers below; typed anew on purpose."""

JOINT_CHANGES = (10.0, 5000.0)
TOOL_LIMITS = ((3.0, 9.0, 4500.0), (2.5, 17.0, 8500.0))

NUMBERS = 1e-6
METRES = 2e-3
"""Allowed difference between two ways to measure the distance of hulls."""

RADIANS = 5e-3
"""Allowed difference between two ways to resolve the arm's seventh freedom over a chunk."""

_LOW_PARTS = (*(f"fr3_link{k}" for k in range(3, 8)), "hand", "left_finger", "right_finger")
_FAR_PARTS = ("fr3_link5", "fr3_link6", "fr3_link7", "hand", "left_finger", "right_finger")
_NEAR_PARTS = ("fr3_link0", "fr3_link1", "fr3_link2")


@dataclass(slots=True, kw_only=True)
class Tally:
    """What arrived.

    Attributes:
        chunks: How many paths were handed over.
        poses: How many poses.
        outside: How many paths broke a limit.
        broken: How often which limit was broken.
        worst: By how much at worst, as a share of the limit or in its unit.
    """

    chunks: int = 0
    poses: int = 0
    outside: int = 0
    broken: Counter[str] = field(default_factory=Counter[str])
    worst: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, other: Tally) -> None:
        """Add what another driver met."""
        self.chunks += other.chunks
        self.poses += other.poses
        self.outside += other.outside
        self.broken.update(other.broken)
        for name, value in other.worst.items():
            self.worst[name] = max(self.worst.get(name, -np.inf), value)


class RecordingDriver:
    """Stands in for the arm behind the guard; each path puts it at its end."""

    def __init__(self, limits: Limits) -> None:
        """Build the arm.

        Args:
            limits: What has to hold for every path.
        """
        assert limits.workspace is not None, "there is nothing to check without a workspace"
        self.tally = Tally()
        self._limits = limits
        self._low, self._high = limits.workspace.low, limits.workspace.high
        self._model = _bare_arm()
        self._data = mujoco.MjData(self._model)
        self._range = self._model.jnt_range[:7].T
        self._site = int(self._model.site("tcp").id)
        self._flange = int(self._model.body("hand").id)
        self._hulls = {
            name: self._vertices(name)
            for name in dict.fromkeys((*_LOW_PARTS, *_FAR_PARTS, *_NEAR_PARTS))
        }
        self._bounds = self._model.geom_rbound
        pairs = product(_NEAR_PARTS, _FAR_PARTS)
        self._pairs = np.array([[self._hulls[name][0] for name in pair] for pair in pairs]).T
        self.joints = np.zeros(7)
        self.pose = np.eye(4)

    def place(self, joints: NDArray[np.float64]) -> None:
        """Put the arm at (7,) joint angles without a motion [rad]."""
        self.joints = joints.copy()
        self.pose = self._look(joints)

    def follow(self, poses: NDArray[np.float64], step_seconds: float) -> None:
        """Check (N, 4, 4) poses from where the arm is, then be at the last."""
        tally = self.tally
        tally.chunks += 1
        tally.poses += len(poses)
        before = sum(tally.broken.values())
        path = np.concatenate([self.pose[None], poses])
        if not np.isfinite(path).all() or not np.isfinite(step_seconds) or step_seconds <= 0.0:
            self._note("finite", np.inf)
        else:
            self._check_tool(path, step_seconds)
            self._check_arm(path, step_seconds)
        tally.outside += sum(tally.broken.values()) > before

    def _check_tool(self, path: NDArray[np.float64], seconds: float) -> None:
        limits = self._limits
        rotations = path[:, :3, :3]
        square = rotations @ rotations.transpose(0, 2, 1)
        self._keep("rotation matrix", np.abs(square - np.eye(3)).max(), 1e-6)
        points = path[1:, :3, 3]
        self._keep("workspace", np.maximum(self._low - points, points - self._high).max(), NUMBERS)
        ways = np.diff(path[:, :3, 3], axis=0)
        steps = np.einsum("kji,kjl->kil", rotations[:-1], rotations[1:])
        cosines = (np.einsum("kii->k", steps) - 1.0) / 2.0
        angles = np.arccos(np.clip(cosines, -1.0, 1.0))
        lengths = np.sqrt((ways**2).sum(axis=1))
        # the first step also makes up for where the arm is
        slack = np.zeros(len(lengths))
        slack[0] = limits.offset_metres
        self._keep("step", (lengths - slack).max(), limits.step_metres + NUMBERS)
        self._keep("chunk", lengths.sum() - slack[0], limits.chunk_metres + NUMBERS)
        self._keep("speed", (lengths - slack).max() / seconds, limits.speed + NUMBERS)
        slack[0] = limits.offset_radians
        self._keep("turn", (angles - slack).max(), limits.step_radians + 1e-4)
        self._keep("chunk's turn", angles.sum() - slack[0], limits.chunk_radians + 1e-3)
        self._keep_rates("tool", ways[1:], seconds, TOOL_LIMITS[0])

    def _check_arm(self, path: NDArray[np.float64], seconds: float) -> None:
        limits = self._limits
        joints, jacobians = [self.joints], []
        for pose in path[1:]:
            found = self._solve(pose, joints[-1])
            if found is None:
                self._note("reach", 1.0)
                return
            joints.append(found)
            jacobians.append(self._flange_jacobian())
            self._check_hulls()
        angles = np.array(joints)
        margin = limits.joint_margin - RADIANS
        beyond = np.maximum(self._range[0] - angles[1:], angles[1:] - self._range[1]).max()
        self._keep("joints", beyond, -margin)
        sizes = np.linalg.svd(np.array(jacobians), compute_uv=False)[:, -1]
        self._keep("singularity", -sizes.min(), -limits.singularity + 2e-3)
        turns = np.diff(angles, axis=0)
        self._keep("branch", np.abs(turns[1:]).max(initial=0.0), limits.jump + RADIANS)
        self._keep(
            "joint velocity", (np.abs(turns[1:]) / seconds / JOINT_VELOCITY).max(initial=0.0), 1.0
        )
        self._keep_rates("joint", turns[1:], seconds, (np.inf, *JOINT_CHANGES))
        self.place(angles[-1])

    def _keep_rates(
        self,
        name: str,
        ways: NDArray[np.float64],
        seconds: float,
        limits: tuple[float, float, float],
    ) -> None:
        """Check least velocity, acceleration and jerk of (N, D) steps of equal time."""
        if not len(ways):
            return
        speeds = ways / seconds
        self._keep(f"{name} velocity", np.abs(speeds).max(), limits[0])
        changes = np.diff(speeds, axis=0) / seconds
        self._keep(f"{name} acceleration", np.abs(changes).max(initial=0.0), limits[1])
        # to rest within the last step: less acceleration than this would not do
        self._keep(f"{name} acceleration", 2.0 * np.abs(speeds[-1]).max() / seconds, limits[1])
        jerks = np.diff(changes, axis=0) / seconds
        self._keep(f"{name} jerk", np.abs(jerks).max(initial=0.0), limits[2])

    def _solve(
        self, pose: NDArray[np.float64], near: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Return the joints at a pose, or None; the model is left there."""
        q = near.copy()
        rows, error = np.zeros((6, self._model.nv)), np.empty(6)
        jacobian, turn = rows[:, :7], error[3:]
        wanted = np.empty(4)
        mujoco.mju_mat2Quat(wanted, pose[:3, :3].reshape(-1))
        here, back = np.empty(4), np.empty(4)
        for _ in range(40):
            at = self._look(q)
            mujoco.mju_mat2Quat(here, at[:3, :3].reshape(-1))
            mujoco.mju_negQuat(back, here)
            mujoco.mju_mulQuat(here, wanted, back)
            mujoco.mju_quat2Vel(turn, here, 1.0)
            error[:3] = pose[:3, 3] - at[:3, 3]
            if error @ error < 1e-10:
                return q
            mujoco.mj_jacSite(self._model, self._data, rows[:3], rows[3:], self._site)
            size = max(np.sqrt(error[:3] @ error[:3]) / 0.02, np.sqrt(turn @ turn) / 0.06)
            error /= max(size, 1.0)
            square = jacobian @ jacobian.T
            square.flat[::7] += 1e-8
            change = jacobian.T @ dposv(square, error)[1]
            q = q + change * min(1.0, 0.1 / np.abs(change).max())
        return None

    def _flange_jacobian(self) -> NDArray[np.float64]:
        rows = np.zeros((6, self._model.nv))
        mujoco.mj_jacBody(self._model, self._data, rows[:3], rows[3:], self._flange)
        return rows[:, :7]

    def _check_hulls(self) -> None:
        clear, table = self._limits.clearance, self._limits.table_height
        if clear is None:
            return
        data = self._data
        if table is not None:
            for name in _LOW_PARTS:
                geom, points = self._hulls[name]
                if data.geom_xpos[geom, 2] - table > self._bounds[geom] + clear:
                    continue
                lowest = data.geom_xpos[geom, 2] + (points @ data.geom_xmat[geom, 6:]).min()
                wanted = 0.0 if name.endswith("finger") else clear
                self._keep("table", table + wanted - lowest, METRES)
        near, far = self._pairs
        apart = np.sqrt(((data.geom_xpos[near] - data.geom_xpos[far]) ** 2).sum(axis=1))
        for index in np.flatnonzero(apart < self._bounds[near] + self._bounds[far] + clear):
            a, b = int(near[index]), int(far[index])
            gap = mujoco.mj_geomDistance(self._model, data, a, b, 0.1, None)
            self._keep("self-collision", clear - gap, METRES)

    def _look(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put the model at joint angles; return the (4, 4) tool pose."""
        data = self._data
        data.qpos[:7] = q
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        pose = np.eye(4)
        pose[:3, :3] = data.site_xmat[self._site].reshape(3, 3)
        pose[:3, 3] = data.site_xpos[self._site]
        return pose

    def _vertices(self, body: str) -> tuple[int, NDArray[np.float64]]:
        model = self._model
        first = int(model.body(body).geomadr[0])
        mesh = int(model.geom_dataid[first])
        begin = int(model.mesh_vertadr[mesh])
        return first, model.mesh_vert[begin : begin + int(model.mesh_vertnum[mesh])].astype(float)

    def _keep(self, name: str, value: float, limit: float) -> None:
        if not value <= limit + 1e-12:
            self._note(name, float(value))

    def _note(self, name: str, value: float) -> None:
        self.tally.broken[name] += 1
        self.tally.worst[name] = max(self.tally.worst.get(name, -np.inf), value)


def _bare_arm() -> mujoco.MjModel:
    """Return the lab's arm without table, objects and what is only for the eye."""
    root = ET.fromstring(scene_xml())
    for body in root.iter("body"):
        for geom in list(body.findall("geom")):
            kind = geom.get("class", "")
            if kind == "visual" or kind.startswith("fingertip"):
                body.remove(geom)
    world = root.find("worldbody")
    assert world is not None, "the scene has no worldbody"
    for child in list(world):
        if child.get("name") != "base":
            world.remove(child)
    assert not {slot for slot in SLOTS if f'name="{slot}"' in ET.tostring(world, "unicode")}
    return mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))
