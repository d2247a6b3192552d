"""How an arm came to rest, read from the trail of its physics; nothing here knows Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.sim.trail import Way

REST_M_S = 0.002
"""Slower than this the tool counts as at rest."""

STEADY_S = 0.1
"""For so long it has to stay slower, in the arm's own time."""

MOVING_M_S = 0.005
"""Faster than this the tool counts as in motion when it is told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Braking:
    """What the tool did from a moment on.

    Attributes:
        speed: Its speed at that moment [m/s].
        rest_ms: Until it was at rest for good, by the clock on the wall [ms]; NaN if it never was.
        arm_ms: The same by the arm's own clock, which a busy machine slows down [ms].
        path_mm: How far it went until then [mm].
        physics_hz: Steps of the physics per second meanwhile.
    """

    speed: float
    rest_ms: float
    arm_ms: float
    path_mm: float
    physics_hz: float

    @property
    def moved(self) -> bool:
        """Whether there was a motion to be stopped."""
        return self.speed > MOVING_M_S

    @property
    def rested(self) -> bool:
        """Whether it came to rest."""
        return bool(np.isfinite(self.rest_ms))


def braking(way: Way, from_ns: int) -> Braking:
    """Measure how the tool came to rest.

    Args:
        way: The steps from a little before that moment on.
        from_ns: The moment [ns, monotonic].
    """
    nan = float("nan")
    start = int(np.searchsorted(way.t_ns, from_ns))
    if start < 1 or len(way.t_ns) - start < 2:
        return Braking(speed=nan, rest_ms=nan, arm_ms=nan, path_mm=nan, physics_hz=nan)
    tool = way.tool()
    lengths = np.linalg.norm(np.diff(tool, axis=0), axis=1)
    steps = np.maximum(np.diff(way.sim_s), 1e-6)
    speeds = np.concatenate([[0.0], lengths / steps])
    fast = np.flatnonzero(speeds[start:] > REST_M_S)
    rest = start + (int(fast[-1]) + 1 if len(fast) else 0)
    seconds = (way.t_ns[-1] - way.t_ns[0]) * 1e-9
    known = {"speed": float(speeds[start]), "physics_hz": (len(tool) - 1) / max(seconds, 1e-9)}
    if rest >= len(tool) or way.sim_s[-1] - way.sim_s[rest] < STEADY_S:
        return Braking(**known, rest_ms=nan, arm_ms=nan, path_mm=nan)
    return Braking(
        **known,
        rest_ms=max(0.0, float(way.t_ns[rest] - from_ns) * 1e-6),
        arm_ms=1000 * float(way.sim_s[rest] - way.sim_s[start]),
        path_mm=1000 * float(lengths[start:rest].sum()),
    )


def speed_now(way: Way) -> float:
    """Return the tool's speed over the last few steps [m/s]; 0 while too little is known."""
    if len(way.t_ns) < 2:
        return 0.0
    ends = Way(t_ns=way.t_ns[[0, -1]], sim_s=way.sim_s[[0, -1]], q=way.q[[0, -1]])
    tool = ends.tool()
    return float(np.linalg.norm(tool[1] - tool[0])) / max(float(np.ptp(ends.sim_s)), 1e-6)
