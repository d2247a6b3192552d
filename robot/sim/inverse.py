"""Joint angles for the poses that a client commands, as a controller makes them.

From one command to the next, so that a smooth path of poses gives smooth joints: franky-sim starts
from the measured angles in every tick and stops a tenth of a millimetre short of the pose, which
makes the commanded joints as rough as the measurement.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path
from numpy.typing import NDArray

from robot.sim.fci_limits import turn_between

_LARGEST_STEP = 0.05
"""Most that a joint turns in one round [rad]: out of reach the arm stretches, it does not flail."""

_DAMPING = 1e-10 * np.eye(6)
_ELBOW = 2


def follow_pose(
    model: pin.Model,
    data: pin.Data,
    frame: int,
    pose: NDArray[np.float64],
    q: NDArray[np.float64],
    elbow: float | None = None,
) -> NDArray[np.float64]:
    """Return (7,) joint angles [rad] that bring a frame to a pose near the present one.

    Newton's method; what the pose leaves free moves as little as possible.

    Args:
        model: The arm.
        data: Its scratch memory.
        frame: Number of the frame.
        pose: (4, 4) where it shall be, in the base frame [m].
        q: (7,) joint angles of the command before.
        elbow: Angle of joint 3 where it is commanded [rad].
    """
    jacobian = pin.computeFrameJacobian(
        model, data, q, frame, pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    )
    if elbow is None:
        free, move = jacobian, np.zeros_like(q)
    else:
        free, move = jacobian.copy(), np.zeros_like(q)
        free[:, _ELBOW], move[_ELBOW] = 0.0, elbow - q[_ELBOW]
    inverse = free.T @ np.linalg.inv(free @ free.T + _DAMPING)
    here = pin.updateFramePlacement(model, data, frame)
    move += inverse @ (_error(here, pose) - jacobian @ move)
    q = q + np.maximum(-_LARGEST_STEP, np.minimum(move, _LARGEST_STEP))
    pin.framesForwardKinematics(model, data, q)
    # the jacobian of a step before is near enough for the nanometres that are left
    return q + np.maximum(
        -_LARGEST_STEP, np.minimum(inverse @ _error(data.oMf[frame], pose), _LARGEST_STEP)
    )


def _error(here: pin.SE3, pose: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = turn_between(here.rotation, pose[:3, :3])
    return np.concatenate([pose[:3, 3] - here.translation, turn])
