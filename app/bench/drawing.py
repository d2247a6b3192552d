"""Drawing while the model thinks without a break and both cameras stream."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from PySide6.QtCore import QObject, QPointF, QTimer, Slot

from app.bench.bare import add_pointer
from app.bench.load import Load
from app.bench.measures import per_second, spread
from app.bench.pointer import RATE_HZ, Pointer, circle
from app.bench.stage import ANSWER_S, Stage, pause_of
from app.demo_hands import Script, Wait
from app.steer.mapping import scene_from_model
from app.store import BUSY
from core.types import StudioError

GOAL_MS = 16.7
STALL_P99_MS, STALL_MOST_MS = 16.0, 50.0
RADIUS = 60.0
ROUND = int(2 * RATE_HZ)
"""Moves of the pointer per circle."""


class Thinker(QObject):
    """Asks for a new plan as soon as the last one is there, as an impatient person would.

    Attributes:
        answers: How many came.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.window)
        self.answers = 0
        self._stage, self._on = stage, True
        stage.window.studio.policy.answered.connect(self._count)
        stage.store.phase_changed.connect(self._again)
        self._ask()

    def stop(self) -> None:
        """Ask no more."""
        self._on = False
        self._stage.window.studio.policy.answered.disconnect(self._count)
        self._stage.store.phase_changed.disconnect(self._again)

    @Slot(object)
    def _count(self, _answer: object) -> None:
        self.answers += 1

    @Slot()
    def _again(self, *_: object) -> None:
        QTimer.singleShot(0, self, self._ask)

    @Slot()
    def _ask(self) -> None:
        if self._on and self._stage.store.phase not in BUSY:
            self._stage.trigger("think")


def measure_idle(stage: Stage) -> Script:
    """Measure the heartbeat while all services run and nobody touches the window."""
    yield from stage.rest()
    since = stage.beat.mark()
    yield pause_of(stage.seconds)
    stage.add_stalls("window idle, services running", since)


def measure_drawing(stage: Stage) -> Script:
    """Drag a point of a drawn trace while the model infers, and time every move to its paint.

    The model infers for somebody else: the window's own questions pin a new picture, which ends a
    drag. What its own answers cost is measured as stalls, without a drag.

    Raises:
        StudioError: If the point does not follow, so that nothing was measured.
    """
    yield from stage.rest()
    yield from stage.draw((0.2, 0.25), (0.35, 0.5), (0.55, 0.55))
    yield Wait(until=lambda: stage.store.draft is not None, seconds=5.0, what="the drawn trace")
    load = Load(stage.policy_url)
    yield pause_of(6.0)  # it imports and connects
    pointer, since = yield from _drag(stage, "drag of a point, model inferring")
    stage.report.add_row(measurement="answers to the load while dragging", n=load.stop())
    _add_goals(stage, pointer, since)
    thinker = Thinker(stage)
    yield Wait(until=lambda: thinker.answers > 0, seconds=ANSWER_S, what="the first answer")
    before = thinker.answers
    since = stage.beat.mark()
    yield pause_of(stage.seconds)
    thinker.stop()
    stage.report.add_row(measurement="answers to the window", n=thinker.answers - before)
    stage.add_stalls("answers arriving one after the other", since)


def _drag(stage: Stage, where: str) -> Generator[Wait, None, tuple[Pointer, int]]:
    """Drag the end of the trace in circles; return the pointer and the first beat of it."""
    arrivals: dict[str, list[float]] = {}

    def note(frame: object) -> None:
        times = arrivals.setdefault(frame.camera, [])  # type: ignore[attr-defined]
        times.append(frame.t_ns / 1e9)  # type: ignore[attr-defined]

    stage.window.studio.feed.frame_arrived.connect(note)
    start = np.array(stage.store.draft[-1])
    x, y = scene_from_model(stage.store.draft, stage.view.image_size)[-1]
    place = stage.view.to_viewport(QPointF(x, y))
    pointer = Pointer(stage.window, stage.view.viewport())
    since, pauses = stage.beat.mark(), len(stage.collector.pauses_ms)
    moves = int(round(stage.seconds * RATE_HZ / ROUND) * ROUND)  # ends where it began
    pointer.drag(circle((place.x() - RADIUS, place.y()), RADIUS, moves))
    farthest = 0.0
    while pointer.running:
        yield pause_of(0.1)
        if stage.store.draft is not None:
            farthest = max(farthest, float(np.linalg.norm(stage.store.draft[-1] - start)))
    pointer.stop()
    stage.window.studio.feed.frame_arrived.disconnect(note)
    if farthest < 5.0:
        raise StudioError("The dragged point did not follow the pointer; nothing was measured.")
    add_pointer(stage, where, pointer)
    stage.add_stalls(where, since)
    for camera, times in arrivals.items():
        fps = round(per_second(times), 1)
        stage.report.add_row(measurement=f"frames of '{camera}', {where}", n=len(times), fps=fps)
    collected = spread(stage.collector.pauses_ms[pauses:])
    stage.report.add_row(measurement="pauses of Python's collector", **collected.columns())
    return pointer, since


def _add_goals(stage: Stage, pointer: Pointer, since: int) -> None:
    report = stage.report
    seen = spread(pointer.latency_ms)
    report.add_goal(
        "pointer event to paint, p99", seen.p99, "ms", f"<= {GOAL_MS}", seen.p99 <= GOAL_MS
    )
    late = spread(stage.beat.late_ms[since:])
    report.add_goal(
        "event loop lateness p99 while dragging",
        late.p99,
        "ms",
        f"<= {STALL_P99_MS:g}",
        late.p99 <= STALL_P99_MS,
    )
    report.add_goal(
        "longest stall while dragging",
        late.worst,
        "ms",
        f"<= {STALL_MOST_MS:g}",
        late.worst <= STALL_MOST_MS,
    )
