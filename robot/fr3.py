"""What Franka publishes as the limits of a Research 3: joints, tool, and how fast they may change.

Numbers from "Control parameters: limits for Franka Research 3"
(https://frankarobotics.github.io/docs/robot_specifications.html) and, for the velocities near a
joint's end, libfranka's ``computeUpperLimitsJointVelocity``. The arm ends a motion that exceeds
them; they say nothing about people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JOINT_LOW = np.array([-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159])
JOINT_HIGH = np.array([2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159])
"""Ends of the joints [rad]."""

JOINT_VELOCITY = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
"""Fastest away from the ends [rad/s]."""

JOINT_ACCELERATION = 10.0
"""For every joint [rad/s2]."""

JOINT_JERK = 5000.0
"""For every joint [rad/s3]."""

TRANSLATION = (3.0, 9.0, 4500.0)
"""Velocity [m/s], acceleration [m/s2] and jerk [m/s3] of the tool."""

ROTATION = (2.5, 17.0, 8500.0)
"""The same of its rotation [rad/s and so on]."""

REACH = 0.855
"""Farthest that the flange gets from the shoulder [m]."""

SHOULDER_HEIGHT = 0.333
"""Of the second joint over the base [m]."""

_OFFSET = np.array([0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35])
_BRAKING = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])
_UPPER = np.array([2.75010, 1.79180, 2.90650, -0.1458, 2.81010, 4.52050, 3.01960])
_LOWER = np.array([2.75010, 1.79180, 2.90650, 3.04810, 2.81010, -0.54092, 3.01960])


def velocity_limits(q: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how fast the joints may turn where they are.

    Args:
        q: (..., 7) joint angles [rad].

    Returns:
        (..., 7) fastest towards the lower end and towards the upper one, both positive [rad/s].
    """
    up = np.sqrt(np.maximum(0.0, _BRAKING * (_UPPER - q))) - _OFFSET
    down = np.sqrt(np.maximum(0.0, _BRAKING * (_LOWER + q))) - _OFFSET
    return np.clip(down, 0.0, JOINT_VELOCITY), np.clip(up, 0.0, JOINT_VELOCITY)
