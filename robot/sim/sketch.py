"""Strokes as different people would draw them: training and evaluation draw from the same hands.

All lengths are in model units, 0 to 255 across the picture.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.trace import arc_length, resample
from core.types import TRACE_MAX

SAMPLES = 24
"""Points of a stroke, except of a sparse one."""


class Hand(StrEnum):
    """How somebody draws.

    Attributes:
        STEADY: On the path; ends off by 1.5.
        SHAKY: Correlated noise of 4 (standard deviation, about 4 waves a stroke); ends off by 4.
        WOBBLY: One or two slow bends of up to 12 % of the length, at most 14; ends off by 3.
        SPARSE: Two or three points of the path only, corners cut; ends off by 3.
        UNEVEN: On the path, but the points crowd at one end, as of a hand that was slow there; ends
            off by 3.
    """

    STEADY = "steady"
    SHAKY = "shaky"
    WOBBLY = "wobbly"
    SPARSE = "sparse"
    UNEVEN = "uneven"


END_ERROR = {
    Hand.STEADY: 1.5, Hand.SHAKY: 4.0, Hand.WOBBLY: 3.0, Hand.SPARSE: 3.0, Hand.UNEVEN: 3.0
}  # fmt: skip
"""How far each end is off, standard deviation of its distance along each axis."""

SHAKE = 4.0
SHAKE_WAVES = 4.0
BEND_SHARE, MOST_BEND = 0.12, 14.0


def sketch(rng: np.random.Generator, path: NDArray[np.floating], hand: Hand) -> NDArray[np.float64]:
    """Draw a stroke along a path.

    Args:
        rng: Source of randomness.
        path: (N, 2) in 0..255, N >= 1: what shall be drawn, such as gripper, thing, destination.
        hand: How.

    Returns:
        (L, 2) in 0..255, L >= 2, the start first.
    """
    path = np.asarray(path, dtype=np.float64)
    line = resample(path, SAMPLES)
    if len(line) < 2:  # a path without length is a dot, which becomes a short stroke
        line = np.repeat(path[:1], 2, axis=0)
    along = arc_length(line)
    share = along / max(float(along[-1]), 1e-9)
    if hand is Hand.SPARSE:
        line = _corners_cut(rng, path, line)
        share = np.linspace(0.0, 1.0, len(line))
    elif hand is Hand.UNEVEN:
        power = float(np.exp(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.1)))
        line = _at(line, share, share**power)
    elif hand is Hand.SHAKY:
        line = line + _waves(rng, share, SHAKE_WAVES, SHAKE)
    elif hand is Hand.WOBBLY:
        reach = min(BEND_SHARE * float(along[-1]), MOST_BEND)
        line = line + _bend(rng, line, share, reach)
    ends = rng.normal(0.0, END_ERROR[hand], (2, 2))
    line = line + (1.0 - share)[:, None] * ends[0] + share[:, None] * ends[1]
    return np.clip(line, 0.0, TRACE_MAX)


def any_hand(rng: np.random.Generator) -> Hand:
    """Draw a hand; steady ones are as frequent as all others together."""
    if rng.random() < 0.5:
        return Hand.STEADY
    others = [hand for hand in Hand if hand is not Hand.STEADY]
    return others[int(rng.integers(len(others)))]


def _at(
    line: NDArray[np.float64], share: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.column_stack([np.interp(wanted, share, line[:, axis]) for axis in (0, 1)])


def _corners_cut(
    rng: np.random.Generator, path: NDArray[np.float64], line: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Keep both ends and at most one point in between, preferably a corner of the path."""
    if rng.random() < 0.4 and len(path) <= 2:
        return line[[0, -1]]
    inner = path[1:-1] if len(path) == 3 else line[1:-1]
    if not len(inner):
        return line[[0, -1]]
    middle = inner[int(rng.integers(len(inner)))]
    return np.stack([line[0], middle, line[-1]])


def _waves(
    rng: np.random.Generator, share: NDArray[np.float64], waves: float, size: float
) -> NDArray[np.float64]:
    """Return smooth noise (L, 2): two random waves of each axis, ``size`` in standard deviation."""
    noise = np.zeros((len(share), 2))
    for axis in (0, 1):
        for _ in range(2):
            rate, phase = rng.uniform(0.6, 1.4) * waves, rng.uniform(0.0, 2.0 * np.pi)
            noise[:, axis] += size * np.sin(2.0 * np.pi * rate * share + phase)
    return noise


def _bend(
    rng: np.random.Generator,
    line: NDArray[np.float64],
    share: NDArray[np.float64],
    reach: float,
) -> NDArray[np.float64]:
    """Return an offset (L, 2) across the line that is zero at both ends."""
    across = line[-1] - line[0]
    across = np.array([-across[1], across[0]]) / max(float(np.linalg.norm(across)), 1e-9)
    height = rng.uniform(0.4, 1.0) * rng.choice([-1.0, 1.0]) * reach
    bends = int(rng.integers(1, 3))
    return height * np.sin(bends * np.pi * share)[:, None] * across
