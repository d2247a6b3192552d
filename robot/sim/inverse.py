"""Joint angles for the poses that a client commands, as a controller makes them.

From one command to the next, so that a smooth path of poses gives smooth joints:  starts
from the measured angles in every tick and stops a tenth of a millimetre short of the pose, which
makes the commanded joints as rough as the measurement.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path
from numpy.typing import NDArray

from robot.sim.fci_limits import turn_between

_ROUNDS = 3
_CLOSE = 1e-10
_LARGEST_STEP = 0.05
"""Most that a joint turns in one round [rad]: out of reach the arm stretches, it does not flail."""

_DAMPING = 1e-10
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
    q = q.copy()
    for _ in range(_ROUNDS):
        jacobian = pin.computeFrameJacobian(
            model, data, q, frame, pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        )
        here = pin.updateFramePlacement(model, data, frame)
        error = np.empty(6)
        error[:3] = pose[:3, 3] - here.translation
        error[3:] = turn_between(here.rotation, pose[:3, :3])
        step = _step(jacobian, error, None if elbow is None else elbow - q[_ELBOW])
        q += np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        if float(np.abs(error).max()) < _CLOSE:
            break
    return q


def _step(
    jacobian: NDArray[np.float64], error: NDArray[np.float64], elbow: float | None
) -> NDArray[np.float64]:
    if elbow is not None:
        error = error - jacobian[:, _ELBOW] * elbow
        jacobian = jacobian.copy()
        jacobian[:, _ELBOW] = 0.0
    square = jacobian @ jacobian.T
    square.flat[::7] += _DAMPING
    step = jacobian.T @ np.linalg.solve(square, error)
    if elbow is not None:
        step[_ELBOW] = elbow
    return step
