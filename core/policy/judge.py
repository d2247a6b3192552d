"""Doubts about actions that parsed well, as sentences for the person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.protocol.statistics import NormStats

STILL = 0.05
"""A chunk whose every value is below this share of the usual range counts as standing still."""


def action_warnings(actions: NDArray[np.float64], stats: NormStats) -> list[str]:
    """Look for degenerate actions.

    Users of MolmoAct-7B-D-0812 report near-zero actions beside good depth and traces
    (allenai/molmoact issues 29, 37, 40). A chunk that moves only the gripper is fine.

    Args:
        actions: (N, D) un-normalised [m, rad, gripper].
        stats: The ranges they were un-normalised with.
    """
    usual = np.maximum(np.abs(stats.q01), np.abs(stats.q99)).astype(np.float64)
    moving = stats.scaled & (usual > 0)
    if not moving.any():
        return []
    share = np.abs(actions[:, moving]) / usual[moving]
    gripper_open = actions[:, -1] > 0.5
    if share.max() >= STILL or gripper_open.any() != gripper_open.all():
        return []
    return [
        f"The actions are almost zero (at most {100 * share.max():.1f} % of the range seen in "
        "training); the arm would hardly move."
    ]
