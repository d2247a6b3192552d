"""The machine's own measure: a bare window that paints a dot at the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from app.bench.measures import spread
from app.bench.pointer import RATE_HZ, Pointer, circle
from app.bench.stage import Stage, pause_of
from app.demo_hands import Script, Wait
from app.steer.cloud_view import gl_problem

SIZE = (1440, 900)


class BareWindow(QWidget):
    """Repaints itself for every move of the mouse, and does nothing else."""

    def __init__(self, *, with_gl: bool = False) -> None:
        """Build it; with an OpenGL widget inside, Qt composes the whole window by OpenGL."""
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.resize(*SIZE)
        self._place = QPointF()
        if with_gl:
            scene = QOpenGLWidget(self)
            scene.setGeometry(SIZE[0] - 440, 40, 400, 300)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._place = event.position()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.darkGray)
        painter.drawEllipse(self._place, 6.0, 6.0)
        painter.end()


def measure_baseline(stage: Stage) -> Script:
    """Measure heartbeat and pointer on a bare window, before anything else runs."""
    yield from _measure(stage, BareWindow(), "bare window")
    if not gl_problem():
        # Qt then sends the whole window through OpenGL at every paint, here in software.
        yield from _measure(stage, BareWindow(with_gl=True), "bare window with OpenGL inside")


def _measure(stage: Stage, window: BareWindow, where: str) -> Script:
    window.show()
    yield pause_of(1.0)
    since = stage.beat.mark()
    pointer = Pointer(window, window)
    pointer.drag(circle((SIZE[0] / 2, SIZE[1] / 2), 200.0, round(stage.seconds * RATE_HZ)))
    yield Wait(until=lambda: not pointer.running, seconds=3 * stage.seconds, what="the hand")
    yield pause_of(0.2)
    pointer.stop()
    add_pointer(stage, where, pointer)
    stage.add_stalls(where, since)
    window.close()
    # Deleted here and now: left to Python's collector it might be deleted in another thread.
    yield pause_of(0.2)


def add_pointer(stage: Stage, where: str, pointer: Pointer) -> None:
    """Add the rows about a drag."""
    for name, values in (
        ("pointer event to paint", pointer.latency_ms),
        ("pointer delivery to paint", pointer.handling_ms),
    ):
        stage.report.add_row(measurement=f"{name}, {where}", **spread(values).columns())
