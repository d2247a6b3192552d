"""Joint angles for a hand that points straight down, by frankik's closed-form solution."""

from __future__ import annotations

import numpy as np
from frankik import FrankaKinematics
from numpy.typing import NDArray

from robot.sim.scene import HOME_POSITION

_KINEMATICS = FrankaKinematics("fr3")
_DOWN = np.diag([1.0, -1.0, -1.0])
"""Tool orientation: z down, x along the base's x, fingers closing along y."""


def down_pose(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) tool pose at a (3,) position, pointing down [m, base frame]."""
    pose = np.eye(4)
    pose[:3, :3] = _DOWN
    pose[:3, 3] = position
    return pose


def joints_for(
    position: NDArray[np.float64], near: NDArray[np.float64] | None = None
) -> NDArray[np.float64] | None:
    """Return (7,) joint angles that put the tool at a position, pointing down.

    The elbow stays in the vertical plane through the base's axis, as after a Cartesian motion of
    the real controller from the home pose.

    Args:
        position: (3,) tool centre in the base frame [m].
        near: (7,) joint angles to stay close to.

    Returns:
        Joint angles [rad], or None when the position is out of reach.
    """
    wrist = np.pi / 4 + np.arctan2(position[1], position[0])
    return _KINEMATICS.inverse(
        down_pose(position),
        q0=near if near is not None else home_joints(),
        tcp_offset=_KINEMATICS.FrankaHandTCPOffset,
        q7=wrist,
        global_solution=True,
    )


def home_joints() -> NDArray[np.float64]:
    """Return the (7,) joint angles of the home pose [rad]."""
    seed = np.array([0.0, -0.1, 0.0, -2.4, 0.0, 2.3, np.pi / 4])
    joints = joints_for(np.asarray(HOME_POSITION), seed)
    assert joints is not None, "the home position is out of reach"
    return joints
