"""franky motions for a path of poses, smooth and at a given rate.

Two kinds. *Flowing*: each pose is passed at a velocity that overshoots on no axis, and reached at
its time exactly (``minimum_time``): the tool moves at nearly constant speed. Measured with
franky-control 2.0 against franky-sim: eight steps of 3 cm at 5 Hz pass every pose within 0.1 mm.
*Resting*: the arm comes to rest at each pose; the dynamics are lowered so that this takes the time
of a step. Needed because franky's planner fails (Ruckig error -111) on about one step in fifty when
a minimum time meets a rotation; it never did without a minimum time.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from franky import (
    Affine,
    CartesianState,
    CartesianWaypoint,
    CartesianWaypointMotion,
    Duration,
    RelativeDynamicsFactor,
    RobotPose,
    Twist,
)
from numpy.typing import NDArray

from robot.path import passing_velocities, quaternion, rotation_angle

FLOWING_RADIANS = 1e-4
"""Most rotation per step of a path that flows."""

PASSING_SHARE = 0.5
"""Share of the velocity limit at which a pose may be passed: the planner needs room."""

_SMALLEST_FACTOR = 0.004
_STILL_METRES = 1e-6


def can_flow(poses: NDArray[np.float64]) -> bool:
    """Whether (N + 1, 4, 4) poses, the first being the start, keep their orientation."""
    turns = pairwise(poses[:, :3, :3])
    return all(rotation_angle(a, b) <= FLOWING_RADIANS for a, b in turns)


def flowing_motion(
    poses: NDArray[np.float64], step_seconds: float, velocity_limit: float
) -> CartesianWaypointMotion:
    """Return a motion that passes through poses without a rest.

    Args:
        poses: (N + 1, 4, 4), the first being the start [m].
        step_seconds: Time from one to the next [s].
        velocity_limit: Fastest translation along an axis [m/s].
    """
    velocities = passing_velocities(poses, step_seconds)
    bound = PASSING_SHARE * velocity_limit
    velocities = np.clip(velocities, -bound, bound)
    time = Duration(round(1000 * step_seconds))
    return CartesianWaypointMotion(
        [
            CartesianWaypoint(
                CartesianState(RobotPose(affine(pose)), Twist(velocity.tolist(), [0.0, 0.0, 0.0])),
                minimum_time=time,
            )
            for pose, velocity in zip(poses[1:], velocities, strict=True)
        ]
    )


def resting_motion(
    poses: NDArray[np.float64],
    step_seconds: float,
    translation: tuple[float, float, float],
    rotation: tuple[float, float, float],
) -> CartesianWaypointMotion:
    """Return a motion that rests at each pose.

    Args:
        poses: (N + 1, 4, 4), the first being the start [m].
        step_seconds: Time from one to the next [s]; longer where the limits ask for it.
        translation: Limits of velocity, acceleration, jerk in force [m/s and so on].
        rotation: The same for rotations [rad/s and so on].
    """
    waypoints: list[CartesianWaypoint] = []
    for before, after in pairwise(poses):
        distance = float(np.linalg.norm(after[:3, 3] - before[:3, 3]))
        angle = rotation_angle(before[:3, :3], after[:3, :3])
        shortest = max(
            rest_to_rest_time(distance, *translation), rest_to_rest_time(angle, *rotation)
        )
        target = CartesianState(RobotPose(affine(after)))
        if distance < _STILL_METRES and angle < FLOWING_RADIANS:
            hold = Duration(round(1000 * step_seconds))
            waypoints.append(CartesianWaypoint(target, hold_target_duration=hold))
            continue
        # Slowing a trajectory by s scales velocity, acceleration and jerk by s, s^2 and s^3, so
        # the fastest one under these limits takes exactly the time of a step.
        slowness = float(np.clip(shortest / step_seconds, _SMALLEST_FACTOR, 1.0))
        factor = RelativeDynamicsFactor(slowness, slowness**2, slowness**3)
        waypoints.append(CartesianWaypoint(target, relative_dynamics_factor=factor))
    return CartesianWaypointMotion(waypoints)


def rest_to_rest_time(distance: float, velocity: float, acceleration: float, jerk: float) -> float:
    """Return the least time to cover a distance from rest to rest under three limits [s]."""
    if distance <= 0.0:
        return 0.0
    ramp = min(
        acceleration, np.sqrt(velocity * jerk)
    )  # acceleration reached on the way to full speed
    if distance >= velocity * (velocity / ramp + ramp / jerk):
        return distance / velocity + velocity / ramp + ramp / jerk
    if distance >= 2.0 * acceleration**3 / jerk**2:
        rise = acceleration / jerk
        return rise + float(np.sqrt(rise**2 + 4.0 * distance / acceleration))
    return 4.0 * float(np.cbrt(distance / (2.0 * jerk)))


def affine(pose: NDArray[np.float64]) -> Affine:
    """Return a (4, 4) pose as franky's type.

    By its quaternion: the arm reports matrices in single precision, and from one that is not quite
    a rotation franky makes targets that it plans towards anew in every cycle, without arriving.
    """
    return Affine(pose[:3, 3].tolist(), quaternion(pose[:3, :3]).tolist())
