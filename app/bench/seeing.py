"""From the camera to the screen, and how often feeds and 3D view are painted."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.bench.load import Load
from app.bench.measures import per_second, spread
from app.bench.probes import PaintWatch
from app.bench.stage import ANSWER_S, PaintCount, Stage, pause_of
from app.demo_hands import Script, Wait
from app.steer.camera_panel import Inset
from app.steer.cloud_screen import CloudScreen

GOAL_MS = 50.0
GOAL_FPS = 20.0
FORCE_MS = 10


class FrameWatch(QObject):
    """Times the frames of the main picture from the camera to the end of their paint.

    Attributes:
        latency_ms: One value per painted frame [ms].
        received_ms: From the camera to the studio [ms].
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.window)
        self.latency_ms: list[float] = []
        self.received_ms: list[float] = []
        self._stage = stage
        self._newest_s = 0.0
        # The rig stamps with the monotonic clock of this machine.
        self._offset = time.monotonic() - time.perf_counter()
        self._paints = PaintWatch(stage.window, stage.view.viewport())
        self._paints.painted.connect(self._painted)
        stage.window.studio.feed.frame_arrived.connect(self._arrived)

    @Slot(object)
    def _arrived(self, frame: Any) -> None:
        if frame.camera == self._stage.window.workspace.canvas.camera:
            self._newest_s = frame.t_ns / 1e9
            self.received_ms.append(1000 * (time.monotonic() - self._newest_s))

    @Slot(float, float)
    def _painted(self, _began: float, ended: float) -> None:
        if self._newest_s:
            self.latency_ms.append(1000 * (ended + self._offset - self._newest_s))
            self._newest_s = 0.0

    def stop(self) -> None:
        """Time no more."""
        self._stage.window.studio.feed.frame_arrived.disconnect(self._arrived)
        self._paints.stop()


def measure_live(stage: Stage) -> Script:
    """Time the live picture, first with an idle model, then with one that infers."""
    yield from stage.rest()
    for where, url in (("model idle", ""), ("model inferring", stage.policy_url)):
        load = Load(url) if url else None
        yield pause_of(6.0 if load else 1.0)  # the load imports and connects
        since, watch = stage.beat.mark(), FrameWatch(stage)
        yield pause_of(stage.seconds)
        watch.stop()
        answers = load.stop() if load else 0
        stage.beat.forgive()
        report = stage.report
        received, shown = spread(watch.received_ms), spread(watch.latency_ms)
        report.add_row(measurement=f"camera to studio, {where}", **received.columns())
        report.add_row(measurement=f"camera to paint, {where}", **shown.columns())
        stage.add_stalls(f"live picture, {where}", since)
        if load:
            report.add_row(measurement="answers to the load meanwhile", n=answers)
        report.add_goal(
            f"camera to paint p99, {where}",
            shown.p99,
            "ms",
            f"<= {GOAL_MS:g}",
            shown.p99 <= GOAL_MS,
        )


class Turner(QTimer):
    """A hand that turns the 3D view to and fro."""

    def __init__(self, screen: CloudScreen) -> None:
        super().__init__(screen, interval=FORCE_MS)
        self._screen, self._moves = screen, 0
        self.timeout.connect(self._move)
        self._send(QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton)

    def let_go(self) -> None:
        """Release the button and leave."""
        self.stop()
        self._send(QEvent.Type.MouseButtonRelease, Qt.MouseButton.LeftButton, held=False)
        self.deleteLater()

    def _move(self) -> None:
        self._moves += 1
        self._send(QEvent.Type.MouseMove, Qt.MouseButton.NoButton)

    def _send(self, kind: QEvent.Type, button: Qt.MouseButton, *, held: bool = True) -> None:
        swing = abs(self._moves % 80 - 40) - 20
        place = QPointF(self._screen.rect().center()) + QPointF(2.0 * swing, 0.0)
        down = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
        event = QMouseEvent(
            *(kind, place, self._screen.mapToGlobal(place)),
            *(button, down, Qt.KeyboardModifier.NoModifier),
        )
        QApplication.sendEvent(self._screen, event)


def measure_cloud(stage: Stage) -> Script:
    """Turn the 3D view without a break while both cameras stream, and count what is painted."""
    screens = [s for s in stage.window.findChildren(CloudScreen) if s.isVisible()]
    if not screens:
        stage.report.add_goal("3D view and feeds", 0.0, "fps", f">= {GOAL_FPS:g}", False)
        return
    yield from stage.rest()
    stage.must("think")
    yield Wait(until=stage.settled, seconds=ANSWER_S, what="an answer with depth")
    yield pause_of(1.5)  # the cloud comes a moment later
    yield from stage.rest()
    turner = Turner(screens[0])
    insets = [inset for inset in stage.window.findChildren(Inset) if inset.isVisible()]
    counts = {
        "3D view": PaintCount(screens[0]),
        "main picture": PaintCount(stage.view.viewport()),
    }
    counts |= {f"inset '{inset.name}'": PaintCount(inset) for inset in insets}
    since = stage.beat.mark()
    turner.start()
    yield pause_of(stage.seconds)
    turner.let_go()
    for count in counts.values():
        count.stop()
    rates = {name: per_second(count.times) for name, count in counts.items()}
    for name, rate in rates.items():
        stage.report.add_row(measurement=f"paints of {name}, 3D view turning", fps=round(rate, 1))
    stage.add_stalls("3D view turning", since)
    least = round(min(rates.values()), 1)
    holds = least >= GOAL_FPS
    stage.report.add_goal("3D view and feeds, slowest", least, "fps", f">= {GOAL_FPS:g}", holds)
