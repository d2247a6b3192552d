"""The main job through the real window: think, draw, steer, run, stop, by mouse and keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from tests.app.conftest import Rigged


def test_window_shows_live_picture_and_lab(rigged: Rigged) -> None:
    rigged.ready()
    assert rigged.view.image_size == (320, 240)


def test_think_steer_run(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    observation, trace = rigged.policy.asked[0]
    assert trace is None
    assert [f.camera for f in observation.frames] == ["front", "wrist"]
    assert rigged.store.observation is observation
    rigged.drag((150, 60), (200, 120), (230, 150))
    assert rigged.store.draft.shape == (5, 2)
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    np.testing.assert_allclose(rigged.policy.asked[1][1].points, rigged.store.draft)
    rigged.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    assert rigged.store.phase == "running"
    rigged.rig.finish(8)
    rigged.phase("ready")
