"""How fast everything moves when a chunk is executed: one smooth curve through its poses.

Between two poses each joint and each axis of the tool follows a polynomial of fifth order that
rests nowhere but at the ends of the chunk and where an axis turns round: it passes a pose with the
harmonic mean of the neighbouring slopes (Fritsch and Butland 1984) and without acceleration. That
asks for more acceleration and jerk than a planner needs that may choose them, so what holds for the
curve can be executed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot import fr3
from robot.path import rotation_vector

SAMPLES = 13
"""Places per step at which the curve is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the curve asks for.

    Attributes:
        stretch: By how much a step must last longer than the rate says, so that every limit holds;
            1 or less when none has to.
        what: The quantity that asks for it, such as "joint 4's velocity".
        value: Its largest value at the chunk's rate.
        limit: What is allowed.
        unit: Of both.
        step: Number of the step where it is largest, from 0.
    """

    stretch: float
    what: str
    value: float
    limit: float
    unit: str
    step: int


def _curve() -> NDArray[np.float64]:
    """Return (3, SAMPLES, 3): velocity, acceleration, jerk from distance, first, last velocity."""
    u = np.linspace(0.0, 1.0, SAMPLES)
    # coefficients of u, u^3, u^4, u^5 for (distance, first velocity, last velocity)
    weights = np.array([[0, 1, 0], [10, -6, -4], [-15, 8, 7], [6, -3, -3]], dtype=np.float64)
    powers = (
        np.stack([np.ones_like(u), 3 * u**2, 4 * u**3, 5 * u**4], axis=1),
        np.stack([0 * u, 6 * u, 12 * u**2, 20 * u**3], axis=1),
        np.stack([0 * u, 6 + 0 * u, 24 * u, 60 * u**2], axis=1),
    )
    return np.stack([power @ weights for power in powers])


_CURVE = _curve()


def pace(
    poses: NDArray[np.float64],
    joints: NDArray[np.float64] | None,
    rate_hz: float,
    *,
    share: float,
) -> Pace:
    """Return the quantity that comes nearest to its limit, or goes farthest beyond.

    Args:
        poses: (N + 1, 4, 4) poses, the first being the start [m].
        joints: (N + 1, 7) joint angles at them [rad], when they are known.
        rate_hz: Steps per second.
        share: Part of Franka's published limits that may be used, 0..1.
    """
    ways = [np.diff(poses[:, :3, 3], axis=0), turns(poses)]
    if joints is not None:
        ways.append(np.diff(joints, axis=0))
    distances = np.concatenate(ways, axis=1)
    speeds = passing(distances)
    inputs = np.stack([distances, speeds[:-1], speeds[1:]])  # (3, N, D)
    curves = np.abs(np.tensordot(_CURVE, inputs, axes=(2, 0)))  # (3, SAMPLES, N, D)
    candidates = [
        *_tool("the tool's translation", curves[..., :3], fr3.TRANSLATION, "m", rate_hz, share),
        *_tool("the tool's rotation", curves[..., 3:6], fr3.ROTATION, "rad", rate_hz, share),
    ]
    if joints is not None:
        candidates += _joint_paces(curves[..., 6:].max(axis=1), joints, rate_hz, share)
    return max(candidates, key=lambda candidate: candidate.stretch)


def turns(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N, 3) rotation vectors between (N + 1, 4, 4) poses [rad]."""
    if (poses[:, :3, :3] == poses[0, :3, :3]).all():
        return np.zeros((len(poses) - 1, 3))
    steps = poses[1:, :3, :3] @ poses[:-1, :3, :3].transpose(0, 2, 1)
    return np.array([rotation_vector(step) for step in steps])


def passing(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N + 1, D) velocities per step with which (N, D) steps are begun and ended."""
    speeds = np.zeros((len(distances) + 1, distances.shape[1]))
    before, after = distances[:-1], distances[1:]
    same = before * after > 0.0
    total = np.where(same, before + after, 1.0)
    speeds[1:-1] = np.where(same, 2.0 * before * after / total, 0.0)
    return speeds


def _tool(
    name: str,
    curves: NDArray[np.float64],
    limits: tuple[float, float, float],
    unit: str,
    rate: float,
    share: float,
) -> list[Pace]:
    """Return velocity, acceleration and jerk of (3, SAMPLES, N, 3) curves."""
    sizes = np.sqrt(np.square(curves).sum(axis=3)).max(axis=1)  # (3, N)
    paces: list[Pace] = []
    for order, word in enumerate(("velocity", "acceleration", "jerk"), start=1):
        step = int(np.argmax(sizes[order - 1]))
        value, limit = float(sizes[order - 1, step]) * rate**order, share * limits[order - 1]
        paces.append(_pace(f"the {word} of {name}", value, limit, f"{unit}/s", order, step))
    return paces


def _joint_paces(
    peaks: NDArray[np.float64], joints: NDArray[np.float64], rate: float, share: float
) -> list[Pace]:
    """Return velocity, acceleration and jerk of the joints from (3, N, 7) peaks of each step."""
    slow, fast = fr3.velocity_limits(joints)
    rising = np.diff(joints, axis=0) > 0.0
    allowed = np.where(rising, np.minimum(fast[:-1], fast[1:]), np.minimum(slow[:-1], slow[1:]))
    bounds = (np.maximum(allowed, 1e-3), fr3.JOINT_ACCELERATION, fr3.JOINT_JERK)
    paces: list[Pace] = []
    for order, word in enumerate(("velocity", "acceleration", "jerk"), start=1):
        limits = np.broadcast_to(share * np.asarray(bounds[order - 1]), allowed.shape)
        values = peaks[order - 1] * rate**order
        step, joint = divmod(int(np.argmax(values / limits)), 7)
        value, limit = float(values[step, joint]), float(limits[step, joint])
        name = f"the {word} of joint {joint + 1}"
        paces.append(_pace(name, value, limit, "rad/s", order, step))
    return paces


def _pace(what: str, value: float, limit: float, unit: str, order: int, step: int) -> Pace:
    return Pace(
        stretch=(value / limit) ** (1.0 / order),
        what=what,
        value=value,
        limit=limit,
        unit=unit if order == 1 else f"{unit}{order}",
        step=step,
    )
