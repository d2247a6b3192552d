"""Doubts about the actions of one answer: values against the range seen in training.

Doubts never change an action. Which of them are severe follows from what running would do: an arm
that hardly moves harms nobody, one that is sent to the ends of its range in every direction may.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.policy.doubt import Doubt, DoubtKind, texts
from core.protocol.statistics import NormStats
from core.trace import arc_length
from core.types import Trace

STILL = 0.05
"""A chunk whose every value is below this share of the usual range counts as standing still."""

ASKED = 25.0
"""A trace longer than this [model units, a tenth of the image] asks for motion."""

AT_THE_END = 0.985
"""Share of the range beyond which a value can only be its first or last bin."""

SATURATED_SHARE = 2 / 3
"""A row with this share of its values at the ends of their ranges is saturated."""

FLICKER = 3
"""Changes of the gripper within one chunk that nobody would ask for."""

LEAST_REPEATS = 4
"""So many equal rows at least are a repetition."""

TRANSLATION = 3


def action_warnings(
    actions: NDArray[np.float64], stats: NormStats, traces: Sequence[Trace] = ()
) -> list[str]:
    """Return the doubts of :func:`judge_actions` as sentences, severe ones first."""
    return list(texts(judge_actions(actions, stats, traces)))


def judge_actions(
    actions: NDArray[np.float64], stats: NormStats, traces: Sequence[Trace] = ()
) -> list[Doubt]:
    """Look for degenerate actions.

    Users of MolmoAct-7B-D-0812 report near-zero actions beside good depth and traces
    (allenai/molmoact issues 29, 37, 40). A chunk that moves only the gripper is fine.

    Args:
        actions: (N, D) un-normalised [m, rad, gripper], finite.
        stats: The ranges they were un-normalised with.
        traces: The traces of the same answer, or the drawn one that it follows.
    """
    if not len(actions) or actions.shape[1] != stats.dims:
        return []
    usual = np.maximum(np.abs(stats.q01), np.abs(stats.q99)).astype(np.float64)
    moving = stats.scaled & (usual > 0)
    if not moving.any():
        return []
    with np.errstate(over="ignore"):  # absurdly large values count as infinitely large
        share = np.abs(actions) / np.where(moving, usual, 1.0)
    share[:, ~moving] = 0.0
    changes = int(np.count_nonzero(np.diff(actions[:, -1] > 0.5)))
    doubts = _still(share, changes, _asked(traces), moving)
    if not doubts:
        doubts = _saturated(actions, stats, moving) or _constant(actions, stats, moving)
    if changes >= FLICKER:
        doubts.append(
            Doubt(
                kind=DoubtKind.FLICKER,
                sentence=(
                    f"The gripper opens and closes {changes} times within {len(actions)} steps; "
                    "what it holds may fall."
                ),
            )
        )
    return doubts


def _asked(traces: Sequence[Trace]) -> float:
    """Return the length of the longest trace [model units]."""
    return max((float(arc_length(trace.points)[-1]) for trace in traces), default=0.0)


def _still(
    share: NDArray[np.float64], changes: int, asked: float, moving: NDArray[np.bool_]
) -> list[Doubt]:
    if changes:
        return []
    largest = 100 * float(share.max())
    if largest < 100 * STILL:
        sentence = (
            f"The actions are almost zero (at most {largest:.1f} % of the range seen in training); "
            "the arm would hardly move"
        )
        if asked > ASKED:
            sentence += (
                f", although the trace goes on for {asked:.0f} units. The model sees what to do "
                "and does not act; it may need fine-tuning for this robot"
            )
        return [Doubt(kind=DoubtKind.STILL, sentence=f"{sentence}.")]
    if asked > ASKED and moving[:TRANSLATION].any() and share[:, :TRANSLATION].max() < STILL:
        return [
            Doubt(
                kind=DoubtKind.ONLY_TURNS,
                sentence=(
                    f"The actions turn the hand but do not carry it anywhere, although the trace "
                    f"goes on for {asked:.0f} units."
                ),
            )
        ]
    return []


def _saturated(
    actions: NDArray[np.float64], stats: NormStats, moving: NDArray[np.bool_]
) -> list[Doubt]:
    """Doubt rows of which most values are at the ends of their ranges."""
    low, high = stats.q01.astype(np.float64), stats.q99.astype(np.float64)
    centre, half = (low + high) / 2, (high - low) / 2
    with np.errstate(over="ignore"):
        at_end = np.abs(actions - centre) >= AT_THE_END * half
    moving = moving & (half > 0)
    if np.count_nonzero(moving) < TRANSLATION:
        return []
    rows = at_end[:, moving].mean(axis=1) >= SATURATED_SHARE
    found = int(np.count_nonzero(rows))
    if not found:
        return []
    return [
        Doubt(
            kind=DoubtKind.SATURATED,
            severe=2 * found >= len(rows),
            sentence=(
                f"{found} of {len(rows)} steps have most of their values at the very end of the "
                "range seen in training; the model may be out of its depth here."
            ),
        )
    ]


def _constant(
    actions: NDArray[np.float64], stats: NormStats, moving: NDArray[np.bool_]
) -> list[Doubt]:
    """Doubt a chunk that says one row over and over, also where an arm would steer or turn."""
    repeated = len(actions) >= LEAST_REPEATS and not np.ptp(actions, axis=0).any()
    width = (stats.q99 - stats.q01).astype(np.float64)
    with np.errstate(over="ignore"):
        active = np.abs(actions[0]) > STILL * width
    # straight on at one speed is what arms do; turning in all axes at once besides is not
    if not repeated or np.count_nonzero(active & moving) <= TRANSLATION:
        return []
    return [
        Doubt(
            kind=DoubtKind.CONSTANT,
            sentence=(
                f"All {len(actions)} steps are the same in every direction; the model may be "
                "repeating itself."
            ),
        )
    ]


def input_warnings(
    images: Sequence[NDArray[np.uint8]], *, wanted: int, crop: int, tiled: bool
) -> list[str]:
    """Say what is unusual about the images that a model is given.

    Args:
        images: (H, W, 3) each.
        wanted: How many the model was trained with.
        crop: Side of the encoder's input [px].
        tiled: Whether larger images are cut into several crops.
    """
    warnings: list[str] = []
    if len(images) < wanted:
        warnings.append(
            f"The model expects {wanted} images and got {len(images)}; its answer is less sure."
        )
    height, width = images[0].shape[:2]
    if max(height, width) > crop and tiled:
        warnings.append(
            f"The image has {width} x {height} pixels; robot training kept both sides within "
            f"{crop}. Set image_size in the checkpoint's config.json."
        )
    return warnings
