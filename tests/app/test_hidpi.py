"""The window on screens of other densities: drawn sharp, nothing cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, os, sys
from pathlib import Path
from PySide6.QtCore import QTimer, QSettings
from app import main
from app import theme
from app.main_window import MainWindow
from app.settings import Settings
from app.studio import Studio
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit
from tests.app.fakes import ScriptedPolicy, ScriptedRecorder, ScriptedRig
def cut(widget):
    need = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.sizeHint()
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.height() < widget.heightForWidth(widget.width()) - 1
    # A label with a smallest width of its own is one that elides or is told to give way.
    if isinstance(widget, QLabel) and widget.minimumWidth() == 1:
        return widget.height() < need.height()
    return widget.width() < need.width() or widget.height() < need.height()

def start():
    app = main.make_application()
    folder = os.environ["XDG_CONFIG_HOME"]
    policy, rig, recorder = ScriptedPolicy(), ScriptedRig(), ScriptedRecorder()
    theme.apply_theme(app, "dark", scale=float(sys.argv[1]))
    studio = Studio(
        settings=Settings(instruction="pick up the blue cube", sessions=folder),
        make_policy=lambda url, token: policy,
        make_rig=lambda url, token: rig,
        make_recorder=lambda: recorder,
        addresses={"policy": ("ws://policy:1", None), "rig": ("ws://rig:1", None)},
    )
    window = MainWindow(studio, QSettings(folder + "/w.ini", QSettings.Format.IniFormat))
    window.resize(1024, 700)
    window.show()
    studio.start()
    tries = []

    def look():
        if studio.store.phase != "ready" or not window.guide.page.isVisible():
            QTimer.singleShot(50, look)
            return
        tries.append(1)
        if len(tries) == 1:
            window.dialogs.toggle_connections()
        image = window.grab().toImage()
        found = [
            (type(w).__name__, getattr(w, "text", str)(), [w.width(), w.height()])
            for kind in (QLabel, QAbstractButton)
            for w in window.findChildren(kind)
            if w.isVisible() and not isinstance(w.parentWidget(), QLineEdit)
            and getattr(w, "text", str)() and cut(w)
        ]
        if found and len(tries) < 40:  # what has just appeared is not laid out yet
            QTimer.singleShot(50, look)
            return
        icon = window.actions_table["think"].icon().pixmap(20, 20)
        print(json.dumps({
            "ratio": image.devicePixelRatio(),
            "size": [image.width(), image.height()],
            "window": [window.width(), window.height()],
            "icon": icon.width(),
            "colours": len({image.pixel(x, y) for x in range(0, image.width(), 7)
                            for y in range(0, image.height(), 7)}),
            "cut": found,
        }), flush=True)
        window.close()

    QTimer.singleShot(200, look)
    QTimer.singleShot(60_000, app.quit)
    app.exec()

start()
"""


def look(tmp_path: Path, ratio: float, scale: float) -> dict:
    environment = os.environ | {
        "QT_SCALE_FACTOR": str(ratio),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(scale)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_smallest_window_is_drawn_sharp_and_whole(tmp_path: Path, ratio: float) -> None:
    seen = look(tmp_path, ratio, 1.0)
    assert seen["window"] == [1024, 700]
    assert seen["ratio"] == ratio
    assert seen["size"] == [round(1024 * ratio), round(700 * ratio)]
    assert seen["icon"] == round(20 * ratio)
    assert seen["colours"] > 20
    assert not seen["cut"]
