"""The map between pointer and pixel is exact at every zoom and on every screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.steer.image_view import ImageView
from app.steer.mapping import model_from_scene, scene_from_model
from tests.app.conftest import drag

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


@given(
    image=st.tuples(st.integers(1, 700), st.integers(1, 700)),
    size=st.tuples(st.integers(240, 900), st.integers(180, 700)),
    steps=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(-6, 12), st.integers(-300, 300)),
        max_size=4,
    ),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_map_there_and_back_is_exact_wherever_one_looks(
    view: ImageView,
    image: tuple[int, int],
    size: tuple[int, int],
    steps: list[tuple[float, float, int, int]],
    place: tuple[float, float],
) -> None:
    view.resize(QSize(*size))
    view.set_image(np.zeros((image[1], image[0], 3), np.uint8))
    view.fit()
    for x, y, clicks, way in steps:
        pointer = QPointF(x * size[0], y * size[1])
        wheel(view, pointer, clicks)
        pan(view, pointer, QPointF(way, -way))
    pixel = QPointF(place[0] * image[0], place[1] * image[1])
    back = view.to_image(view.to_viewport(pixel))
    assert (back - pixel).manhattanLength() < 1e-6


@given(x=st.integers(0, 319), y=st.integers(0, 239), clicks=st.integers(6, 14))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_a_pixel_is_painted_where_the_map_says(
    view: ImageView, x: int, y: int, clicks: int
) -> None:
    image = IMAGE.copy()
    image[y, x] = 255
    view.set_image(image)
    view.fit()
    wheel(view, view.to_viewport(QPointF(x + 0.5, y + 0.5)), clicks)
    shown = view.viewport().grab().toImage()
    for pixel, value in ((QPointF(x + 0.5, y + 0.5), 255), (QPointF(x + 1.5, y + 0.5), 0)):
        place = view.to_viewport(pixel).toPoint()
        if shown.rect().contains(place) and view.contains(pixel):
            assert shown.pixelColor(place).red() == value


def pan(view: ImageView, start: QPointF, way: QPointF) -> None:
    drag(view.viewport(), [start.toPoint(), (start + way).toPoint()], button=MIDDLE)


MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


@pytest.mark.parametrize("button", [MIDDLE, RIGHT])
def test_middle_and_right_button_pan(view: ImageView, button: Qt.MouseButton) -> None:
    wheel(view, QPointF(400, 300), 6)
    asked: list[object] = []
    view.context_requested.connect(lambda *place: asked.append(place))
    grabbed = view.to_image(QPointF(400, 300))
    drag(view.viewport(), [QPoint(400, 300), QPoint(340, 350)], button=button)
    away = view.to_viewport(grabbed) - QPointF(340, 350)
    assert away.manhattanLength() <= 2
    assert not asked


def test_a_still_right_click_asks_for_a_menu_and_moves_nothing(view: ImageView) -> None:
    wheel(view, QPointF(400, 300), 6)
    before = view.to_image(QPointF(0, 0))
    asked: list[QPointF] = []
    view.context_requested.connect(lambda pixel, place: asked.append(pixel))
    drag(view.viewport(), [QPoint(200, 100), QPoint(200, 100)], button=RIGHT)
    assert asked == [view.to_image(QPointF(200, 100))]
    assert view.to_image(QPointF(0, 0)) == before


def test_two_fingers_pan_a_pinch_and_ctrl_zoom(view: ImageView) -> None:
    wheel(view, QPointF(400, 300), 6)
    scale, before = view.scale_factor, view.to_image(QPointF(400, 300))
    slide(view, QPoint(30, -20))
    after = view.to_image(QPointF(400, 300))
    assert view.scale_factor == scale
    assert (before.x() - after.x()) * scale == pytest.approx(30, abs=1.01)
    assert (before.y() - after.y()) * scale == pytest.approx(-20, abs=1.01)
    slide(view, QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    assert view.scale_factor > scale
    scale = view.scale_factor
    place = QPointF(400, 300)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2, place, place, place, 0.25, QPointF(),
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), pinch)
    assert view.scale_factor == pytest.approx(scale * 1.25)


def slide(
    view: ImageView, pixels: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    place = QPointF(400, 300)
    event = QWheelEvent(
        place, view.mapToGlobal(place), pixels, pixels, Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.ScrollUpdate, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_the_zoom_is_kept_between_pictures_of_one_size_and_real_size_is_one_to_one(
    view: ImageView,
) -> None:
    view.actual_size()
    assert view.scale_factor == 1
    assert not view.is_fitted
    view.set_image(IMAGE + 1)
    assert view.scale_factor == 1
    view.resize(700, 500)
    assert view.scale_factor == 1
    view.zoom_in()
    assert view.scale_factor == pytest.approx(1.44)
    for _ in range(9):
        view.zoom_out()
    assert view.scale_factor == 1
    view.fit()
    view.resize(640, 480)
    assert view.scale_factor == 2


def test_the_overview_appears_when_something_is_out_of_view_and_leads_there(
    view: ImageView, qtbot: Any
) -> None:
    overview = view.layers.navigator
    assert not overview.isVisible()
    wheel(view, QPointF(400, 300), 8)
    assert overview.isVisible()
    assert overview.frame.width() < overview.width()
    corner = overview.rect().bottomRight() - QPoint(2, 2)
    qtbot.mouseClick(overview, Qt.MouseButton.LeftButton, pos=corner)
    assert view.contains(view.to_image(QPointF(799, 610)))
    assert view.to_image(QPointF(799, 610)).x() > 319
    overview.grab()
    view.fit()
    assert not overview.isVisible()


def test_an_old_picture_is_grey_until_the_next_comes(view: ImageView) -> None:
    view.set_image(np.full((240, 320, 3), (200, 30, 30), np.uint8))
    view.set_old("No picture.")
    assert view.is_greyed
    assert view.layers.notice == "No picture."
    colour = view.grab().toImage().pixelColor(100, 100)
    assert colour.red() == colour.green() == colour.blue() or colour.saturation() < 20
    view.set_image(np.full((240, 320, 3), (200, 30, 30), np.uint8))
    view.set_old("")
    assert not view.is_greyed
    assert view.layers.notice == ""
    assert view.grab().toImage().pixelColor(100, 100).saturation() > 150
