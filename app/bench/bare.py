"""The machine's own measure: a bare window that paints a dot at the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.bench.measures import spread
from app.bench.pointer import RATE_HZ, Pointer, circle
from app.bench.stage import Stage, pause_of
from app.demo_hands import Script, Wait

SIZE = (1440, 900)


class BareWindow(QWidget):
    """Repaints itself for every move of the mouse, and does nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.resize(*SIZE)
        self._place = QPointF()

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
    window = BareWindow()
    window.show()
    yield pause_of(1.0)
    since = stage.beat.mark()
    pointer = Pointer(window, window)
    pointer.drag(circle((SIZE[0] / 2, SIZE[1] / 2), 200.0, round(stage.seconds * RATE_HZ)))
    yield Wait(until=lambda: not pointer.running, seconds=3 * stage.seconds, what="the hand")
    yield pause_of(0.2)
    pointer.stop()
    add_pointer(stage, "bare window", pointer)
    stage.add_stalls("bare window", since)
    window.close()


def add_pointer(stage: Stage, where: str, pointer: Pointer) -> None:
    """Add the rows about a drag."""
    for name, values in (
        ("pointer event to paint", pointer.latency_ms),
        ("pointer delivery to paint", pointer.handling_ms),
    ):
        stage.report.add_row(measurement=f"{name}, {where}", **spread(values).columns())
