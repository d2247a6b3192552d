"""A hand that does not wait: mouse moves posted from a thread at their own pace.

A move counts from the moment in which it is posted, as a real one counts from its arrival in the
program's queue: when the event loop is busy, it waits there, and that is measured. The way through
the display server is not in it.
"""

from __future__ import annotations

import threading
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from app.bench.probes import PaintWatch

RATE_HZ = 60.0
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Pointer(QObject):
    """Drags over a widget and times each move to the end of the paint that shows it.

    Attributes:
        latency_ms: From posting a move to the end of the paint [ms].
        handling_ms: From its delivery to the end of the paint [ms].
    """

    def __init__(self, window: QWidget, widget: QWidget, rate_hz: float = RATE_HZ) -> None:
        """Prepare.

        Args:
            window: The top-level widget.
            widget: What the hand drags over; it repaints for every move.
            rate_hz: Moves per second.
        """
        super().__init__(window)
        self.latency_ms: list[float] = []
        self.handling_ms: list[float] = []
        self._widget, self._period = widget, 1.0 / rate_hz
        self._posted: dict[int, float] = {}
        self._waiting: list[tuple[float, float]] = []
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        self._paints = PaintWatch(window, widget)
        self._paints.painted.connect(self._painted)
        widget.installEventFilter(self)

    @property
    def running(self) -> bool:
        """Whether moves are still being posted."""
        return self._thread is not None and self._thread.is_alive()

    def drag(self, path: NDArray[np.float64]) -> None:
        """Press at the first place and follow the (N, 2) places of the widget, then release."""
        self._leave.clear()
        self._thread = threading.Thread(
            target=self._post_all, args=(path,), name="bench-hand", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Let go and watch no more."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join()
        self._widget.removeEventFilter(self)
        self._paints.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note that one of our moves has been delivered."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            posted = self._posted.pop(event.timestamp(), None)
            if posted is not None:
                self._waiting.append((posted, time.perf_counter()))
        return False

    def _painted(self, began: float, ended: float) -> None:
        shown = [times for times in self._waiting if times[1] <= began]
        self._waiting = [times for times in self._waiting if times[1] > began]
        self.latency_ms += [1000 * (ended - posted) for posted, _ in shown]
        self.handling_ms += [1000 * (ended - delivered) for _, delivered in shown]

    def _post_all(self, path: NDArray[np.float64]) -> None:
        due = time.perf_counter()
        self._post(QEvent.Type.MouseButtonPress, path[0], LEFT, LEFT, 0)
        for number, place in enumerate(path, start=1):
            due += self._period
            if self._leave.wait(max(0.0, due - time.perf_counter())):
                break
            self._posted[number] = time.perf_counter()
            self._post(QEvent.Type.MouseMove, place, NONE, LEFT, number)
        self._post(QEvent.Type.MouseButtonRelease, path[-1], LEFT, NONE, 0)

    def _post(
        self,
        kind: QEvent.Type,
        place: NDArray[np.float64],
        button: Qt.MouseButton,
        held: Qt.MouseButton,
        number: int,
    ) -> None:
        local = QPointF(*map(float, place))
        event = QMouseEvent(kind, local, local, button, held, Qt.KeyboardModifier.NoModifier)
        event.setTimestamp(number)
        QCoreApplication.postEvent(self._widget, event)


def circle(centre: tuple[float, float], radius: float, moves: int) -> NDArray[np.float64]:
    """Return (N, 2) places on a circle, a turn every two seconds, from the right."""
    angle = 2 * np.pi * np.arange(moves) / (2 * RATE_HZ)
    return np.asarray(centre) + radius * np.column_stack([np.cos(angle), np.sin(angle)])
