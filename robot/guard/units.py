"""Guesses which unit somebody mistook: the reason that a chunk is far too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robot.guard.limits import Limits

_ONE = 1.0 + 1e-6


def mistaken_unit(actions: NDArray[np.float64], limits: Limits) -> str:
    """Return a sentence about the unit that a chunk beyond the step limits seems to have, or "".

    Args:
        actions: (N, 7) finite numbers, some translation or rotation too large for a step.
        limits: The limits that it exceeds.
    """
    length = float(np.sqrt(np.square(actions[:, :3]).sum(axis=1)).max())
    angle = float(np.sqrt(np.square(actions[:, 3:6]).sum(axis=1)).max())
    # in a server's -1..1 several values are large at once, and its gripper is -1 or 1
    scaled = float(np.abs(actions[:, :6]).max())
    signed = bool((actions[:, 6] < -limits.gripper_margin).any())
    if scaled <= _ONE and np.abs(actions[:, 6]).max() <= _ONE and (signed or length > 0.3):
        return (
            "The values look normalised to -1..1, as LIBERO-style servers send them; they have to "
            "be scaled back to metres and radians before they come here."
        )
    if length > max(1.0, limits.step_metres) and 1e-3 * length <= limits.step_metres:
        return "The translations look like millimetres; metres are expected."
    if angle > max(1.0, limits.step_radians) and np.deg2rad(angle) <= limits.step_radians:
        return "The rotations look like degrees; radians are expected."
    return ""
