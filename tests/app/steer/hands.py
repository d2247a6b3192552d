"""Hands for the tests of the trace editor."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from app.steer.mapping import scene_from_model
from tests.app.conftest import Rigged, move

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def pixels(rigged: Rigged) -> np.ndarray:
    return scene_from_model(rigged.store.draft, (320, 240))


def near(rigged: Rigged, *expected: tuple[float, float]) -> None:
    # A pointer only has whole screen pixels; that is less than one image pixel here.
    np.testing.assert_allclose(pixels(rigged), expected, atol=1.0)


def point_at(rigged: Rigged, x: float, y: float) -> None:
    move(rigged.view.viewport(), rigged.at(x, y))


def right_click(rigged: Rigged, x: float, y: float) -> None:
    rigged.qtbot.mouseClick(rigged.view.viewport(), Qt.MouseButton.RightButton, pos=rigged.at(x, y))


def gripper(rigged: Rigged) -> np.ndarray:
    return rigged.rig.cameras["front"].project(rigged.rig.pose[:3, 3])


def trigger(rigged: Rigged, name: str) -> None:
    action = rigged.window.actions_table[name]
    assert action.isEnabled(), rigged.window.actions_table.reason(name)
    action.trigger()
