"""Checks of a chunk's numbers alone: the cheap ones, before anything is integrated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.types import ACTION_DIM, ActionChunk
from robot.guard.limits import Limits
from robot.guard.units import mistaken_unit
from robot.guard.verdict import Verdict, rejection

ROUNDING = 1e-9
SURELY = 0.95
"""A measured opening above this, or below one minus this, says what the gripper was told."""


def faults_of_numbers(
    chunk: ActionChunk, limits: Limits, gripper: float | None
) -> Iterator[Verdict]:
    """Yield what is wrong, the most basic first: what comes later may rely on it."""
    actions = chunk.actions
    if actions.ndim != 2 or actions.shape[1] != ACTION_DIM or not len(actions):
        yield rejection(
            "shape",
            f"The chunk has shape {actions.shape}; expected (steps, {ACTION_DIM}): three "
            "translations, three rotations and the gripper.",
        )
        return
    if len(actions) > limits.chunk_steps:
        yield rejection(
            "shape",
            f"The chunk has {len(actions)} steps; at most {limits.chunk_steps} are allowed.",
        )
    finite = np.isfinite(actions)
    if not finite.all():
        step = int(np.argmin(finite.all(axis=1)))
        yield rejection("finite", f"Step {step + 1} has a value that is no finite number.", step)
        return
    low, high = limits.rate_hz
    if not low <= chunk.rate_hz <= high:
        yield rejection(
            "rate", f"The rate is {chunk.rate_hz:g} Hz; {low:g} to {high:g} are allowed."
        )
        return
    lengths = np.sqrt(np.square(actions[:, :3]).sum(axis=1))
    angles = np.sqrt(np.square(actions[:, 3:6]).sum(axis=1))
    yield from _step_faults(actions, lengths, angles, limits)
    yield from _chunk_faults(float(lengths.sum()), float(angles.sum()), limits)
    yield from _gripper_faults(actions[:, 6], limits, gripper)
    fastest = int(np.argmax(lengths))
    speed = float(lengths[fastest]) * chunk.rate_hz
    if speed > limits.speed + ROUNDING * chunk.rate_hz:
        yield rejection(
            "speed",
            f"Step {fastest + 1} moves {1e3 * lengths[fastest]:.0f} mm at {speed:.2f} m/s; at most "
            f"{1e3 * limits.speed / chunk.rate_hz:.0f} mm are allowed at {chunk.rate_hz:g} Hz, "
            f"that is {limits.speed:.2f} m/s.",
            fastest,
        )


def _step_faults(
    actions: NDArray[np.float64],
    lengths: NDArray[np.float64],
    angles: NDArray[np.float64],
    limits: Limits,
) -> Iterator[Verdict]:
    long = lengths > limits.step_metres + ROUNDING
    wide = angles > limits.step_radians + ROUNDING
    if not (long.any() or wide.any()):
        return
    hint = mistaken_unit(actions, limits)
    kind = "units" if hint else "step"
    for step in np.flatnonzero(long | wide)[:1]:
        if long[step]:
            said = (
                f"Step {step + 1} moves {_length(float(lengths[step]))}; at most "
                f"{1e3 * limits.step_metres:.0f} mm are allowed."
            )
        else:
            said = (
                f"Step {step + 1} turns {np.rad2deg(angles[step]):.4g} degrees; at most "
                f"{np.rad2deg(limits.step_radians):.0f} are allowed."
            )
        yield rejection(kind, f"{said} {hint}".rstrip(), int(step))


def _length(metres: float) -> str:
    return f"{1e3 * metres:.0f} mm" if metres < 1.0 else f"{metres:.4g} m"


def _chunk_faults(length: float, angle: float, limits: Limits) -> Iterator[Verdict]:
    if length > limits.chunk_metres + ROUNDING:
        yield rejection(
            "chunk",
            f"The chunk moves {100 * length:.0f} cm in all; at most "
            f"{100 * limits.chunk_metres:.0f} cm are allowed.",
        )
    if angle > limits.chunk_radians + ROUNDING:
        yield rejection(
            "chunk",
            f"The chunk turns {np.rad2deg(angle):.0f} degrees in all; at most "
            f"{np.rad2deg(limits.chunk_radians):.0f} are allowed.",
        )


def _gripper_faults(
    values: NDArray[np.float64], limits: Limits, gripper: float | None
) -> Iterator[Verdict]:
    margin = limits.gripper_margin
    outside = (values < -margin) | (values > 1.0 + margin)
    if outside.any():
        step = int(np.argmax(outside))
        yield rejection(
            "gripper",
            f"Step {step + 1} sets the gripper to {values[step]:.2f}; expected 0 (closed) to "
            "1 (open).",
            step,
        )
    opened = values > 0.5
    changes = opened[1:] != opened[:-1]
    first = gripper is not None and (
        (gripper > SURELY and not opened[0]) or (gripper < 1.0 - SURELY and bool(opened[0]))
    )
    count = int(changes.sum()) + first
    if count > limits.gripper_changes:
        steps = [0] * first + (np.flatnonzero(changes) + 1).tolist()
        allowed = limits.gripper_changes
        yield rejection(
            "gripper",
            f"The chunk opens or closes the gripper {count} times; at most "
            f"{'once is' if allowed == 1 else f'{allowed} times are'} allowed.",
            steps[allowed],
        )
