"""From starting the program to the first live picture."""

from __future__ import annotations

import argparse
import time
from typing import Any

from app import main as studio_main
from app.bench.measures import spread
from app.bench.probes import PaintWatch, focus_window
from app.bench.stage import START_S, Stage, pause_of, ready
from app.demo_hands import Script, Wait


def measure_start(app: Any, args: argparse.Namespace, stage: Stage, imported: float) -> Script:
    """Build the studio exactly as ``run`` does and wait for its first live picture.

    Args:
        app: The application.
        args: The options of ``run``.
        stage: Gets the window.
        imported: Seconds that the program needed before the application was there.

    Raises:
        StudioError: If a service cannot start.
    """
    began, since = time.perf_counter(), stage.beat.mark()
    studio, window = studio_main.build_studio(app, args)
    stage.window = window

    def note(name: str, facts: dict[str, Any]) -> None:
        if name == "policy":
            stage.policy_url = str(facts["ready"])

    if studio.services is not None:
        studio.services.ready.connect(note)
    stage.policy_url = args.policy or ""
    window.show()
    studio.start()
    focus_window(window)
    watch = PaintWatch(window, window.workspace.canvas.view.viewport())
    painted: list[float] = []

    def seen(_began: float, ended: float) -> None:
        if not painted and all(window.workspace.canvas.view.image_size):
            painted.append(ended)

    watch.painted.connect(seen)
    opened = time.perf_counter()
    yield Wait(until=lambda: bool(painted), seconds=START_S, what="the first live picture")
    watch.stop()
    yield Wait(until=lambda: ready(window), seconds=START_S, what="all services")
    complete = time.perf_counter()
    first = imported + painted[0] - began
    stage.report.add_row(measurement="start: Python and imports", seconds=round(imported, 2))
    stage.report.add_row(measurement="start: building the window", seconds=round(opened - began, 2))
    total = round(imported + complete - began, 2)
    stage.report.add_row(measurement="start: all services ready", seconds=total)
    late = spread(stage.beat.late_ms[since:])
    stage.report.add_row(measurement="heartbeat lateness, starting", **late.columns())
    stage.report.add_goal("start to first live picture", round(first, 2), "s", "", True)
    yield pause_of(3.0)  # what was put off until after the start
