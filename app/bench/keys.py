"""From the stop key to an arm at rest, at several speeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.bench.braking import Braking, braking
from app.bench.measures import spread
from app.bench.motions import LONGEST_S, SETTLE_S, SPEEDS, Stage, begin, release, watch
from core.report import Report
from core.types import StudioError

CALL_GOAL_MS = 20.0
REST_GOAL_MS = 200.0
LOG_S = 0.15
"""How long the driver's log may take to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStop:
    """One stop by the key.

    Attributes:
        call_ms: From the key to the driver's being called [ms]; NaN if it never was.
        rest: What the arm did from that call on.
    """

    call_ms: float
    rest: Braking


def stop_by_key(stage: Stage, speed: float) -> KeyStop:
    """Start a motion and press Esc in the middle of it.

    Raises:
        StudioError: If the studio does not do what it should.
    """
    begin(stage, speed)
    line = stage.driven.wait("key", stage.driven.do("key", key="Escape"))
    pressed = int(line["posted"])
    calls: list[int] = []
    seconds = SETTLE_S + LOG_S
    while not calls and seconds <= LONGEST_S:
        watch(stage.crew, pressed, seconds)
        calls = stage.crew.calls("stop", pressed)
        seconds += SETTLE_S
    if not calls:
        return KeyStop(call_ms=math.nan, rest=watch(stage.crew, pressed, seconds))
    watch(stage.crew, calls[0], SETTLE_S)
    way = stage.crew.way(calls[0] - 50_000_000)
    return KeyStop(call_ms=(calls[0] - pressed) * 1e-6, rest=braking(way, calls[0]))


def measure_keys(
    stage: Stage, report: Report, times: int, say: Callable[[str], None]
) -> list[KeyStop]:
    """Stop ``times`` motions at each speed; add a row for each speed, and the goals."""
    every: list[KeyStop] = []
    for speed in SPEEDS:
        stops: list[KeyStop] = []
        missed = 0
        while len(stops) < times and missed < times:
            try:
                stop = stop_by_key(stage, speed)
            except StudioError as error:
                say(f"  again: {error}")
                missed += 1
                time.sleep(1.0)
                release(stage.driven)
                continue
            if stop.rest.moved:
                stops.append(stop)
            else:  # the way had ended before the key came
                missed += 1
            release(stage.driven)
        every += stops
        report.add_row(**_row(speed, stops, missed))
        say(f"  {speed:g} m/s: {len(stops)} stops")
    _add_goals(report, every)
    return every


def _row(speed: float, stops: list[KeyStop], missed: int) -> dict[str, object]:
    call = spread([stop.call_ms for stop in stops])
    rest = spread([stop.rest.rest_ms for stop in stops])
    arm = spread([stop.rest.arm_ms for stop in stops])
    path = spread([stop.rest.path_mm for stop in stops])
    return {
        "Esc at [m/s]": speed,
        "n": len(stops),
        "again": missed,
        "key-call p50 [ms]": round(call.p50, 2),
        "max [ms]": round(call.worst, 2),
        "call-rest p50 [ms]": round(rest.p50, 1),
        "rest max [ms]": round(rest.worst, 1),
        "arm's clock max [ms]": round(arm.worst, 1),
        "path p50 [mm]": round(path.p50, 2),
        "path max [mm]": round(path.worst, 2),
        "physics min [Hz]": round(min((s.rest.physics_hz for s in stops), default=0.0)),
    }


def _add_goals(report: Report, stops: list[KeyStop]) -> None:
    call = spread([stop.call_ms for stop in stops])
    rest = spread([stop.rest.rest_ms for stop in stops])
    path = spread([stop.rest.path_mm for stop in stops])
    report.add_goal(
        "stop key to the driver's call, p99",
        round(call.p99, 2),
        "ms",
        f"<= {CALL_GOAL_MS:g}",
        call.p99 <= CALL_GOAL_MS,
    )
    report.add_goal(
        "driver's call to below 2 mm/s, longest",
        round(rest.worst, 1),
        "ms",
        f"<= {REST_GOAL_MS:g}",
        rest.worst <= REST_GOAL_MS,
    )
    report.add_goal("way after the driver's call, longest", round(path.worst, 2), "mm", "", True)
    failed = sum(not stop.rest.rested for stop in stops)
    report.add_goal("stops without a rest", failed, "", "0", failed == 0)
