"""What counts as done in the lab, as the paper scores it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robot.sim.scene import rest_height

LIFTED_BY = 0.06
"""Height above its resting place at which an object counts as lifted [m]."""

GRASPED_BY = 0.012
RIGHT_DIRECTION = 0.05
"""Distance within which the hand has reached an object's side of the table [m]."""


def is_lifted(shape: str, height: float, by: float = LIFTED_BY) -> bool:
    """Tell whether an object's centre is high enough above its resting place.

    Args:
        shape: "cube" or "cylinder".
        height: Height of the centre in the base frame [m].
        by: Required distance [m].
    """
    return height - rest_height(shape) > by


def progress(*, moved_towards: bool, grasped: bool, lifted: bool) -> float:
    """Score an episode by the rubric of the steering study (MolmoAct paper, appendix D.7).

    Right direction .5, grasped .85, lifted 1.0.
    """
    return 1.0 if lifted else 0.85 if grasped else 0.5 if moved_towards else 0.0


def nearest_object(point: NDArray[np.float64], centres: NDArray[np.float64]) -> int:
    """Return the index of the centre nearest to a point.

    Args:
        point: (2,) or (3,).
        centres: (N, 2) or (N, 3), the same space and unit.
    """
    return int(np.argmin(np.linalg.norm(centres - point, axis=1)))
