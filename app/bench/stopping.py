"""From the stop key to the command that leaves on the stop's own connection."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bench.load import Load
from app.bench.measures import spread
from app.bench.stage import REST_S, Stage, pause_of
from app.demo_hands import Script, Wait
from app.store import Phase
from core.types import StudioError

GOAL_MS = 20.0
PATIENCE_S = 5.0
RELEASES = 20
MOST_DELAY_S = 0.4
"""A hand comes at any moment of the motion [s]."""

WAYS = ("home", "tidy")
"""Motions in turn: broken off again and again, one alone would soon be at its end."""

KEY = QEvent.Type(QEvent.registerEventType())


class StopKey(QObject):
    """Presses Esc and times the command that follows.

    The press is posted by a thread, so that it waits when the event loop is busy, as a real one.

    Attributes:
        sent_ms: From the press to the command's leaving [ms]; taken in the stop's own thread.
        answered_ms: From the press to the rig's answer [ms].
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.window)
        self.sent_ms: list[float] = []
        self.answered_ms: list[float] = []
        self._window = stage.window
        self._pressed = 0.0
        self._random = random.Random(0)
        client = stage.window.studio.rig.client
        self._client, self._stop = client, client.stop
        client.stop = self._timed_stop

    def press(self) -> None:
        """Press Esc in a moment, whatever the event loop does then."""
        delay = self._random.uniform(0.0, MOST_DELAY_S)
        threading.Thread(target=self._post, args=(delay,), name="bench-esc", daemon=True).start()

    def _post(self, delay: float) -> None:
        time.sleep(delay)
        self._pressed = time.perf_counter()
        QCoreApplication.postEvent(self, QEvent(KEY))

    def event(self, event: QEvent) -> bool:
        """Hand the key to whatever has the focus."""
        if event.type() == KEY:
            QTest.keyClick(QApplication.focusWidget() or self._window, Qt.Key.Key_Escape)
            return True
        return super().event(event)

    def _timed_stop(self, by: str) -> Any:
        sent = time.perf_counter()
        answer = self._stop(by)
        self.sent_ms.append(1000 * (sent - self._pressed))
        self.answered_ms.append(1000 * (time.perf_counter() - self._pressed))
        return answer

    def stop(self) -> None:
        """Leave the client as it was."""
        self._client.stop = self._stop


def measure_stops(stage: Stage) -> Script:
    """Start a motion and stop it by Esc, again and again, while the model infers."""
    yield from stage.rest()
    load = Load(stage.policy_url)
    yield pause_of(6.0)
    key, since, tries = StopKey(stage), stage.beat.mark(), 0
    try:
        while len(key.sent_ms) < stage.stops and tries < 2 * stage.stops:
            stage.must(WAYS[tries % len(WAYS)])
            tries += 1
            before = len(key.answered_ms)
            key.press()
            yield Wait(until=lambda n=before: len(key.answered_ms) > n, seconds=PATIENCE_S)
            if len(key.answered_ms) > before:  # else the motion had ended, and Esc means nothing
                # The answer may overtake the news that the stop is latched.
                yield Wait(until=lambda: stage.store.phase == Phase.STOPPED, seconds=REST_S)
            yield Wait(until=stage.settled, seconds=REST_S, what="the arm to rest")
            yield from _release(stage)
    finally:
        key.stop()
        load.stop()
    stage.beat.forgive()
    sent, answered = spread(key.sent_ms), spread(key.answered_ms)
    report = stage.report
    report.add_row(measurement="stop key to command sent", **sent.columns())
    report.add_row(measurement="stop key to the rig's answer", **answered.columns())
    report.add_row(measurement="motions that ended before the key", n=tries - sent.count)
    stage.add_stalls("stopping, model inferring", since)
    report.add_goal(
        "stop key to command sent, p99", sent.p99, "ms", f"<= {GOAL_MS:g}", sent.p99 <= GOAL_MS
    )


def _release(stage: Stage) -> Script:
    """Release the stop; a lab that is starved of time loses its arm for a while, so try again."""

    def free() -> bool:
        return all(stage.window.actions_table[way].isEnabled() for way in WAYS)

    for _ in range(RELEASES):
        if free():
            return
        stage.trigger("release")
        yield Wait(until=free, seconds=PATIENCE_S)
    raise StudioError("The stop could not be released, so no more stops can be timed.")
