"""What Franka publishes about an FR3's commands, judged as its controller does.

franky-sim accepts any motion. A real arm differentiates what a client commands at 1 kHz and aborts
a motion whose velocity, acceleration or jerk is too large, in Cartesian space and in the joints
that its inverse kinematics makes of it. The numbers are those of libfranka's ``rate_limiting.h``
for FR3 and of https://frankarobotics.github.io/docs/robot_specifications.html, the names of what is
wrong those of libfranka's errors; an acceleration over its limit is called a *velocity
discontinuity* there, and a jerk over its limit an *acceleration discontinuity*.

Commands carry the number of the state that they answer, so ticks that a loaded machine lost are
seen: derivatives are divided differences over the ticks that were answered (Newton's), which lie
between the smallest and the largest derivative of the trajectory that was sampled. A client that
keeps to the limits is therefore never blamed for a lost tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TICK = 0.001

JOINT_LOW = np.array([-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.54092, -3.0196])
JOINT_HIGH = np.array([2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196])
JOINT_VELOCITY = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
JOINT_BRAKING = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])
"""Twice the deceleration [rad/s^2] from which the velocity near a joint's end is computed."""

JOINT_OFFSET = np.array([0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35])
JOINT_ACCELERATION = 10.0
JOINT_JERK = 5000.0
TRANSLATION = (3.0, 9.0, 4500.0)
"""Velocity [m/s], acceleration [m/s^2] and jerk [m/s^3] of the end effector."""

ROTATION = (2.5, 17.0, 8500.0)
ELBOW = (1.5, 10.0, 5000.0)
START_METRES = 0.001
START_RADIANS = 0.005
"""How far a motion may begin from what the arm holds; Franka publishes no number."""

_JOINTS = (JOINT_VELOCITY.max(), JOINT_ACCELERATION, JOINT_JERK)
_ORDERS = ("velocity_limits_violation", "velocity_discontinuity", "acceleration_discontinuity")
_WIDTH = 13  # position, turned so far, joints
_PARTS = np.zeros((_WIDTH, 9))
"""Adds the squares of position, rotation and each joint."""

