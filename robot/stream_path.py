"""A path of poses as targets for a streamed motion: finer steps, and how fast to pass each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.path import rotation_matrix, rotation_vector

TARGET_SECONDS = 0.1
"""Longest time from one target to the next: targets come at 10 Hz or more."""

BRAKING_SHARE = 0.6
"""Share of the acceleration that a speed may count on to be gone at the next target."""

SPIN = 5e-4
"""Largest jump of the angular velocity [rad/s] where a turn about one axis goes over into a turn
about another; franky takes rotation vectors for angles, so it does not see that there is one."""

STILL = 1e-6
LEVER = 0.1
"""What a rotation counts as for progress: metres per radian."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamPath:
    """Targets along a path.

    Attributes:
        poses: (M + 1, 4, 4) targets after the start [m].
        twists: (M + 1, 6) velocities there, in the base frame [m/s, rad/s]; 0 at both ends.
        seconds: Time from one to the next [s].
        steps: (M + 1,) how many poses of the original path lie behind each.
        accelerations: Of translation and rotation, per axis [m/s^2, rad/s^2].
    """

    poses: NDArray[np.float64]
    twists: NDArray[np.float64]
    seconds: float
    steps: NDArray[np.int64]
    accelerations: tuple[float, float]

    def ways(self) -> NDArray[np.float64]:
        """Return (M, 6) translation [m] and rotation vector [rad] from each target to the next."""
        return ways(self.poses)


def stream_path(
    poses: NDArray[np.float64],
    step_seconds: float,
    accelerations: tuple[float, float],
) -> StreamPath:
    """Return the targets of a path.

    Args:
        poses: (N + 1, 4, 4), the first being the start [m].
        step_seconds: Time from one to the next [s].
        accelerations: Of translation and rotation, per axis [m/s^2, rad/s^2].
    """
    parts = max(1, int(np.ceil(step_seconds / TARGET_SECONDS - 1e-9)))
    fine = _subdivided(poses, parts)
    steps = np.arange(len(fine)) // parts
    seconds = step_seconds / parts
    return StreamPath(
        poses=fine,
        twists=passing_twists(fine, seconds, accelerations),
        seconds=seconds,
        steps=steps,
        accelerations=accelerations,
    )


def resting_path(poses: NDArray[np.float64], step_seconds: float) -> StreamPath:
    """Return (N + 1, 4, 4) poses as targets to rest at, one per step."""
    return StreamPath(
        poses=poses,
        twists=np.zeros((len(poses), 6)),
        seconds=step_seconds,
        steps=np.arange(len(poses)),
        accelerations=(0.0, 0.0),
    )


def ways(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 6) translation [m] and rotation vector [rad, base frame] between poses."""
    found = np.empty((len(poses) - 1, 6))
    found[:, :3] = np.diff(poses[:, :3, 3], axis=0)
    for index, (before, after) in enumerate(itertools.pairwise(poses)):
        found[index, 3:] = rotation_vector(after[:3, :3] @ before[:3, :3].T)
    return found


def passing_twists(
    poses: NDArray[np.float64], seconds: float, accelerations: tuple[float, float]
) -> NDArray[np.float64]:
    """Return velocities at which to pass through poses, at rest at the first and the last.

    Per axis the harmonic mean of the neighbouring slopes, and zero where the direction changes, so
    that the axis moves monotonically between two targets (Fritsch and Butland 1984); and not more
    than the arm can gain since the pose before, or lose until the next.

    Args:
        poses: (N + 1, 4, 4) [m].
        seconds: Time from one to the next [s].
        accelerations: Of translation and rotation, per axis [m/s^2, rad/s^2].

    Returns:
        (N + 1, 6) twists in the base frame [m/s, rad/s].
    """
    way = ways(poses)
    twists = np.zeros((len(poses), 6))
    before, after = way[:-1] / seconds, way[1:] / seconds
    same = before * after > 0.0
    total = np.where(same, before + after, 1.0)
    twists[1:-1] = np.where(same, 2.0 * before * after / total, 0.0)
    twists[1:-1, 3:] *= _axis_share(way, twists[1:-1, 3:])
    cap_for_braking(twists[::-1], way[::-1], accelerations)  # what can be gained from the start
    cap_for_braking(twists, way, accelerations)
    return twists


def cap_for_braking(
    twists: NDArray[np.float64], way: NDArray[np.float64], accelerations: tuple[float, float]
) -> None:
    """Lower (N + 1, 6) velocities in place so that each can be braked to the next on (N, 6) ways.

    Args:
        twists: Velocities at the poses; the last one stays [m/s, rad/s].
        way: From each pose to the next [m, rad].
        accelerations: Of translation and rotation, per axis [m/s^2, rad/s^2].
    """
    gain = 2.0 * BRAKING_SHARE * np.repeat(accelerations, 3) * np.abs(way)
    for index in range(len(way) - 1, -1, -1):
        most = np.sqrt(twists[index + 1] ** 2 + gain[index])
        np.clip(twists[index, :3], -most[:3], most[:3], out=twists[index, :3])
        spin = np.abs(twists[index, 3:])  # slowed as a whole: it has to keep its axis
        over = spin > most[3:]
        if over.any():
            twists[index, 3:] *= float((most[3:][over] / spin[over]).min())


def _axis_share(way: NDArray[np.float64], spin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N - 1, 1) shares of angular velocities that keep within :data:`SPIN`."""
    before = np.linalg.norm(np.cross(way[:-1, 3:], spin), axis=1)
    after = np.linalg.norm(np.cross(way[1:, 3:], spin), axis=1)
    jump = 0.5 * np.maximum(before, after)
    return np.minimum(1.0, SPIN / np.maximum(jump, 1e-12))[:, None]


def _subdivided(poses: NDArray[np.float64], parts: int) -> NDArray[np.float64]:
    fine = [poses[0]]
    for before, after in itertools.pairwise(poses):
        turn = rotation_vector(after[:3, :3] @ before[:3, :3].T)
        for part in range(1, parts):
            pose, share = before.copy(), part / parts
            pose[:3, 3] += share * (after[:3, 3] - before[:3, 3])
            pose[:3, :3] = rotation_matrix(share * turn) @ before[:3, :3]
            fine.append(pose)
        fine.append(after)
    return np.array(fine)
