"""The line at the bottom."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.status_bar import StatusBar, clock_text, size_text, think_text


def test_numbers_carry_units() -> None:
    assert size_text(812_000) == "812 kB"
    assert size_text(12_400_000) == "12.4 MB"
    assert clock_text(192) == "03:12"
    assert clock_text(3792) == "1:03:12"
    timings = {"depth": 0.3, "trace": 0.4, "actions": 0.8, "total": 0.85}
    assert think_text(timings) == "think 0.8 s (depth 0.3 trace 0.1 actions 0.4)"
    assert think_text({}) == ""


def test_it_writes_only_the_newest(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    for k in range(1000):
        bar.set_frames(24.0, float(k))
    assert bar.texts["frames"] == ""
    bar.write()
    assert bar.texts["frames"] == "frame 24 ms · 999 fps"


def test_it_warns_in_words(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.set_phase("stopped", fault=True)
    bar.set_frames(640.0, 12.0)
    bar.set_recording(192.0, 12_400_000, 3)
    bar.set_thinking(0.4)
    bar.set_robot("robot stopped", fault=True)
    bar.write()
    assert bar.texts == {
        "phase": "STOPPED",
        "frames": "⚠ frame 640 ms old · 12 fps",
        "think": "thinking 0.4 s",
        "robot": "robot stopped",
        "episode": "",
        "recording": "● REC 03:12 · 12.4 MB · 3 dropped",
    }
    bar.set_recording(192.0, 12_400_000, 0, 18_000.0)
    bar.write()
    assert bar.texts["recording"] == "● REC 03:12 · 12.4 MB · 0 drops"
    bar.set_recording(192.0, 12_400_000, 0, 900.0)
    bar.write()
    assert bar.texts["recording"].endswith("· ⚠ disk full in 15 min")
    bar.set_recording(None)
    bar.write()
    assert bar.texts["recording"] == "○ not recording"