_PARTS[:3, 0] = _PARTS[3:6, 1] = 1.0
_PARTS[6:, 2:] = np.eye(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that a command went beyond.

    Attributes:
        name: As libfranka calls the error.
        what: Part that is meant, such as "joint 4" or "translation".
        value: What was commanded [m, rad and seconds].
        limit: What is allowed.
        t: Time of the simulation [s].
    """

    name: str
    what: str
    value: float
    limit: float
    t: float


def joint_velocity_bounds(
    q: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (7,) lowest and highest velocity [rad/s] at joint angles (7,): less near an end."""
    low = np.sqrt(np.maximum(0.0, JOINT_BRAKING * (q - JOINT_LOW))) - JOINT_OFFSET
    high = np.sqrt(np.maximum(0.0, JOINT_BRAKING * (JOINT_HIGH - q))) - JOINT_OFFSET
    # np.clip costs several times as much
    return (
        -np.minimum(np.maximum(low, 0.0), JOINT_VELOCITY),
        np.minimum(np.maximum(high, 0.0), JOINT_VELOCITY),
    )


def turn_between(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3,) rotation vector [rad, base frame] that takes rotation ``a`` to a near ``b``.

    Exact to the third order of the angle, which is below a hundredth between two commands.
    """
    (_, xy, xz), (yx, _, yz), (zx, zy, _) = (b @ a.T).tolist()
    x, y, z = 0.5 * (zy - yz), 0.5 * (xz - zx), 0.5 * (yx - xy)
    scale = 1.0 + (x * x + y * y + z * z) / 6.0
    return np.array([scale * x, scale * y, scale * z])


class CommandHistory:
    """The last four commands and their derivatives."""

    def __init__(self) -> None:
        self._values = np.zeros((4, _WIDTH))
        self._ticks = np.arange(-4.0, 0.0) * TICK

    def rest(self, value: NDArray[np.float64]) -> None:
        """Begin anew: (13,) has been commanded for a while before tick 0."""
        self._values[:] = value
        self._ticks = np.arange(-4.0, 0.0) * TICK

    @property
    def last(self) -> NDArray[np.float64]:
        """The newest (13,) command."""
        return self._values[-1]

    def push(self, tick: int, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add a command; return its (3, 13) velocity, acceleration and jerk.

        Args:
            tick: Which one it is for; larger than that of the last one.
            value: (13,) position [m], rotation since the start and joints [rad].
        """
        times, values = self._ticks, self._values
        times[:-1], values[:-1] = times[1:], values[1:]
        times[-1], values[-1] = tick * TICK, value
        slopes = (values[1:] - values[:-1]) / (times[1:] - times[:-1])[:, None]
        bends = 2.0 * (slopes[1:] - slopes[:-1]) / (times[2:] - times[:-2])[:, None]
        rates = np.empty((3, _WIDTH))
        rates[0], rates[1] = slopes[2], bends[1]
        rates[2] = 3.0 * (bends[1] - bends[0]) / (times[3] - times[0])
        return rates


def _most(*, cartesian: bool, elbow: bool) -> NDArray[np.float64]:
    """Return the (3, 9) limits that hold wherever the joints are; infinite for none."""
    most = np.empty((3, 9))
    most[:, 0], most[:, 1] = (TRANSLATION, ROTATION) if cartesian else (np.inf, np.inf)
    most[:, 2:] = np.array(_JOINTS)[:, None]
    if elbow:
        most[:, 4] = np.minimum(most[:, 4], ELBOW)
    return most


class FciLimits:
    """Judges the commands of one arm's motions.

    Attributes:
        found: Worst violation of each name.
        count: Commands that went beyond a limit, or did not begin where the arm was.
        rates: (3, 13) velocity, acceleration and jerk of the last command: position, rotation,
            joints; zero while nothing moves.
    """

    def __init__(self) -> None:
        self.found: dict[str, Violation] = {}
        self.count = 0
        self.rates = np.zeros((3, _WIDTH))
        self._history = CommandHistory()
        self._parts = np.zeros((3, 9))
        self._most = _most(cartesian=False, elbow=False)
        self._rotation = np.eye(3)
        self._prefix = ""
        self._cartesian = False
        self._first = 0
        self._last = -1
        self._elbow = False

    @property
    def peaks(self) -> NDArray[np.float64]:
        """The (3, 3) largest velocity, acceleration and jerk of translation, rotation, joints."""
        parts = self._parts.T
        return np.stack([parts[0], parts[1], parts[2:].max(0)])

    @property
    def active(self) -> bool:
        """Whether a motion is being judged."""
        return bool(self._prefix)

    def begin(self, pose: NDArray[np.float64], q: NDArray[np.float64], *, cartesian: bool) -> None:
        """Note the start of a motion.

        Args:
            pose: (4, 4) pose that the arm holds [m].
            q: (7,) joint angles that it holds [rad].
            cartesian: Whether poses are commanded, or joint angles.
        """
        self._cartesian = cartesian
        self._prefix = "cartesian_motion_generator" if cartesian else "joint_motion_generator"
        self._rotation = pose[:3, :3].copy()
        self._history.rest(np.concatenate([pose[:3, 3], np.zeros(3), q]))
        self._first, self._last = -1, -1

    def command(
        self,
        tick: int,
        pose: NDArray[np.float64],
        q: NDArray[np.float64],
        t: float,
        *,
        elbow: bool = False,
    ) -> None:
        """Judge a command.

        Args:
            tick: Number of the state that it answers.
            pose: (4, 4) commanded pose [m].
            q: (7,) joint angles, commanded or made of the pose [rad].
            t: Time of the simulation [s].
            elbow: Whether joint 3 was commanded along with the pose.
        """
        if not self.active or tick <= self._last:
            return
        opening = self._first < 0
        if opening:
            self._first = tick
        if opening or elbow != self._elbow:
            self._most = _most(cartesian=self._cartesian, elbow=elbow and self._cartesian)
        self._last, self._elbow = tick, elbow
        last = self._history.last
        turned = last[3:6] + turn_between(self._rotation, pose[:3, :3])
        value = np.concatenate([pose[:3, 3], turned, q])
        faults = list(self._start_faults(value - last, t)) if opening else []
        if faults:
            self._history.rest(value)  # said once, as what it is
        self._rotation = pose[:3, :3].copy()
        rates = self.rates = self._history.push(tick - self._first, value)
        faults = faults or list(self._faults(q, rates, t))
        self._note(faults)

    def end(self, t: float) -> None:
        """Judge the last command: a motion must end at rest, where the controller holds it."""
        if self.active and self._last >= 0:
            tick, value = self._last + 1 - self._first, self._history.last.copy()
            rates = self._history.push(tick, value)
            self._note(list(self._faults(value[6:], rates, t)))
        self.drop()

    def drop(self) -> None:
        """Stop judging: the arm's controller brakes by itself, or the client is gone."""
        self._prefix = ""
        self.rates = np.zeros((3, _WIDTH))

    def unknown(self, t: float) -> None:
        """Note a motion in a mode that nothing here can judge."""
        self._note([Violation(name="mode_not_judged", what="motion", value=1.0, limit=0.0, t=t)])

    def _note(self, faults: list[Violation]) -> None:
        self.count += bool(faults)
        for fault in faults:
            known = self.found.get(fault.name)
            if known is None or abs(fault.value) > abs(known.value):
                self.found[fault.name] = fault

    def _start_faults(self, offset: NDArray[np.float64], t: float) -> Iterator[Violation]:
        moved, turned = float(np.linalg.norm(offset[:3])), float(np.linalg.norm(offset[3:6]))
        parts = (
            [("translation", moved, START_METRES), ("rotation", turned, START_RADIANS)]
            if self._cartesian
            else [("joints", float(np.abs(offset[6:]).max()), START_RADIANS)]
        )
        kind = "cartesian" if self._cartesian else "joint"
        for what, value, limit in parts:
            if value > limit:
                name = f"{kind}_position_motion_generator_start_pose_invalid"
                yield Violation(name=name, what=what, value=value, limit=limit, t=t)

    def _faults(
        self, q: NDArray[np.float64], rates: NDArray[np.float64], t: float
    ) -> Iterator[Violation]:
        """Yield what is too large in (3, 13) velocity, acceleration and jerk."""
        parts = np.sqrt(np.square(rates) @ _PARTS)
        np.maximum(self._parts, parts, out=self._parts)
        low, high = joint_velocity_bounds(q)
        slow = (rates[0, 6:] >= low) & (rates[0, 6:] <= high) & (q >= JOINT_LOW) & (q <= JOINT_HIGH)
        if slow.all() and (parts <= self._most).all():
            return  # as nearly always, a thousand times a second
        norms, joints = parts[:, :2].T, parts[:, 2:]
        fast = (rates[0, 6:] < low) | (rates[0, 6:] > high)
        outside = (q < JOINT_LOW) | (q > JOINT_HIGH)
        joint = f"{self._prefix}_joint" if self._cartesian else self._prefix
        if outside.any():
            k = int(np.flatnonzero(outside)[0])
            limit = float(JOINT_LOW[k] if q[k] < JOINT_LOW[k] else JOINT_HIGH[k])
            yield _joint_fault(f"{joint}_position_limits_violation", k, float(q[k]), limit, t)
        if fast.any():
            k = int(np.flatnonzero(fast)[0])
            limit = float(low[k] if rates[0, 6 + k] < low[k] else high[k])
            yield _joint_fault(f"{joint}_{_ORDERS[0]}", k, float(rates[0, 6 + k]), limit, t)
        for order, limit in ((1, JOINT_ACCELERATION), (2, JOINT_JERK)):
            k = int(joints[order].argmax())
            if joints[order, k] > limit:
                yield _joint_fault(
                    f"{joint}_{_ORDERS[order]}", k, float(joints[order, k]), limit, t
                )
        if not self._cartesian:
            return
        for what, found, limits in zip(
            ("translation", "rotation"), norms, (TRANSLATION, ROTATION), strict=True
        ):
            for order in np.flatnonzero(found > limits):
                yield Violation(
                    name=f"{self._prefix}_{_ORDERS[order]}", what=what,
                    value=float(found[order]), limit=limits[order], t=t,
                )  # fmt: skip
        over = np.flatnonzero(joints[:, 2] > ELBOW) if self._elbow else ()
        for order in over:
            name = f"{self._prefix}_elbow_limit_violation"
            yield _joint_fault(name, 2, float(joints[order, 2]), ELBOW[order], t)


def _joint_fault(name: str, joint: int, value: float, limit: float, t: float) -> Violation:
    return Violation(name=name, what=f"joint {joint + 1}", value=value, limit=limit, t=t)
