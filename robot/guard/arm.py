"""Checks of the whole arm on its way: joints, reach, singularities, motion, clearance.

Imports pinocchio, and MuJoCo where clearance is checked: only for whoever judges chunks.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot import fr3, kinematics
from robot.clearance import Clearance
from robot.guard.limits import Limits
from robot.guard.verdict import Verdict, rejection
from robot.timing import Pace, pace

TOOL_LENGTH = 0.25
"""A tool centre that lies farther than this from where a Franka Hand has it belongs to no tool of
this arm: angles and pose do not fit together [m]."""

BEYOND_ENDS = 0.05
"""How far beyond a joint's published end a measurement may be [rad]: a real arm cannot be there."""

BETWEEN = 4
"""Places per step at which clearance is checked."""

_BEGINNING = "Before its first step, the chunk"


def judge_joints(
    poses: NDArray[np.float64],
    measured: NDArray[np.float64],
    joints: NDArray[np.float64],
    limits: Limits,
) -> tuple[NDArray[np.float64] | None, Verdict | None]:
    """Follow poses with the joints.

    Args:
        poses: (N + 1, 4, 4), the first being the start [m].
        measured: (4, 4) pose of the tool now [m].
        joints: (7,) measured joint angles [rad].
        limits: What the arm must keep to.

    Returns:
        (N + 1, 7) joint angles where the arm reaches every pose [rad], and what is wrong.
    """
    if not np.isfinite(joints).all():
        return None, rejection("joints", "The joint angles of the arm are not known.")
    beyond = np.maximum(fr3.JOINT_LOW - joints, joints - fr3.JOINT_HIGH)
    if beyond.max() > BEYOND_ENDS:
        joint = int(np.argmax(beyond))
        return None, rejection(
            "joints",
            f"The arm reports joint {joint + 1} at {np.rad2deg(joints[joint]):.0f} degrees, where "
            "it cannot be; connect anew.",
        )
    tool = kinematics.mounted_tool(joints, measured)
    if float(np.linalg.norm(tool[:3, 3] - kinematics.HAND_TOOL[:3, 3])) > TOOL_LENGTH:
        return None, rejection(
            "joints",
            "The joint angles and the pose that the arm reports do not belong together; check the "
            "end effector in Franka Desk, then connect anew.",
        )
    path = kinematics.along(poses, joints, tool)
    found = path.joints
    fault = _joint_fault(found, limits) or _singular_fault(path.jacobians, limits)
    if fault is None and path.last is not None:
        fault = _reach_fault(len(found), path.last)
    if fault is None:
        fault = _jump_fault(np.concatenate([joints[None], found]), limits)
    return (found if path.last is None else None), fault


def judge_motion(
    poses: NDArray[np.float64],
    joints: NDArray[np.float64] | None,
    rate_hz: float,
    limits: Limits,
) -> tuple[float, Verdict | None]:
    """Return how long a step has to last [s], and what is wrong with that."""
    found = pace(poses, joints, rate_hz, share=limits.share)
    seconds = max(1.0, found.stretch) / rate_hz
    if found.stretch <= limits.stretch:
        return seconds, None
    return seconds, rejection("motion", _too_fast(found, rate_hz, limits), found.step)


def judge_clearance(joints: NDArray[np.float64], opening: float, limits: Limits) -> Verdict | None:
    """Return what comes too near to what along (N + 1, 7) joint angles, or None."""
    if limits.clearance is None:
        return None
    try:
        model = _model(limits.clearance)
    except StudioError as error:
        return rejection("clearance", str(error))
    shares = np.arange(1, BETWEEN + 1)[:, None] / BETWEEN
    between = joints[:-1, None] + shares * np.diff(joints, axis=0)[:, None]
    touch = model.touch(between.reshape(-1, 7), opening=opening, table=limits.table_height)
    if touch is None:
        return None
    step = touch.index // BETWEEN
    first, second = touch.parts
    gap = f"{1e3 * touch.metres:.0f} mm" if touch.metres >= 0.0 else "0 mm"
    return rejection(
        "clearance",
        f"Step {step + 1} brings {first} within {gap} of {second}; at least "
        f"{1e3 * limits.clearance:.0f} mm have to stay.",
        step,
    )


@cache
def _model(distance: float) -> Clearance:
    return Clearance(distance)


def _joint_fault(joints: NDArray[np.float64], limits: Limits) -> Verdict | None:
    low, high = fr3.JOINT_LOW + limits.joint_margin, fr3.JOINT_HIGH - limits.joint_margin
    outside = (joints < low) | (joints > high)
    outside[:1] = False  # where it stands now is not this chunk's doing
    if not outside.any():
        return None
    row, joint = divmod(int(np.argmax(outside)), 7)
    angle = np.rad2deg(joints[row, joint])
    return rejection(
        "joints",
        f"{_step(row)} would turn joint {joint + 1} to {angle:.1f} degrees; "
        f"{np.rad2deg(low[joint]):.1f} to {np.rad2deg(high[joint]):.1f} are allowed, "
        f"{np.rad2deg(limits.joint_margin):.0f} degrees from its ends.",
        row - 1,
    )


def _singular_fault(jacobians: NDArray[np.float64], limits: Limits) -> Verdict | None:
    if not len(jacobians):
        return None
    squares = jacobians @ jacobians.transpose(0, 2, 1)
    smallest = np.sqrt(np.maximum(np.linalg.eigvalsh(squares)[:, 0], 0.0))
    near = smallest < limits.singularity
    if not near.any():
        return None
    row = int(np.argmax(near))
    said = f"{_step(row)} brings the arm near" if row else "The arm stands near"
    return rejection(
        "singular",
        f"{said} a pose from which it cannot move in every direction (singularity "
        f"{smallest[row]:.3f}; at least {limits.singularity:.3f}): it is stretched, or two of its "
        f"axes are in line.{'' if row else ' Move it home first.'}",
        row - 1 if row else None,
    )


def _reach_fault(reached: int, last: NDArray[np.float64]) -> Verdict:
    outside = (last < fr3.JOINT_LOW) | (last > fr3.JOINT_HIGH)
    step = max(0, reached - 1)
    if outside.any():
        joint = int(np.argmax(outside))
        return rejection(
            "joints",
            f"{_step(reached)} is out of reach: joint {joint + 1} would have to go beyond its end.",
            step,
        )
    return rejection("reach", f"{_step(reached)} is out of the arm's reach.", step)


def _jump_fault(joints: NDArray[np.float64], limits: Limits) -> Verdict | None:
    """Judge (N + 2, 7) angles, the first being the measured ones."""
    turns = np.abs(np.diff(joints, axis=0))
    if turns.max() <= limits.jump:
        return None
    row, joint = divmod(int(np.argmax(turns > limits.jump)), 7)
    return rejection(
        "joints",
        f"{_step(row)} would turn joint {joint + 1} by {np.rad2deg(turns[row, joint]):.0f} degrees "
        f"at once; at most {np.rad2deg(limits.jump):.0f} are allowed, as more means that the arm "
        "folds over.",
        max(0, row - 1),
    )


def _step(row: int) -> str:
    return f"Step {row}" if row else _BEGINNING


def _too_fast(found: Pace, rate_hz: float, limits: Limits) -> str:
    return (
        f"Step {found.step + 1} needs {found.value:.3g} {found.unit} as {found.what}; "
        f"{found.limit:.3g} {found.unit} are allowed. At {rate_hz:g} Hz it would have to run "
        f"{found.stretch:.1f} times slower, and at most {limits.stretch:g} times are accepted."
    )
