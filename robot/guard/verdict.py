"""What the guard says about a chunk, and how it travels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, StudioError


class RejectedError(StudioError):
    """The rig does not execute a chunk.

    Attributes:
        step: Number of the offending step from 0, or None when it concerns the whole chunk.
        kind: Which check it was, as in :class:`Verdict`; empty when it was none of the guard's.
    """

    def __init__(self, sentence: str, step: int | None = None, kind: str = "") -> None:
        super().__init__(sentence)
        self.step = step
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guard says.

    Attributes:
        ok: Whether the chunk may be executed.
        reason: Why not, as a sentence; empty when it may.
        step: Number of the offending step from 0, when it is one.
        kind: Which check rejects it: "shape", "finite", "rate", "units", "step", "chunk",
            "gripper", "speed", "offset", "workspace", "reach", "joints", "singular", "motion" or
            "clearance"; empty when none does.
    """

    ok: bool
    reason: str = ""
    step: int | None = None
    kind: str = ""

    def require(self) -> None:
        """Do nothing, or raise.

        Raises:
            RejectedError: If the chunk may not be executed.
        """
        if not self.ok:
            raise RejectedError(self.reason, self.step, self.kind)


ACCEPTED = Verdict(ok=True)


def rejection(kind: str, reason: str, step: int | None = None) -> Verdict:
    """Return a verdict that says no."""
    return Verdict(ok=False, reason=reason, step=step, kind=kind)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preview:
    """Where a chunk would take the arm.

    Attributes:
        poses: (N + 1, 4, 4) commanded poses, end effector to base [m]; the first is the start.
        verdict: What the guard says about it.
        joints: (N + 1, 7) joint angles at the poses [rad]; None where they are not known.
        step_seconds: How long a step takes: what the chunk's rate says, or longer where the arm's
            limits ask for it [s]; 0 where it was not got so far.
        digest: Of what a run of it must name; set by the rig.
        clamped: How many numbers were changed before it was judged.
    """

    poses: NDArray[np.float64]
    verdict: Verdict
    joints: NDArray[np.float64] | None = None
    step_seconds: float = 0.0
    digest: str = ""
    clamped: int = 0

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire and the log."""
        verdict = self.verdict
        return {
            "poses": self.poses,
            "ok": verdict.ok,
            "reason": verdict.reason,
            "step": verdict.step,
            "kind": verdict.kind,
            "joints": self.joints,
            "step_seconds": self.step_seconds,
            "digest": self.digest,
            "clamped": self.clamped,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Preview:
        """Rebuild a preview from :meth:`to_message`; an older rig says less."""
        step, joints = message["step"], message.get("joints")
        return cls(
            poses=np.asarray(message["poses"], dtype=np.float64),
            verdict=Verdict(
                ok=bool(message["ok"]),
                reason=str(message["reason"]),
                step=None if step is None else int(step),
                kind=str(message.get("kind", "")),
            ),
            joints=None if joints is None else np.asarray(joints, dtype=np.float64),
            step_seconds=float(message.get("step_seconds", 0.0)),
            digest=str(message.get("digest", "")),
            clamped=int(message.get("clamped", 0)),
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
