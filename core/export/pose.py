"""An end effector's pose as numbers that never jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import RobotState

POSE = (
    *("x", "y", "z"),
    *("forward_x", "forward_y", "forward_z", "side_x", "side_y", "side_z"),
    "gripper",
)
"""Position [m], the first two columns of the rotation matrix, gripper opening 0 to 1."""

DELTA = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")
"""A row of a chunk: see :class:`core.types.ActionChunk`."""


def pose_values(state: RobotState) -> NDArray[np.float64]:
    """Return the pose of an arm as the (10,) numbers that :data:`POSE` names.

    A gripper that points down is turned by half a turn, exactly where rotation vectors and Euler
    angles jump from one sign to the other. Two columns of the matrix do not. Source: Zhou et al.,
    On the Continuity of Rotation Representations in Neural Networks, 2019.
    """
    turn = state.ee_pose[:3, :3]
    return np.concatenate([state.ee_pose[:3, 3], turn[:, 0], turn[:, 1], [state.gripper]])
