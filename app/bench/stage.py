"""What every measurement of the window has at hand, and the deeds that several of them share."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF
from PySide6.QtWidgets import QWidget

from app.bench.measures import spread
from app.bench.probes import CollectorWatch, Heartbeat, StallWatch
from app.demo_hands import Script, Wait, drag
from app.main_window import MainWindow
from app.store import BUSY, Phase
from core.report import Report
from core.types import StudioError

ANSWER_S = 120.0
START_S = 300.0
REST_S = 60.0


@dataclass(slots=True, kw_only=True)
class Stage:
    """The window under test and what measures it.

    Attributes:
        window: The studio's window, once it is built.
        report: Where rows and goals go.
        beat: The heartbeat of the event loop.
        stalls: What the event loop did when the heartbeat was late.
        collector: Pauses of Python's garbage collector.
        policy_url: Address of the policy server, once it is ready.
        seconds: How long each measurement takes [s].
        stops: How many stops are timed.
        minutes: How long the window is used over and over [min].
        say: Tells the person what goes on.
    """

    report: Report
    beat: Heartbeat
    stalls: StallWatch
    collector: CollectorWatch
    seconds: float
    stops: int
    minutes: float
    say: Callable[[str], None]
    window: Any = None
    policy_url: str = ""

    @property
    def store(self) -> Any:
        """The state of the studio."""
        return self.window.studio.store

    @property
    def view(self) -> Any:
        """The picture that is drawn on."""
        return self.window.workspace.canvas.view

    def trigger(self, name: str) -> bool:
        """Do what an action does, if it is possible; whether it was."""
        action = self.window.actions_table[name]
        possible = bool(action.isEnabled())
        if possible:
            action.trigger()
        return possible

    def must(self, name: str) -> None:
        """Do what an action does.

        Raises:
            StudioError: If it is not possible now.
        """
        if not self.trigger(name):
            reason = self.window.actions_table.reason(name)
            raise StudioError(f"The action '{name}' is not possible: {reason}")

    def settled(self) -> bool:
        """Whether no request and no motion is under way."""
        return self.store.phase not in BUSY and self.store.phase != Phase.RUNNING

    def rest(self) -> Script:
        """Wait until nothing is under way, then let go of picture and trace."""
        yield Wait(until=self.settled, seconds=ANSWER_S, what="the studio to settle")
        self.trigger("clear")  # this pins the picture
        self.trigger("live")
        yield pause_of(0.5)

    def draw(self, *fractions: tuple[float, float]) -> Script:
        """Draw a stroke through places given as fractions of the picture."""
        width, height = self.view.image_size
        path = [self.view.to_viewport(QPointF(x * width, y * height)) for x, y in fractions]
        smooth = [a + (b - a) * (k / 8) for a, b in pairwise(path) for k in range(9)]
        yield from drag(self.view.viewport(), smooth)

    def add_stalls(self, measurement: str, since: int) -> None:
        """Add a row about the heartbeat since a mark."""
        late = spread(self.beat.late_ms[since:])
        self.report.add_row(measurement=f"heartbeat lateness, {measurement}", **late.columns())


class PaintCount(QObject):
    """Counts the paint events of a widget.

    Attributes:
        times: When they came [s, perf_counter].
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.times: list[float] = []
        self._widget = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count."""
        if event.type() == QEvent.Type.Paint:
            self.times.append(time.perf_counter())
        return False

    def stop(self) -> None:
        """Count no more; the widget may be gone."""
        with suppress(RuntimeError):
            self._widget.removeEventFilter(self)


def pause_of(seconds: float) -> Wait:
    """Wait for a while."""
    return Wait(until=lambda: False, seconds=seconds)


def ready(window: MainWindow) -> bool:
    """Whether the services are up and the first live picture is there.

    Raises:
        StudioError: If a service could not be started.
    """
    store = window.studio.store
    failed = [name for name, status in store.services.items() if status == "failed"]
    if failed:
        said = [notice.text for notice in window.studio.notifier.history]
        raise StudioError(said[-1] if said else f"The {failed[0]} did not start.")
    there = store.robot is not None and window.workspace.canvas.view.image_size != (0, 0)
    return there and store.phase == Phase.READY
