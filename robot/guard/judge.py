"""All checks of a chunk in their order: the cheap and basic ones first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import ACTION_DIM, ActionChunk
from robot.guard.limits import Limits
from robot.guard.numbers import faults_of_numbers
from robot.guard.poses import faults_of_poses
from robot.guard.verdict import ACCEPTED, Preview, Verdict
from robot.path import integrate


def preview(
    chunk: ActionChunk,
    start: NDArray[np.float64],
    measured: NDArray[np.float64],
    limits: Limits,
    joints: NDArray[np.float64] | None = None,
    gripper: float | None = None,
) -> Preview:
    """Integrate a chunk and judge it.

    Args:
        chunk: What is to be executed.
        start: (4, 4) commanded pose that it continues from [m].
        measured: (4, 4) pose where the arm is [m].
        limits: What it must keep to.
        joints: (7,) measured joint angles, of the same moment as ``measured`` [rad]. An arm that
            does not tell them is judged by its tool alone: joints, reach, singularities and
            clearance stay unchecked, so whoever moves an arm passes them.
        gripper: Measured opening, 0..1, when it is known.
    """
    actions = chunk.actions
    with np.errstate(all="ignore"):  # absurd numbers overflow on the way to being named
        fault = next(faults_of_numbers(chunk, limits, gripper), None)
        if actions.ndim != 2 or actions.shape[1] != ACTION_DIM:
            return Preview(poses=np.array(start)[None], verdict=fault or ACCEPTED)
        poses = integrate(start, actions)
        if fault is None:
            fault = next(faults_of_poses(poses, measured, limits), None)
    if fault is not None:
        return Preview(poses=poses, verdict=fault)
    return _judge_arm(chunk, poses, measured, limits, joints, gripper)


def _judge_arm(
    chunk: ActionChunk,
    poses: NDArray[np.float64],
    measured: NDArray[np.float64],
    limits: Limits,
    joints: NDArray[np.float64] | None,
    gripper: float | None,
) -> Preview:
    from robot.guard import arm  # pinocchio: not for those who only read verdicts

    path: NDArray[np.float64] | None = None
    fault: Verdict | None = None
    if joints is not None:
        path, fault = arm.judge_joints(poses, measured, joints, limits)
        if fault is not None:
            return Preview(poses=poses, verdict=fault, joints=path)
    seconds, fault = arm.judge_motion(poses, path, chunk.rate_hz, limits)
    if fault is None and path is not None:
        widest = float(chunk.actions[:, 6].max())
        opening = widest if gripper is None else max(widest, gripper)
        fault = arm.judge_clearance(path, opening, limits)
    return Preview(poses=poses, verdict=fault or ACCEPTED, joints=path, step_seconds=seconds)
