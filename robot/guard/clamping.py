"""Shortening what is too long, for those who chose it; everything else is still rejected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk
from robot.guard.limits import Limits
from robot.guard.units import mistaken_unit


def clamp(
    chunk: ActionChunk, start: NDArray[np.float64], limits: Limits
) -> tuple[ActionChunk, int]:
    """Shorten over-long steps and turns, and bring gripper values into 0..1.

    A step keeps its direction and gets the longest length that the limits of step and speed allow;
    a turn keeps its axis. The later steps then start elsewhere than the model meant, which is why
    this is a choice. Joints, reach, clearance, workspace, the chunk's total and where it starts
    are never brought into their limits: those chunks stay rejected. So do chunks with numbers that
    are not finite and those in a wrong unit, of which nothing meaningful would be left.

    Args:
        chunk: What is to be executed.
        start: (4, 4) commanded pose that it continues from; deltas do not depend on it.
        limits: What it must keep to.

    Returns:
        The chunk and how many of its numbers were changed; the same chunk when none was.
    """
    del start
    actions = chunk.actions
    if not np.isfinite(actions).all():
        return chunk, 0
    low, high = limits.rate_hz
    longest = limits.step_metres
    if low <= chunk.rate_hz <= high:
        longest = min(longest, limits.speed / chunk.rate_hz)
    lengths = np.sqrt(np.square(actions[:, :3]).sum(axis=1))
    angles = np.sqrt(np.square(actions[:, 3:6]).sum(axis=1))
    far = bool((lengths > limits.step_metres).any() or (angles > limits.step_radians).any())
    if far and mistaken_unit(actions, limits):
        return chunk, 0
    result = actions.copy()
    for columns, sizes, most in (
        (slice(0, 3), lengths, longest),
        (slice(3, 6), angles, limits.step_radians),
    ):
        beyond = sizes > most
        result[beyond, columns] *= (most / sizes[beyond])[:, None]
    result[:, 6] = np.clip(actions[:, 6], 0.0, 1.0)
    within = np.abs(actions[:, 6] - result[:, 6]) <= limits.gripper_margin
    result[within, 6] = actions[within, 6]
    count = int((result != actions).sum())
    return (replace(chunk, actions=result), count) if count else (chunk, 0)
