"""Joint angles that an arm is sent to without a plan."""

from __future__ import annotations

import numpy as np

READY_JOINTS = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
"""Franka's own ready pose: the hand over the table, pointing down [rad]."""

TIDY_JOINTS = np.array([0.0, -1.2, 0.0, -2.7, 0.0, 1.5, np.pi / 4])
"""Folded over the arm's base, 0.4 m up and pointing down: away from the table, and in nobody's
picture of it [rad]."""

READY_JOINTS.setflags(write=False)
TIDY_JOINTS.setflags(write=False)
