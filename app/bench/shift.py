"""Somebody who works an hour with a window in the automatic mode while things go wrong.

Does what a person would: draws, switches the automatic mode on, presses Esc now and then, looks at
what a fault says, releases, begins again. Each stop is measured at the driver and at the physics.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.bench.braking import Braking, speed_now
from app.bench.crew import Crew
from app.bench.driven import Driven
from app.bench.motions import READY, watch
from core.types import StudioError

STOP_EVERY_S = 20.0
SCENE_EVERY = 6
PRESS_S = 1.0
"""How long the arm is watched after the stop key."""

LATCH_S = 3.0
STUCK_S = 120.0
"""With nothing new for so long the window is taken for stuck."""

_FAST_M_S = 0.01
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStop:
    """One stop thrown in.

    Attributes:
        at: When the key was pressed [ns, monotonic].
        call_ms: From the key to the driver's being told [ms]; None if it never was.
        rest: What the arm did from the key on.
        latched: Whether the window showed a stop or a fault afterwards.
    """

    at: int
    call_ms: float | None
    rest: Braking
    latched: bool


@dataclass(slots=True, kw_only=True)
class Shift:
    """The work and what came of it.

    Attributes:
        crew: The programs below the window.
        driven: The window.
        noise: What it draws and when it presses.
        say: Tells what goes on.
        stops: Every stop that was thrown in.
        done: How often each deed was done.
        stuck: How often nothing went on any more.
    """

    crew: Crew
    driven: Driven
    noise: random.Random
    say: Callable[[str], None]
    stops: list[ShiftStop] = field(default_factory=list[ShiftStop])
    done: Counter[str] = field(default_factory=Counter[str])
    stuck: int = 0
    _next_stop: float = 0.0
    _alive: float = 0.0
    _heard: int = 0

    def work(self, until: float) -> None:
        """Work until a time [s, monotonic].

        Raises:
            StudioError: If the window is gone.
        """
        self._plan_stop()
        self._alive = time.monotonic()
        while time.monotonic() < until:
            self._look()
            time.sleep(_LOOK_S)
        if self.driven.newest("auto"):
            self._trigger("auto")

    def _look(self) -> None:
        """Do the next thing."""
        if self.driven.process.poll() is not None:
            raise StudioError(f"The studio ended by itself ({self.driven.process.returncode}).")
        phase, auto = self.driven.phase, bool(self.driven.newest("auto"))
        if phase in ("stopped", "fault"):
            self._recover(phase)
        elif phase == "running" and time.monotonic() > self._next_stop:
            self._stop()
        elif phase in READY and not auto:
            self._begin()
        self._watch_for_standstill()

    def _recover(self, phase: str) -> None:
        """Look at it for a moment, then release; a fault that lasts is released again later."""
        time.sleep(self.noise.uniform(0.3, 1.5))
        self._trigger("release")
        time.sleep(0.5)
        if self.driven.phase in READY:
            self.done[f"released a {phase}"] += 1

    def _begin(self) -> None:
        """Begin anew: now and then with a new scene, often with a drawn trace."""
        started = self.done["auto"]
        if started and started % SCENE_EVERY == 0 and self._trigger("home"):
            self._until_rest()
            if self._trigger("reset"):
                time.sleep(1.0)
        if self.driven.phase not in READY:
            return
        if self.noise.random() < 0.5 and self._trigger("clear"):
            pass
        if self.noise.random() < 0.6:
            self._draw()
        if self._trigger("auto"):
            time.sleep(0.3)
        else:
            # a plan may be odd or a picture old: let go of it and look anew
            self._trigger("live")
            time.sleep(1.0)

    def _draw(self) -> None:
        places = [
            (self.noise.uniform(0.3, 0.7), y + self.noise.uniform(-0.05, 0.05))
            for y in (0.25, 0.45, 0.65)
        ]
        since = self.driven.do("draw", through=places)
        line = self.driven.wait("drawn", since)
        self.done["drawn"] += line["drawn"] > 1

    def _until_rest(self) -> None:
        deadline = time.monotonic() + 15.0
        while self.driven.phase == "running" and time.monotonic() < deadline:
            time.sleep(_LOOK_S)

    def _stop(self) -> None:
        """Press Esc, once the arm moves, and see what comes of it."""
        speed = speed_now(self.crew.way(time.monotonic_ns() - 50_000_000))
        if speed < _FAST_M_S:
            return
        line = self.driven.wait("key", self.driven.do("key", key="Escape"))
        pressed = int(line["posted"])
        rest = watch(self.crew, pressed, PRESS_S)
        calls = self.crew.calls("stop", pressed)
        latched = self._latches()
        call_ms = (calls[0] - pressed) * 1e-6 if calls else None
        self.stops.append(ShiftStop(at=pressed, call_ms=call_ms, rest=rest, latched=latched))
        told = "never" if call_ms is None else f"{call_ms:.1f} ms"
        self.say(f"  stop {len(self.stops)}: driver told {told}, rest {rest.rest_ms:.0f} ms")
        self._plan_stop()

    def _latches(self) -> bool:
        deadline = time.monotonic() + LATCH_S
        while time.monotonic() < deadline:
            if self.driven.phase in ("stopped", "fault"):
                return True
            time.sleep(_LOOK_S)
        return False

    def _plan_stop(self) -> None:
        self._next_stop = time.monotonic() + self.noise.expovariate(1.0 / STOP_EVERY_S)

    def _trigger(self, action: str) -> bool:
        reason = self.driven.trigger(action)
        self.done[action if not reason else f"{action} held back"] += 1
        return not reason

    def _watch_for_standstill(self) -> None:
        heard = self.driven.mark()
        if heard != self._heard:
            self._heard, self._alive = heard, time.monotonic()
        elif time.monotonic() - self._alive > STUCK_S:
            self.stuck += 1
            self._alive = time.monotonic()
            self.say(f"  nothing new for {STUCK_S:g} s in phase {self.driven.phase}; Esc")
            self.driven.do("key", key="Escape")
