"""Checks of a chunk before anything moves. A violation rejects the chunk; nothing is clamped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, StudioError
from robot.path import integrate, rotation_angle

_ROUNDING = 1e-9


class RejectedError(StudioError):
    """The rig does not execute a chunk.

    Attributes:
        step: Number of the offending step from 0, or None when it concerns the whole chunk.
    """

    def __init__(self, sentence: str, step: int | None = None) -> None:
        super().__init__(sentence)
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workspace:
    """The box that the tool centre must not leave, in the base frame [m].

    Attributes:
        low: (3,) smallest x, y, z.
        high: (3,) largest x, y, z.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            corner = np.array(getattr(self, name), dtype=np.float64)
            if corner.shape != (3,) or not np.isfinite(corner).all():
                raise StudioError(f"a workspace corner is {corner}; expected three finite numbers")
            corner.setflags(write=False)
            object.__setattr__(self, name, corner)
        if (self.low >= self.high).any():
            raise StudioError(
                f"the workspace runs from {self.low} to {self.high}; each first number must be "
                "smaller than its second"
            )

    @classmethod
    def parse(cls, text: str) -> Workspace:
        """Read "x0,y0,z0,x1,y1,z1" [m].

        Raises:
            StudioError: If it is something else.
        """
        try:
            numbers = [float(word) for word in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 6:
            raise StudioError(
                f"the workspace is '{text}'; expected six numbers x0,y0,z0,x1,y1,z1 in metres, "
                "such as 0.3,-0.3,0.02,0.7,0.3,0.5"
            )
        return cls(low=np.array(numbers[:3]), high=np.array(numbers[3:]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What a chunk must keep to.

    Attributes:
        workspace: Box for the tool; without one every chunk is rejected.
        step_metres: Longest translation of one step.
        step_radians: Largest rotation of one step.
        chunk_metres: Longest way of a chunk, step lengths added up.
        chunk_radians: Most rotation of a chunk, step angles added up.
        speed: Fastest mean translation over a step [m/s].
        rate_hz: Lowest and highest rate.
        gripper_margin: How far a gripper value may lie outside 0..1; the action symbols do not
            hit 0 exactly.
        offset_metres: Largest distance between where the arm is and where the chunk starts.
        offset_radians: Largest rotation between the two.
    """

    workspace: Workspace | None = None
    step_metres: float = 0.05
    step_radians: float = 0.35
    chunk_metres: float = 0.40
    chunk_radians: float = 1.5
    speed: float = 0.30
    rate_hz: tuple[float, float] = (0.5, 10.0)
    gripper_margin: float = 0.05
    offset_metres: float = 0.04
    offset_radians: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guard says.

    Attributes:
        ok: Whether the chunk may be executed.
        reason: Why not, as a sentence; empty when it may.
        step: Number of the offending step from 0, when it is one.
    """

    ok: bool
    reason: str = ""
    step: int | None = None

    def require(self) -> None:
        """Do nothing, or raise.

        Raises:
            RejectedError: If the chunk may not be executed.
        """
        if not self.ok:
            raise RejectedError(self.reason, self.step)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preview:
    """Where a chunk would take the arm.

    Attributes:
        poses: (N + 1, 4, 4) commanded poses, end effector to base [m]; the first is the start.
        verdict: What the guard says about it.
        digest: What names exactly this chunk to the rig; empty where nobody keeps it.
        clamped: How many values were clamped, where that was asked for.
        joints: (N + 1, 7) joint angles of the poses [rad], when they are known.
    """

    poses: NDArray[np.float64]
    verdict: Verdict
    digest: str = ""
    clamped: int = 0
    joints: NDArray[np.float64] | None = None

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire and the log."""
        verdict = self.verdict
        return {
            "poses": self.poses,
            "ok": verdict.ok,
            "reason": verdict.reason,
            "step": verdict.step,
            "digest": self.digest,
            "clamped": self.clamped,
            "joints": self.joints,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Preview:
        """Rebuild a preview from :meth:`to_message`."""
        step, joints = message["step"], message.get("joints")
        return cls(
            poses=np.asarray(message["poses"], dtype=np.float64),
            verdict=Verdict(
                ok=bool(message["ok"]),
                reason=str(message["reason"]),
                step=None if step is None else int(step),
            ),
            digest=str(message.get("digest", "")),
            clamped=int(message.get("clamped", 0)),
            joints=None if joints is None else np.asarray(joints, dtype=np.float64),
        )


def first_steps(chunk: ActionChunk, steps: int | None) -> ActionChunk:
    """Return a chunk of the first ``steps`` steps; all of them when None.

    Raises:
        RejectedError: If there are not that many.
    """
    if steps is None:
        return chunk
    if not 1 <= steps <= len(chunk.actions):
        raise RejectedError(f"{steps} steps were asked of a chunk that has {len(chunk.actions)}.")
    return replace(chunk, actions=chunk.actions[:steps])


def preview(
    chunk: ActionChunk,
    start: NDArray[np.float64],
    measured: NDArray[np.float64],
    limits: Limits,
) -> Preview:
    """Integrate a chunk and judge it.

    Args:
        chunk: What is to be executed.
        start: (4, 4) commanded pose that it continues from [m].
        measured: (4, 4) pose where the arm is [m].
        limits: What it must keep to.
    """
    with np.errstate(all="ignore"):  # absurd numbers overflow on the way to being named
        poses = integrate(start, chunk.actions)
        fault = next(_faults(chunk, poses, measured, limits), None)
    if fault is None:
        return Preview(poses=poses, verdict=Verdict(ok=True))
    reason, step = fault
    return Preview(poses=poses, verdict=Verdict(ok=False, reason=reason, step=step))


def _faults(
    chunk: ActionChunk,
    poses: NDArray[np.float64],
    measured: NDArray[np.float64],
    limits: Limits,
) -> Iterator[tuple[str, int | None]]:
    """Yield what is wrong, the most basic first: what comes later may rely on it."""
    actions = chunk.actions
    for step in np.flatnonzero(~np.isfinite(actions).all(axis=1)):
        yield f"Step {step + 1} has a value that is no finite number.", int(step)
    if not np.isfinite(poses).all():
        yield "The pose of the arm is not known; every number must be finite.", None
    low, high = limits.rate_hz
    if not low <= chunk.rate_hz <= high:
        yield f"The rate is {chunk.rate_hz:g} Hz; {low:g} to {high:g} are allowed.", None
    yield from _step_faults(chunk, limits)
    yield from _chunk_faults(actions, limits)
    yield from _offset_faults(poses[0], measured, limits)
    yield from _workspace_faults(poses, limits.workspace)


def _step_faults(chunk: ActionChunk, limits: Limits) -> Iterator[tuple[str, int | None]]:
    margin = limits.gripper_margin
    # the same cap whichever way it is exceeded: a long step, or an ordinary one too often a second
    longest = min(limits.step_metres, limits.speed / chunk.rate_hz)
    for step, action in enumerate(chunk.actions):
        length, angle = float(np.linalg.norm(action[:3])), float(np.linalg.norm(action[3:6]))
        if length > longest + _ROUNDING:
            yield (
                f"Step {step + 1} moves {1e3 * length:.0f} mm; at most {1e3 * longest:.0f} mm are "
                f"allowed at {chunk.rate_hz:g} Hz.",
                step,
            )
        if angle > limits.step_radians + _ROUNDING:
            yield (
                f"Step {step + 1} turns {np.rad2deg(angle):.0f} degrees; at most "
                f"{np.rad2deg(limits.step_radians):.0f} are allowed.",
                step,
            )
        if not -margin <= action[6] <= 1.0 + margin:
            yield (
                f"Step {step + 1} sets the gripper to {action[6]:.2f}; expected 0 (closed) to "
                "1 (open).",
                step,
            )


def _chunk_faults(actions: NDArray[np.float64], limits: Limits) -> Iterator[tuple[str, int | None]]:
    length = float(np.linalg.norm(actions[:, :3], axis=1).sum())
    angle = float(np.linalg.norm(actions[:, 3:6], axis=1).sum())
    if length > limits.chunk_metres + _ROUNDING:
        yield (
            f"The chunk moves {100 * length:.0f} cm in all; at most "
            f"{100 * limits.chunk_metres:.0f} cm are allowed.",
            None,
        )
    if angle > limits.chunk_radians + _ROUNDING:
        yield (
            f"The chunk turns {np.rad2deg(angle):.0f} degrees in all; at most "
            f"{np.rad2deg(limits.chunk_radians):.0f} are allowed.",
            None,
        )


def _offset_faults(
    start: NDArray[np.float64], measured: NDArray[np.float64], limits: Limits
) -> Iterator[tuple[str, int | None]]:
    distance = float(np.linalg.norm(start[:3, 3] - measured[:3, 3]))
    angle = rotation_angle(start[:3, :3], measured[:3, :3])
    # written so that an unknown measured pose (NaN) is a fault as well
    if not (distance <= limits.offset_metres and angle <= limits.offset_radians):
        yield (
            f"The arm is {1e3 * distance:.0f} mm and {np.rad2deg(angle):.0f} degrees away from "
            "where the chunk starts; something holds it. Stop, look, and start anew.",
            None,
        )


def _workspace_faults(
    poses: NDArray[np.float64], workspace: Workspace | None
) -> Iterator[tuple[str, int | None]]:
    if workspace is None:
        yield (
            "No workspace is set, and a real arm does not move without one; start the rig with "
            "--workspace x0,y0,z0,x1,y1,z1 in metres.",
            None,
        )
        return
    for step, point in enumerate(poses[1:, :3, 3]):
        for axis, name in enumerate("xyz"):
            low, high = float(workspace.low[axis]), float(workspace.high[axis])
            if not low - _ROUNDING <= point[axis] <= high + _ROUNDING:
                yield (
                    f"Step {step + 1} leaves the workspace: {name} would be "
                    f"{point[axis]:.3f} m, allowed are {low:.3f} to {high:.3f} m.",
                    step,
                )
