"""Uses the window over and over, and watches what it holds in memory."""

from __future__ import annotations

import gc
import threading
import time
from itertools import pairwise

import psutil
from PySide6.QtWidgets import QDockWidget

from app.bench.measures import trend
from app.bench.stage import ANSWER_S, REST_S, Stage, pause_of
from app.demo_hands import Script, Wait, confirm
from core.memory import own_bytes

GOAL_PERCENT = 5.0
WARM = 0.2
"""Share of the time before which memory may still grow: caches fill, fonts and shaders load."""

MIB = 2**20
DEEDS: tuple[str, ...] = ("think", "steer", "run", "reset", "theme", "float")


class Memory:
    """Memory of this process over time, read beside the event loop.

    Attributes:
        times: When it was read [s].
        sizes: Memory of its own, without what files hold [MiB].
    """

    def __init__(self) -> None:
        self.times: list[float] = []
        self.sizes: list[float] = []
        self._thread: threading.Thread | None = None

    def read(self) -> Script:
        """Collect what Python holds for nothing, then read."""
        gc.collect()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        yield Wait(until=lambda: not self._reading(), seconds=10.0)

    def _reading(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _read(self) -> None:
        size = own_bytes() / MIB
        self.times.append(time.monotonic())
        self.sizes.append(size)


def measure_memory(stage: Stage) -> Script:
    """Think, draw, steer, run, lay out anew, change theme, float docks; repeat; fit a line."""
    memory, done = Memory(), dict.fromkeys(DEEDS, 0)
    yield from stage.rest()
    children = child_memory()
    began, since = time.monotonic(), stage.beat.mark()
    span = 60 * stage.minutes
    told = began
    while time.monotonic() - began < span:
        yield from _use_once(stage, done)
        yield from memory.read()
        stage.beat.forgive()
        if time.monotonic() - told > 60:
            told = time.monotonic()
            stage.say(
                f"{(told - began) / 60:.0f} of {stage.minutes:g} min: {memory.sizes[-1]:.0f} MiB"
            )
    stage.add_stalls("looped use", since)

    warm = [i for i, t in enumerate(memory.times) if t - began >= WARM * span]
    line = trend([memory.times[i] for i in warm], [memory.sizes[i] for i in warm])
    report = stage.report
    report.add_row(measurement="looped use", n=len(memory.times), **done)
    report.add_row(
        measurement="memory of the studio",
        n=len(warm),
        first_MiB=round(memory.sizes[0], 1),
        warm_MiB=round(line.start, 1),
        last_MiB=round(memory.sizes[-1], 1),
        MiB_per_min=round(line.per_minute, 3),
    )
    for name, size in child_memory().items():
        report.add_row(
            measurement=f"memory of {name}",
            first_MiB=round(children.get(name, float("nan")), 1),
            last_MiB=round(size, 1),
        )
    report.add_goal(
        f"memory over {stage.minutes:g} min of use, after warming up",
        round(line.percent, 2),
        "%",
        f"within {GOAL_PERCENT:g}",
        abs(line.percent) <= GOAL_PERCENT,
    )


def _use_once(stage: Stage, done: dict[str, int]) -> Script:
    """Use everything once."""
    done["think"] += stage.trigger("think")
    yield Wait(until=stage.settled, seconds=ANSWER_S, what="the model's answer")
    yield from stage.draw((0.3, 0.2), (0.4, 0.45), (0.6, 0.6))
    confirm(stage.window)
    yield pause_of(0.1)
    yield Wait(until=stage.settled, seconds=ANSWER_S, what="the steered answer")
    done["steer"] += len(stage.store.plans) > 1
    yield pause_of(1.0)  # the verdict of the guard
    stage.trigger("allow")
    done["run"] += stage.trigger("run")
    yield Wait(until=stage.settled, seconds=REST_S, what="the end of the run")
    done["reset"] += stage.trigger("reset")
    yield pause_of(1.0)
    for _ in range(2):
        done["theme"] += stage.trigger("theme")
        yield pause_of(0.3)
    for dock in stage.window.findChildren(QDockWidget):
        if dock.isVisible():
            dock.setFloating(True)
            yield pause_of(0.3)
            dock.setFloating(False)
            yield pause_of(0.2)
            done["float"] += 1
    stage.trigger("home")
    yield Wait(until=stage.settled, seconds=REST_S, what="the arm to be home")
    yield from stage.rest()


def child_memory() -> dict[str, float]:
    """Return the memory [MiB] of the child processes by the word that names their program."""
    found: dict[str, float] = {}
    for child in psutil.Process().children(recursive=True):
        try:
            words, size = child.cmdline(), child.memory_full_info().uss / MIB
        except psutil.Error:
            continue
        after = [b for a, b in pairwise(words) if a.endswith("main.py")]
        name = after[0] if after else child.name()
        found[name] = found.get(name, 0.0) + size
    return found
