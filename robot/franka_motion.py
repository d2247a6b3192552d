"""franky motions for a path of poses, smooth and at a given rate.

Two kinds. *Streaming*: the targets of a window are passed at velocities that overshoot on no axis,
the last is reached at rest. What limits the velocity between two targets is what makes the way take
its time: a minimum time would do so as well, but with one franky's planner fails (Ruckig error
-111) on about one step in fifty that turns. *Resting*: the arm comes to rest at each pose; the
dynamics are lowered so that this takes the time of a step. The way out where a stream found no
plan.
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

from robot.path import quaternion, rotation_angle
from robot.stream import Window
from robot.stream_path import ways

STILL_RADIANS = 1e-4
"""A smaller rotation of a step is none."""

HEADROOM = 1.01
"""By how much a velocity limit exceeds what a target is passed at: the planner needs some."""

_SMALLEST_FACTOR = 0.004
_STILL_METRES = 1e-6


def streaming_motion(
    window: Window,
    speeds: tuple[float, float],
    shares: tuple[float, float],
) -> CartesianWaypointMotion:
    """Return a motion through the targets of a window.

    Args:
        window: Targets; the arm is behind the first of them.
        speeds: Velocity limits in force for translation and rotation, per axis [m/s, rad/s].
        shares: Shares of the limits in force for acceleration and jerk.
    """
    fastest = np.repeat(speeds, 3)
    waypoints: list[CartesianWaypoint] = []
    for pose, twist, need in zip(
        window.poses[1:], window.twists[1:], _shares_of_speed(window, fastest), strict=True
    ):
        velocity = Twist(twist[:3].tolist(), twist[3:].tolist())
        target = CartesianState(RobotPose(affine(pose)), velocity)
        if need * window.seconds * fastest.max() < _STILL_METRES:
            hold = Duration(round(1000 * window.seconds))
            waypoints.append(CartesianWaypoint(target, hold_target_duration=hold))
            continue
        share = float(np.clip(HEADROOM * need, _SMALLEST_FACTOR, 1.0))
        factor = RelativeDynamicsFactor(share, *shares)
        waypoints.append(CartesianWaypoint(target, relative_dynamics_factor=factor))
    return CartesianWaypointMotion(waypoints)


def _shares_of_speed(window: Window, fastest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (K,) shares of the (6,) velocity limits per axis that the ways of a window need.

    The axes are those of the hand where a way begins: there franky plans it.
    """
    way = ways(window.poses)
    frames = window.poses[:-1, :3, :3]
    shares = np.zeros(len(way))
    for twist in (way / window.seconds, window.twists[:-1], window.twists[1:]):
        local = np.einsum("kji,kpj->kpi", frames, twist.reshape(-1, 2, 3)).reshape(-1, 6)
        shares = np.maximum(shares, (np.abs(local) / fastest).max(axis=1))
    # a window may begin amid a turn, so that its axes are turned by a part of that
    return shares * (1.0 + np.linalg.norm(way[:, 3:], axis=1))


def resting_motion(
    poses: NDArray[np.float64],
    step_seconds: float,
    translation: tuple[float, float, float],
    rotation: tuple[float, float, float],
    shares: tuple[float, float] = (1.0, 1.0),
) -> CartesianWaypointMotion:
    """Return a motion that rests at each pose.

    Args:
        poses: (N + 1, 4, 4), the first being the start [m].
        step_seconds: Time from one to the next [s]; longer where the limits ask for it.
        translation: Velocity, acceleration, jerk to keep to [m/s and so on].
        rotation: The same for rotations [rad/s and so on].
        shares: What acceleration and jerk to keep to are of the limits in force.
    """
    waypoints: list[CartesianWaypoint] = []
    for before, after in pairwise(poses):
        distance = float(np.linalg.norm(after[:3, 3] - before[:3, 3]))
        angle = rotation_angle(before[:3, :3], after[:3, :3])
        shortest = max(
            rest_to_rest_time(distance, *translation), rest_to_rest_time(angle, *rotation)
        )
        target = CartesianState(RobotPose(affine(after)))
        if distance < _STILL_METRES and angle < STILL_RADIANS:
            hold = Duration(round(1000 * step_seconds))
            waypoints.append(CartesianWaypoint(target, hold_target_duration=hold))
            continue
        # Slowing a trajectory by s scales velocity, acceleration and jerk by s, s^2 and s^3, so
        # the fastest one under these limits takes exactly the time of a step.
        slowness = float(np.clip(shortest / step_seconds, _SMALLEST_FACTOR, 1.0))
        factor = RelativeDynamicsFactor(slowness, shares[0] * slowness**2, shares[1] * slowness**3)
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
