"""What measures the window: its arithmetic, its clocks and its script."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.bench.bare import BareWindow
from app.bench.measures import per_second, spread, trend
from app.bench.player import Player
from app.bench.pointer import Pointer, circle
from app.bench.probes import CollectorWatch, Heartbeat, PaintWatch, StallWatch
from app.demo_hands import Script, Wait, pause
from core.types import StudioError


def test_spread_of_nothing_meets_no_goal() -> None:
    assert not spread([]).p99 <= 1e9
    seen = spread(list(range(101)))
    assert (seen.count, seen.p50, seen.p95, seen.p99, seen.worst) == (101, 50, 95, 99, 100)
    assert seen.columns()["p99_ms"] == 99


def test_trend_is_a_line_per_minute_and_in_percent() -> None:
    seconds = np.arange(0.0, 601.0, 60.0)
    line = trend(list(1000 + seconds), list(200 + seconds / 60))
    assert line.start == pytest.approx(200)
    assert line.per_minute == pytest.approx(1)
    assert line.percent == pytest.approx(5)
    assert np.isnan(trend([0.0, 1.0], [1.0, 2.0]).percent)


def test_rate_needs_two_times() -> None:
    assert per_second([1.0]) == 0
    assert per_second([1.0, 1.5, 2.0]) == 2


def test_heartbeat_is_late_when_the_loop_is_held_and_the_watch_names_who(qtbot: QtBot) -> None:
    beat = Heartbeat()
    watch = StallWatch(beat)
    qtbot.waitUntil(lambda: len(beat.late_ms) > 3)
    since = beat.mark()
    hold(0.2)
    qtbot.waitUntil(lambda: beat.mark() > since)
    assert max(beat.late_ms[since:]) > 150
    watch.stop()
    assert any("tests/app/test_bench.py:hold" in place for place in watch.culprits)
    hold(0.2)
    beat.forgive()
    since = beat.mark()
    qtbot.waitUntil(lambda: beat.mark() > since)
    assert beat.late_ms[since] < 150
    beat.stop()


def hold(seconds: float) -> None:
    """Hold the event loop, letting other threads run."""
    time.sleep(seconds)


def test_collector_pauses_are_timed() -> None:
    watch = CollectorWatch()
    gc.collect()
    watch.stop()
    assert len(watch.pauses_ms) == 1
    gc.collect()
    assert len(watch.pauses_ms) == 1


def test_paints_are_told_when_the_window_is_done(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    inner, other = QWidget(window), QWidget(window)
    other.move(200, 200)
    window.resize(400, 300)
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    watch, heard = PaintWatch(window, inner), []
    watch.painted.connect(lambda began, ended: heard.append((began, ended)))
    other.update()
    qtbot.wait(50)
    assert not heard
    before = time.perf_counter()
    inner.update()
    qtbot.waitUntil(lambda: bool(heard))
    assert before <= heard[0][0] <= heard[0][1] <= time.perf_counter()
    watch.stop()
    inner.update()
    qtbot.wait(50)
    assert len(heard) == 1


def test_every_move_of_the_pointer_is_timed_to_its_paint(qtbot: QtBot) -> None:
    window = BareWindow()
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    pointer = Pointer(window, window, rate_hz=200.0)
    pointer.drag(circle((200.0, 200.0), 50.0, 20))
    qtbot.waitUntil(lambda: not pointer.running)
    qtbot.waitUntil(lambda: len(pointer.latency_ms) == 20)
    pointer.stop()
    pairs = zip(pointer.latency_ms, pointer.handling_ms, strict=True)
    assert all(whole >= part > 0 for whole, part in pairs)


def test_a_script_plays_to_its_end_or_says_why_not(qtbot: QtBot) -> None:
    seen: list[str] = []

    def fine() -> Script:
        yield pause(0.0)
        seen.append("played")

    def vain() -> Script:
        yield Wait(until=lambda: False, seconds=0.0, what="a miracle")

    def refused() -> Script:
        yield pause(0.0)
        raise StudioError("No.")

    for script, sentence in ((fine, ""), (vain, "a miracle"), (refused, "No.")):
        player = Player(script())
        with qtbot.waitSignal(player.finished) as finished:
            player.start()
        assert sentence in finished.args[0]
        assert bool(finished.args[0]) == bool(sentence)
    assert seen == ["played"]


def test_posted_moves_do_not_outlive_the_window(qtbot: QtBot) -> None:
    window = BareWindow()
    window.show()
    pointer = Pointer(window, window)
    pointer.drag(circle((200.0, 200.0), 50.0, 600))
    pointer.stop()
    assert not pointer.running
    window.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
