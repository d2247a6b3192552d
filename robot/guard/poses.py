"""Checks of where a chunk leads the tool: it starts where the arm is and stays in the box."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from robot.guard.limits import Limits
from robot.guard.numbers import ROUNDING
from robot.guard.verdict import Verdict, rejection
from robot.guard.workspace import Workspace
from robot.path import rotation_angle


def faults_of_poses(
    poses: NDArray[np.float64], measured: NDArray[np.float64], limits: Limits
) -> Iterator[Verdict]:
    """Yield what is wrong with (N + 1, 4, 4) poses of an arm that is at (4, 4) ``measured``."""
    if not (np.isfinite(poses).all() and np.isfinite(measured).all()):
        yield rejection("finite", "The pose of the arm is not known; every number must be finite.")
        return
    start = poses[0]
    distance = float(np.linalg.norm(start[:3, 3] - measured[:3, 3]))
    angle = rotation_angle(start[:3, :3], measured[:3, :3])
    # written so that a comparison with something that is no number is a fault as well
    if not (distance <= limits.offset_metres and angle <= limits.offset_radians):
        yield rejection(
            "offset",
            f"The arm is {1e3 * distance:.0f} mm and {np.rad2deg(angle):.0f} degrees away from "
            "where the chunk starts; something holds it. Stop, look, and start anew.",
        )
    yield from _workspace_faults(poses, limits.workspace)


def _workspace_faults(poses: NDArray[np.float64], workspace: Workspace | None) -> Iterator[Verdict]:
    if workspace is None:
        yield rejection(
            "workspace",
            "No workspace is set, and a real arm does not move without one; set it in the window, "
            "or start the rig with --workspace x0,y0,z0,x1,y1,z1 in metres.",
        )
        return
    points = poses[1:, :3, 3]
    outside = (points < workspace.low - ROUNDING) | (points > workspace.high + ROUNDING)
    if not outside.any():
        return
    step, axis = divmod(int(np.argmax(outside)), 3)
    yield rejection(
        "workspace",
        f"Step {step + 1} leaves the workspace: {'xyz'[axis]} would be {points[step, axis]:.3f} m, "
        f"allowed are {workspace.low[axis]:.3f} to {workspace.high[axis]:.3f} m.",
        step,
    )
