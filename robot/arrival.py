"""How steadily an arm's states arrive over the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SAMPLES = 400
MOST_SECONDS = 2.0
FEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How much later than the quickest the states arrived.

    Attributes:
        samples: How many were looked at.
        usual_ms: What 99 of 100 kept within [ms].
        worst_ms: The latest [ms].
    """

    samples: int
    usual_ms: float
    worst_ms: float


def measure_arrival(
    robot_seconds: Callable[[], float], clock: Callable[[], float] = time.monotonic
) -> Arrival | None:
    """Compare the arm's clock in its states with ours at their arrival.

    Neither an offset between the clocks nor a steady difference of their pace is a delay (a
    simulated arm's clock is slow on a busy machine), so only the spread around a straight line
    counts. A state that was read twice counts once.

    Args:
        robot_seconds: Waits for a state and returns the arm's time in it [s].
        clock: Our time [s].

    Returns:
        The spread, or None when too few states came within :data:`MOST_SECONDS`.
    """
    told_at: list[float] = []
    heard_at: list[float] = []
    end = clock() + MOST_SECONDS
    while len(told_at) < SAMPLES and (begun := clock()) < end:
        told = robot_seconds()
        now = clock()
        if told_at[-1:] != [told]:
            told_at.append(told)
            heard_at.append(now)
        elif now - begun < 1e-4:
            time.sleep(2e-4)  # a state that is kept for readers, not one that was waited for
    if len(told_at) < FEWEST:
        return None
    told_s, heard_s = np.array(told_at) - told_at[0], np.array(heard_at) - heard_at[0]
    lag = heard_s - np.polynomial.Polynomial.fit(told_s, heard_s, 1)(told_s)
    late = 1e3 * (lag - lag.min())
    return Arrival(
        samples=len(late), usual_ms=float(np.percentile(late, 99)), worst_ms=float(late.max())
    )
