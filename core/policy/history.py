"""Doubts that show only over several answers of a session: what should change and does not.

Whoever sees every question and answer keeps a :class:`History` and asks :func:`judge_history`.
Answers about the same picture (think, then steer) are compared with nothing: they may agree.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from core.policy.doubt import Doubt, DoubtKind
from core.types import Observation, Reasoning

KEPT = 4
"""Cycles that are remembered."""

REPEATS = 3
"""Answers in a row that have to agree before it is odd."""

MOVED_M = 0.02
"""The hand has moved: a camera that sees it shows another picture, its trace begins elsewhere."""

UNMOVED_M = 0.002
ASKED_M = 0.01
"""The hand has not moved at all, although the steps that ran should have carried it so far."""

CHANGED = 12.0
"""Grey levels by which some part of the picture differs when something has moved in it."""

GRID = (12, 16)
"""Rows and columns of the parts that a picture is compared in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cycle:
    """One question, its answer, and what came of it.

    Attributes:
        frames: Running number and fingerprint of each camera's picture, by camera.
        parts: (12, 16) float64 mean grey of the parts of the first picture.
        position: (3,) where the hand was [m, base frame], if known.
        depth: (100,) depth codes, if the answer had them.
        trace: (L, 2) the model's own first trace, if the answer had one.
        actions: (N, 7) the chunk, if the answer had one.
        ran: How many of its steps were executed afterwards.
    """

    frames: dict[str, tuple[int, int]]
    parts: NDArray[np.float64]
    position: NDArray[np.float64] | None = None
    depth: NDArray[np.int64] | None = None
    trace: NDArray[np.float64] | None = None
    actions: NDArray[np.float64] | None = None
    ran: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The last cycles of a session, oldest first."""

    cycles: tuple[Cycle, ...] = field(default=())

    def asked(self, observation: Observation, reasoning: Reasoning) -> History:
        """Return the history with one more answer; only the last cycles are kept."""
        cycle = cycle_of(observation, reasoning)
        return History(cycles=(*self.cycles, cycle)[-KEPT:])

    def ran(self, steps: int) -> History:
        """Return the history after the newest answer's first steps were executed."""
        if not self.cycles:
            return self
        newest = self.cycles[-1]
        return History(cycles=(*self.cycles[:-1], replace(newest, ran=newest.ran + steps)))


def cycle_of(observation: Observation, reasoning: Reasoning) -> Cycle:
    """Take from a question and its answer what later ones are compared with."""
    state, traces = observation.state, reasoning.traces
    return Cycle(
        frames={
            frame.camera: (frame.seq, zlib.crc32(np.ascontiguousarray(frame.image).data))
            for frame in observation.frames
        },
        parts=_parts(observation.frames[0].image),
        position=None if state is None else state.ee_pose[:3, 3],
        depth=None if reasoning.depth is None else reasoning.depth.codes,
        trace=traces[0].points if traces and reasoning.steered_by is None else None,
        actions=None if reasoning.chunk is None else reasoning.chunk.actions,
    )


def judge_history(history: History) -> list[Doubt]:
    """Look for what should have changed since earlier answers.

    Returns:
        Doubts about the newest answer; none without an earlier one on other pictures.
    """
    cycles = history.cycles
    if len(cycles) < 2 or _same_pictures(cycles[-2], cycles[-1]):
        return []
    doubts = _frozen_cameras(cycles[-2], cycles[-1])
    last = cycles[-REPEATS:]
    if len(last) == REPEATS:
        # a frozen camera explains depth and trace that stay
        if not doubts:
            doubts += [*_frozen_depth(last), *_frozen_trace(last)]
        doubts += _no_effect(last)
    return doubts


def _same_pictures(before: Cycle, now: Cycle) -> bool:
    """Whether two answers are about one observation: the same pictures by their numbers."""
    return {n: f[0] for n, f in before.frames.items()} == {n: f[0] for n, f in now.frames.items()}


def _frozen_cameras(before: Cycle, now: Cycle) -> list[Doubt]:
    moved = _distance(before, now)
    if moved is None or moved < MOVED_M:
        return []
    frozen = [
        name
        for name, (seq, digest) in now.frames.items()
        if name in before.frames and before.frames[name] != (seq, digest)
        if before.frames[name][1] == digest
    ]
    return [
        Doubt(
            kind=DoubtKind.FROZEN_CAMERA,
            severe=True,
            sentence=(
                f"Camera '{name}' shows exactly the same picture as before, although the hand has "
                f"moved by {1000 * moved:.0f} mm; the camera may be frozen."
            ),
        )
        for name in frozen
    ]


def _frozen_depth(cycles: tuple[Cycle, ...]) -> list[Doubt]:
    first = cycles[0].depth
    if first is None or any(c.depth is None or (c.depth != first).any() for c in cycles[1:]):
        return []
    if np.abs(cycles[-1].parts - cycles[0].parts).max() < CHANGED:
        return []
    return [
        Doubt(
            kind=DoubtKind.FROZEN_DEPTH,
            sentence=(
                f"The depth map is the same for the {len(cycles)}th time, although the picture "
                "has changed; the model may not be looking at it."
            ),
        )
    ]


def _frozen_trace(cycles: tuple[Cycle, ...]) -> list[Doubt]:
    first, moved = cycles[0].trace, _distance(cycles[0], cycles[-1])
    if first is None or moved is None or moved < MOVED_M:
        return []
    if any(c.trace is None or not np.array_equal(c.trace, first) for c in cycles[1:]):
        return []
    return [
        Doubt(
            kind=DoubtKind.FROZEN_TRACE,
            sentence=(
                f"The model's trace is the same for the {len(cycles)}th time, although the hand "
                f"has moved by {1000 * moved:.0f} mm; the model may not be looking at it."
            ),
        )
    ]


def _no_effect(cycles: tuple[Cycle, ...]) -> list[Doubt]:
    """Doubt a chunk that was run before, twice at least, and moved nothing."""
    newest = cycles[-1].actions
    if newest is None:
        return []
    for cycle, following in pairwise(cycles):
        actions, moved = cycle.actions, _distance(cycle, following)
        if actions is None or not np.array_equal(actions, newest) or moved is None:
            return []
        asked = float(np.linalg.norm(actions[: cycle.ran, :3].sum(axis=0)))
        if asked < ASKED_M or moved > UNMOVED_M:
            return []
    return [
        Doubt(
            kind=DoubtKind.NO_EFFECT,
            severe=True,
            sentence=(
                f"The same actions come for the {len(cycles)}th time, and the arm did not move "
                "when they were run; look what holds it."
            ),
        )
    ]


def _distance(before: Cycle, now: Cycle) -> float | None:
    """Return how far the hand has moved [m]; None when that is not known."""
    if before.position is None or now.position is None:
        return None
    return float(np.linalg.norm(now.position - before.position))


def _parts(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean grey of the parts of a picture, (12, 16)."""
    # kept cheap, because the window's event loop calls it once per answer
    return cv2.resize(image, GRID[::-1], interpolation=cv2.INTER_AREA).mean(axis=2)
