"""What watches the event loop and the screen from inside: heartbeat, paints, pauses of Python."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

BEAT_MS = 5
STALL_MS = 50.0
LOOK_S = 0.01
ROOT = Path(__file__).resolve().parents[2]


class Heartbeat(QObject):
    """A timer every 5 ms; how late it is, is how long the event loop did something else.

    Attributes:
        late_ms: Lateness of every beat [ms], in order.
        last: When the last beat came [s, perf_counter].
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.late_ms: list[float] = []
        self.last = time.perf_counter()
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, 1000 * (now - self.last) - BEAT_MS))
        self.last = now

    def mark(self) -> int:
        """Return the number of beats so far, to ask later for those since."""
        return len(self.late_ms)

    def forgive(self) -> None:
        """Do not count the time until now: the bench itself held the event loop."""
        self.last = time.perf_counter()

    def stop(self) -> None:
        """Beat no more."""
        self._timer.stop()


class StallWatch:
    """A thread that writes down what the GUI thread does while its heartbeat is overdue."""

    def __init__(self, beat: Heartbeat, after_ms: float = 30.0) -> None:
        """Start watching the thread that calls.

        Args:
            beat: Whose lateness counts.
            after_ms: How late the beat has to be for a look at the stack [ms].
        """
        self.culprits: Counter[str] = Counter()
        self._beat, self._after = beat, after_ms / 1000
        self._watched = threading.get_ident()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._look, name="bench-stalls", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        seen = 0.0
        while not self._leave.wait(LOOK_S):
            last = self._beat.last
            if last != seen and time.perf_counter() - last > self._after:
                seen = last
                frame = sys._current_frames().get(self._watched)
                self.culprits[place_of(frame)] += 1

    def stop(self) -> None:
        """Watch no more."""
        self._leave.set()
        self._thread.join()


def place_of(frame: FrameType | None) -> str:
    """Name the innermost places of our own code in a stack, "file:function" from the inside out."""
    places: list[str] = []
    while frame is not None and len(places) < 3:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
            places.append(f"{path.relative_to(ROOT)}:{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(places) or "Qt"


class CollectorWatch:
    """Times the pauses of Python's garbage collector [ms]."""

    def __init__(self) -> None:
        self.pauses_ms: list[float] = []
        self._since = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _info: dict[str, Any]) -> None:
        if phase == "start":
            self._since = time.perf_counter()
        else:
            self.pauses_ms.append(1000 * (time.perf_counter() - self._since))

    def stop(self) -> None:
        """Time no more."""
        gc.callbacks.remove(self._note)


class PaintWatch(QObject):
    """Tells when a widget's new pixels have left for the display server.

    A window paints all that has changed, and sends it away, while it handles an UpdateRequest. The
    filter lets the window handle it and looks at the clock behind it; the widget was part of it
    when it got a paint event in between.
    """

    painted = Signal(float, float)
    """When the widget's paint event came and when the window was done [s, perf_counter]."""

    def __init__(self, window: QWidget, widget: QWidget) -> None:
        """Watch.

        Args:
            window: The top-level widget.
            widget: A widget in it; for a scroll area its viewport.
        """
        super().__init__(window)
        self._window, self._widget = window, widget
        self._began = 0.0
        self._inside = False
        widget.installEventFilter(self)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note the paint event; handle the window's update and note its end."""
        kind = event.type()
        if watched is self._widget and kind == QEvent.Type.Paint:
            self._began = time.perf_counter()
        if watched is self._window and kind == QEvent.Type.UpdateRequest and not self._inside:
            self._inside = True
            self._window.event(event)
            self._inside = False
            if self._began:
                began, self._began = self._began, 0.0
                self.painted.emit(began, time.perf_counter())
            return True
        return False

    def stop(self) -> None:
        """Watch no more."""
        self._widget.removeEventFilter(self)
        self._window.removeEventFilter(self)


def focus_window(window: QWidget) -> None:
    """Give a window the keys; without a window manager nobody else does."""
    window.raise_()
    window.activateWindow()
    QApplication.setActiveWindow(window)
