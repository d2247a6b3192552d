"""Joint angles of a Franka arm along a path of its tool.

The path is followed as the arm's own controller follows it: from where the joints are measured, by
the smallest change of all joints that takes the flange along (the pseudoinverse of the Jacobian),
corrected by Newton's method until the pose is met. frankik's closed form, which a single position
is solved with, takes joint 7 from outside, keeps 0.3 rad away from the ends of the joints and now
and then finds nothing beside the ends of a branch; as the guard it would reject good chunks.

Forward kinematics and Jacobian are pinocchio's, from the published Denavit-Hartenberg parameters,
the same for Panda and FR3. Poses are (4, 4) in the base frame [m], joint angles (7,) [rad].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv  # pyright: ignore[reportAttributeAccessIssue]

FLANGE = 0.107
"""From the seventh joint's frame to the flange along z [m]."""

NEWTON_STEPS = 24
CLOSE = 1e-5
"""A pose is met this near [m and rad together]."""

PIECE = (0.03, 0.1)
"""Most translation [m] and rotation [rad] at once: the arm resolves its seventh freedom on the
way, not from pose to pose."""

_DAMPING = 1e-7
"""Added to J J^T: a singular arm, too, has a step, and where it does not converge it is out of
reach."""

_LONGEST = 0.15
"""Most that a joint turns in one of Newton's steps [rad]: more would leave the branch."""

# a [m], d [m], alpha [rad] of each joint in Craig's convention
PARAMETERS = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -np.pi / 2),
    (0.0, 0.316, np.pi / 2),
    (0.0825, 0.0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2),
    (0.0, 0.0, np.pi / 2),
    (0.088, 0.0, np.pi / 2),
)


def _hand_tool() -> NDArray[np.float64]:
    tool = np.eye(4)
    half = np.sqrt(0.5)
    tool[:2, :2] = [[half, half], [-half, half]]
    tool[2, 3] = 0.1034
    tool.setflags(write=False)
    return tool


HAND_TOOL = _hand_tool()
"""Tool centre of a Franka Hand in the flange's frame."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointPath:
    """Joint angles along poses.

    Attributes:
        joints: (K, 7) angles at the first K poses [rad]; fewer than poses when one is not reached.
        jacobians: (K, 6, 7) of the flange along the base's axes, translation [m/rad] over rotation.
        last: (7,) angles up to which the arm came towards a pose that it does not reach; None when
            all are reached.
    """

    joints: NDArray[np.float64]
    jacobians: NDArray[np.float64]
    last: NDArray[np.float64] | None = None


@cache
def _model() -> pin.Model:
    model = pin.Model()
    for index, (a, d, alpha) in enumerate(PARAMETERS):
        c, s = np.cos(alpha), np.sin(alpha)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        place = pin.SE3(turn, np.array([a, -d * s, d * c]))
        model.addJoint(index, pin.JointModelRZ(), place, f"joint{index + 1}")
    end = pin.SE3(np.eye(3), np.array([0.0, 0.0, FLANGE]))
    model.addFrame(pin.Frame("flange", 7, 0, end, pin.FrameType.OP_FRAME))
    return model


def flange_pose(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) flange for (7,) joint angles."""
    model = _model()
    data = model.createData()
    pin.framesForwardKinematics(model, data, q)
    return np.array(data.oMf[model.nframes - 1].homogeneous)


def tool_pose(q: NDArray[np.float64], tool: NDArray[np.float64] = HAND_TOOL) -> NDArray[np.float64]:
    """Return the (4, 4) pose of a tool, given in the flange's frame, for (7,) joint angles."""
    return flange_pose(q) @ tool


def mounted_tool(q: NDArray[np.float64], pose: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) tool in the flange's frame of an arm that reports angles and a pose."""
    return rigid_inverse(flange_pose(q)) @ pose


def rigid_inverse(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of a (4, 4) pose."""
    result = np.eye(4)
    result[:3, :3] = pose[:3, :3].T
    result[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return result


def along(
    poses: NDArray[np.float64],
    joints: NDArray[np.float64],
    tool: NDArray[np.float64] = HAND_TOOL,
) -> JointPath:
    """Return the joint angles with which an arm follows poses from where it is.

    Args:
        poses: (N, 4, 4) tool poses, each within a step of a chunk from the one before.
        joints: (7,) measured joint angles.
        tool: (4, 4) tool in the flange's frame.
    """
    model = _model()
    data, frame = model.createData(), model.nframes - 1

    def look(q: NDArray[np.float64]) -> tuple[pin.SE3, NDArray[np.float64]]:
        pin.computeJointJacobians(model, data, q)
        here = pin.updateFramePlacement(model, data, frame)
        return here, pin.getFrameJacobian(model, data, frame, pin.LOCAL_WORLD_ALIGNED)

    q = joints
    here, jacobian = look(q)
    path: list[NDArray[np.float64]] = []
    jacobians: list[NDArray[np.float64]] = []
    for target in poses @ rigid_inverse(tool):
        for _ in range(NEWTON_STEPS):
            error = np.empty(6)
            error[:3] = target[:3, 3] - here.translation
            error[3:] = pin.log3(target[:3, :3] @ here.rotation.T)
            if float(error @ error) < CLOSE**2:
                break
            way, turn = error[:3], error[3:]
            far = max(float(way @ way) / PIECE[0] ** 2, float(turn @ turn) / PIECE[1] ** 2)
            if far > 1.0:
                error /= np.sqrt(far)
            square = jacobian @ jacobian.T
            square.flat[::7] += _DAMPING
            change = jacobian.T @ dposv(square, error)[1]
            q = q + change * min(1.0, _LONGEST / float(np.abs(change).max()))
            here, jacobian = look(q)
        else:
            return _joint_path(path, jacobians, q)
        path.append(q)
        jacobians.append(jacobian)
    return _joint_path(path, jacobians, None)


def _joint_path(
    path: list[NDArray[np.float64]],
    jacobians: list[NDArray[np.float64]],
    last: NDArray[np.float64] | None,
) -> JointPath:
    return JointPath(
        joints=np.array(path).reshape(-1, 7),
        jacobians=np.array(jacobians).reshape(-1, 6, 7),
        last=last,
    )
