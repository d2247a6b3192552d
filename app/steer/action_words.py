"""Actions in words: values with units, ranges, what they add up to, and the gripper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.steer.answer_spans import DIMENSIONS, percent
from core.protocol.action_codec import decode_rows
from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.statistics import NormStats
from core.types import ACTION_DIM, Capabilities

MM, DEGREES = 1000.0, 180.0 / np.pi
UNITS = np.array([MM] * 3 + [DEGREES] * 3 + [1.0])
"""From metres and radians to what is shown."""

OPEN = 0.5
Ranges = tuple[tuple[float, float], ...]


def gripper_word(opening: float) -> str:
    """Say whether a gripper value of 0..1 means open or closed."""
    return "open" if opening > OPEN else "closed"


def describe(action: NDArray[np.float64]) -> str:
    """Put one action (7,) [m, rad, 1 = open] into words with units."""
    shown = np.asarray(action, float) * UNITS
    move = ", ".join(f"{DIMENSIONS[k]} {shown[k]:+.0f} mm" for k in range(3))
    turn = ", ".join(f"{DIMENSIONS[k]} {shown[k]:+.1f}°" for k in range(3, 6))
    return f"{move}\n{turn}\ngripper {gripper_word(action[6])}"


def range_label(low: float, high: float, dimension: int) -> str:
    """Write a range shortly in mm or degrees: "±50", "−20…45"."""
    a, b = float(low * UNITS[dimension]), float(high * UNITS[dimension])
    digits = 0 if max(abs(a), abs(b)) >= 9.95 else 1
    if abs(a + b) < 0.15 * max(abs(a), abs(b), 1e-9):
        return f"±{max(abs(a), abs(b)):.{digits}f}"
    return f"{a:.{digits}f}…{b:.{digits}f}".replace("-", "\u2212")


def value_words(
    value: float, dimension: int, ranges: Ranges, confidence: float = float("nan")
) -> str:
    """Put one value into words: with its unit, its place in the range, and how sure it is."""
    if dimension == ACTION_DIM - 1:
        words = [f"gripper {gripper_word(value)}"]
    else:
        unit, digits = (" mm", 0) if dimension < 3 else ("°", 1)
        words = [f"{DIMENSIONS[dimension]} {value * UNITS[dimension]:+.{digits}f}{unit}"]
        if len(ranges) == ACTION_DIM:
            words.append(f"of {range_label(*ranges[dimension], dimension)}{unit}")
    if not np.isnan(confidence):
        words.append(f"· {percent(confidence)} sure")
    return " ".join(words)


def totals(actions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add steps up: (N, 6) metres and radians after each step, in the robot's base frame.

    Turns are added up value by value, which is right for the small turns of a step.
    """
    return np.cumsum(np.asarray(actions, float)[:, :6], axis=0)


def summary(actions: NDArray[np.float64]) -> str:
    """Say in one or two lines what a chunk (N, 7) does altogether."""
    if not len(actions):
        return ""
    whole = totals(actions)[-1]
    shown = whole * UNITS[:6]
    way = float(np.linalg.norm(np.asarray(actions)[:, :3], axis=1).sum()) * MM
    parts = ", ".join(f"{DIMENSIONS[k]} {shown[k]:+.0f}" for k in range(3)).replace("-", "\u2212")
    turn = float(np.linalg.norm(whole[3:])) * DEGREES
    return f"In all {way:.0f} mm ({parts}), turns {turn:.0f}° · {gripper_story(actions)}"


def gripper_story(actions: NDArray[np.float64]) -> str:
    """Say what the gripper does over a chunk: "gripper open, closes at step 7"."""
    states = np.asarray(actions)[:, -1] > OPEN
    words = [f"gripper {gripper_word(float(states[0]))}"]
    for index in np.flatnonzero(np.diff(states)).tolist():
        words.append(f"{'opens' if states[index + 1] else 'closes'} at step {index + 2}")
    return ", ".join(words)


def zero_places(ranges: Ranges) -> NDArray[np.float64]:
    """Return where no motion lies within each range, (7,) in -1..1; the middle without ranges."""
    if len(ranges) != ACTION_DIM:
        return np.zeros(ACTION_DIM)
    low, high = np.array(ranges, float).T
    width = np.where(high > low, high - low, 1.0)
    return np.clip(np.where(high > low, -1.0 - 2.0 * low / width, 0.0), -1.0, 1.0)


def values_of(rows: Sequence[Sequence[str]], ranges: Ranges) -> NDArray[np.float64] | None:
    """Decode rows of symbols for display, (N, 7) [m, rad, gripper]; None without ranges.

    Motion comes from the server's chunk alone.
    """
    known = [r for r in rows if len(r) == ACTION_DIM and all(s in BIN_OF_SYMBOL for s in r)]
    if len(ranges) != ACTION_DIM or not known:
        return None
    low, high = np.array(ranges, np.float32).T
    if (high < low).any():
        return None
    stats = NormStats(q01=low, q99=high, mask=np.ones(ACTION_DIM, bool), summary={})
    return decode_rows(known, stats)


def ranges_of(capabilities: Capabilities | None) -> Ranges:
    """Return the ranges that a policy states, if they fit the actions that are driven here."""
    ranges = () if capabilities is None else capabilities.action_range
    return ranges if len(ranges) == ACTION_DIM else ()
