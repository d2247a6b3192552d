"""Run by test_screen_scale with a scale of the screen: click the real window, print the pixels."""

from __future__ import annotations

import json
import sys
import tempfile
import time

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import theme
from app.main_window import MainWindow
from app.settings import Settings
from app.steer.mapping import scene_from_model
from app.studio import Studio
from tests.app.fakes import ScriptedPolicy, ScriptedRecorder, ScriptedRig

PIXELS = ((40.5, 30.5), (200.5, 120.5), (250.5, 200.5))


def main() -> int:
    """Click three pixels, whole and enlarged, and print the trace that came of it."""
    app = QApplication([])
    theme.apply_theme(app, "light")
    policy, rig = ScriptedPolicy(), ScriptedRig()
    studio = Studio(
        settings=Settings(instruction="pick up the cube", sessions=tempfile.mkdtemp()),
        make_policy=lambda url, token: policy,
        make_rig=lambda url, token: rig,
        make_recorder=ScriptedRecorder,
        addresses={"policy": ("ws://policy", None), "rig": ("ws://rig", None)},
    )
    window = MainWindow(studio)
    window.show()
    studio.start()
    view = window.workspace.canvas.view
    end = time.monotonic() + 30
    while view.image_size == (0, 0) and time.monotonic() < end:
        QTest.qWait(10)
    found: list[list[float]] = []
    for factor in (1.0, 1.7):
        studio.store.set_draft(None)
        view.zoom_at(view.to_viewport(QPointF(150, 110)), factor)
        off = []
        for pixel in PIXELS:
            place = view.to_viewport(QPointF(*pixel))
            spot = place.toPoint()
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
            # A click falls on a whole screen pixel; what lies between is not the map's fault.
            off.append((QPointF(spot) - place) / view.scale_factor)
        draft = studio.store.draft
        assert draft is not None
        scene = scene_from_model(draft, view.image_size) - [(p.x(), p.y()) for p in off]
        found.append(np.round(scene, 3).ravel().tolist())
    print(json.dumps({"ratio": window.devicePixelRatioF(), "pixels": found}))
    window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
