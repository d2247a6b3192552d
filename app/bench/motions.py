"""Motions to be broken off: a straight way at a given speed, begun by the window's own actions."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.bench.braking import Braking, braking, speed_now
from app.bench.crew import Crew
from app.bench.driven import Driven
from core.types import StudioError

RATE_HZ = 5.0
STEPS = 10
SPEEDS = (0.05, 0.10, 0.15)
"""Speeds of the tool [m/s]; the fastest takes 30 cm, well inside the lab's workspace."""

START_S = 10.0
EARLIEST_S, LATEST_S = 0.1, 0.9
SETTLE_S = 0.45
"""How long the arm is watched after what it was to do."""

LONGEST_S = 4.0
"""How long an arm that shall stop is waited for; then it counts as not at rest."""

READY = ("ready", "planned", "steered")
_BEFORE_NS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A window in front of a crew.

    Attributes:
        crew: The programs below.
        driven: The window.
        noise: When to break off.
    """

    crew: Crew
    driven: Driven
    noise: random.Random


def sideways(y: float, speed: float) -> NDArray[np.float64]:
    """Return (STEPS, 7) actions that cross the table from where the tool is, gripper open.

    Args:
        y: Where the tool is [m]; the way leads to the other side.
        speed: Of the tool [m/s].
    """
    actions = np.zeros((STEPS, 7))
    actions[:, 1] = (-1.0 if y > 0 else 1.0) * speed / RATE_HZ
    actions[:, 6] = 1.0
    return actions


def begin(stage: Stage, speed: float) -> None:
    """Let the window run a way across the table, and wait until the arm is on it.

    Raises:
        StudioError: If the plan is rejected, or the arm does not set out.
    """
    driven, crew = stage.driven, stage.crew
    driven.wait_phase(*READY)
    here = crew.way(time.monotonic_ns() - 10 * _BEFORE_NS).tool()
    if not len(here):
        raise StudioError("The lab's physics stands still.")
    actions = sideways(float(here[-1, 1]), speed)
    since = driven.do("plan", actions=actions.tolist(), rate=RATE_HZ)
    verdict = driven.wait("verdict", since)["verdict"]
    if verdict:
        raise StudioError(f"The measured path is refused: {verdict}")
    driven.must("run")
    deadline = time.monotonic() + START_S
    while speed_now(crew.way(time.monotonic_ns() - _BEFORE_NS)) < 0.7 * speed:
        if time.monotonic() > deadline:
            raise StudioError(f"The arm did not set out: {driven.newest('notice')}")
        time.sleep(0.01)
    time.sleep(stage.noise.uniform(EARLIEST_S, LATEST_S))


def watch(crew: Crew, from_ns: int, seconds: float, longest: float = LONGEST_S) -> Braking:
    """Say how the arm came to rest from a moment on.

    Args:
        crew: Knows what the arm did.
        from_ns: The moment [ns, monotonic].
        seconds: How long to look at least, from then on [s].
        longest: How long to wait for a rest [s].
    """
    while True:
        end_ns = from_ns + int(1e9 * seconds)
        while (left := end_ns - time.monotonic_ns()) > 0:
            time.sleep(left * 1e-9)
        found = braking(crew.way(from_ns - _BEFORE_NS), from_ns)
        if found.rested or not found.moved or seconds >= longest:
            return found
        seconds += SETTLE_S


def release(driven: Driven) -> None:
    """Release the stop that is in force.

    Raises:
        StudioError: If it cannot be released.
    """
    driven.wait_phase("stopped", "fault", *READY)
    if driven.phase in READY:
        return
    driven.must("release")
    driven.wait_phase(*READY)
