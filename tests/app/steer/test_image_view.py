"""The map between pointer and pixel is exact at every zoom and on every screen."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.steer.image_view import ImageView
from app.steer.mapping import model_from_scene, scene_from_model

IMAGE = np.zeros((240, 320, 3), np.uint8)


@pytest.fixture
def view(qtbot: Any) -> ImageView:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(800, 611)
    view.set_image(IMAGE)
    view.show()
    return view


def wheel(view: ImageView, place: QPointF, steps: int) -> None:
    event = QWheelEvent(
        place, view.mapToGlobal(place), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_fit_fills_one_direction_and_centres_the_other(view: ImageView) -> None:
    assert view.scale_factor == pytest.approx(2.5)
    top_left, bottom_right = view.to_viewport(QPointF(0, 0)), view.to_viewport(QPointF(320, 240))
    assert top_left.x() == pytest.approx(0, abs=0.51)
    assert bottom_right.x() == pytest.approx(800, abs=0.51)
    assert top_left.y() == pytest.approx(5.5, abs=0.51)


def test_map_there_and_back_is_exact(view: ImageView) -> None:
    for steps in (0, 3, 9):
        wheel(view, QPointF(300.4, 200.7), steps)
        for place in (QPointF(1.25, 2.5), QPointF(400, 300), QPointF(799.5, 600.25)):
            back = view.to_viewport(view.to_image(place))
            assert (back - place).manhattanLength() < 1e-9


def test_zoom_keeps_the_pixel_under_the_pointer(view: ImageView) -> None:
    place = QPointF(523.0, 217.0)
    before = view.to_image(place)
    wheel(view, place, 5)
    assert view.scale_factor > 5
    after = view.to_image(place)
    # Qt scrolls by whole screen pixels; the map above stays exact all the same.
    assert abs(after.x() - before.x()) * view.scale_factor <= 1
    assert abs(after.y() - before.y()) * view.scale_factor <= 1


def test_zoom_has_limits_and_fit_undoes_it(view: ImageView) -> None:
    wheel(view, QPointF(400, 300), 60)
    assert view.scale_factor == pytest.approx(32)
    wheel(view, QPointF(400, 300), -200)
    assert view.scale_factor == pytest.approx(2.5)
    wheel(view, QPointF(400, 300), 4)
    view.fit()
    assert view.scale_factor == pytest.approx(2.5)


def test_picture_of_another_size_is_fitted(view: ImageView) -> None:
    view.set_image(np.zeros((481, 641, 3), np.uint8))
    assert view.image_size == (641, 481)
    assert view.scale_factor == pytest.approx(800 / 641)


def test_no_picture_shows_the_message(view: ImageView) -> None:
    view.set_image(None)
    view.set_message("Nothing yet.")
    assert view.image_size == (0, 0)
    assert not view.contains(QPointF(0, 0))
    view.grab()


def test_model_units_and_scene_agree_at_the_corners() -> None:
    size = (320, 240)
    scene = scene_from_model(np.array([[0.0, 0.0], [255.0, 255.0]]), size)
    np.testing.assert_allclose(scene, [[0.5, 0.5], [319.5, 239.5]])
    np.testing.assert_allclose(model_from_scene(scene, size), [[0, 0], [255, 255]])
    outside = model_from_scene(np.array([[-10.0, 500.0]]), size)
    np.testing.assert_allclose(outside, [[0, 255]])


SCRIPT = """
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
import numpy as np
app = QApplication([])
from app.steer.image_view import ImageView
view = ImageView()
view.resize(800, 600)
view.set_image(np.zeros((240, 320, 3), np.uint8))
view.show()
at = view.to_image(QPointF(400, 300))
print(round(at.x(), 3), round(at.y(), 3))
"""


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_same_pixel_at_every_screen_scale(factor: str) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("DISPLAY", None)
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=60
    )
    assert output.stdout.split() == ["160.0", "120.0"], output.stderr
