"""The trace by keys alone, on the real canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.steer.mapping import scene_from_model
from app.steer.trace_hints import CURSOR_HINT
from app.steer.trace_rules import FULL
from tests.app.conftest import Rigged

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


@pytest.fixture
def canvas(rigged: Rigged) -> Rigged:
    rigged.ready()
    return rigged


def pixels(rigged: Rigged) -> np.ndarray:
    return scene_from_model(rigged.store.draft, (320, 240))


def start(rigged: Rigged) -> np.ndarray:
    return rigged.rig.cameras["front"].project(rigged.rig.pose[:3, 3])


def press(rigged: Rigged, *keys: Qt.Key) -> None:
    for key in keys:
        rigged.key(key)


def test_a_trace_from_nothing_by_keys_alone(canvas: Rigged) -> None:
    hint = canvas.window.workspace.canvas
    press(canvas, Key.Key_P)
    np.testing.assert_allclose(pixels(canvas), [start(canvas)], atol=1e-6)
    assert hint.hint == CURSOR_HINT
    canvas.key(Key.Key_Down, SHIFT)
    canvas.key(Key.Key_Down, SHIFT)
    press(canvas, Key.Key_Left, Key.Key_P)
    np.testing.assert_allclose(pixels(canvas)[1] - start(canvas), [-1, 20], atol=1e-6)
    canvas.key(Key.Key_Down, SHIFT)
    press(canvas, Key.Key_P)
    assert len(canvas.store.draft) == 3
    press(canvas, Key.Key_Escape)
    assert hint.tool.keys.cursor is None
    assert len(canvas.store.draft) == 3
    assert canvas.store.observation is not None


def test_choosing_moving_inserting_and_removing_by_keys(canvas: Rigged) -> None:
    for spot in ((60, 150), (120, 150), (180, 150)):
        canvas.click(*spot)
    canvas.store.select_point(-1)
    press(canvas, Key.Key_Period)
    assert canvas.store.point == 0
    press(canvas, Key.Key_Period)
    assert "Point 2" in canvas.window.workspace.canvas.hint
    canvas.key(Key.Key_Up, SHIFT)
    np.testing.assert_allclose(pixels(canvas)[1], (120, 140), atol=1)
    press(canvas, Key.Key_I)
    assert len(canvas.store.draft) == 4
    assert canvas.store.point == 2
    np.testing.assert_allclose(pixels(canvas)[2], (150, 145), atol=1)
    press(canvas, Key.Key_Comma, Key.Key_Delete)
    np.testing.assert_allclose(pixels(canvas), [(60, 150), (150, 145), (180, 150)], atol=1)
    press(canvas, Key.Key_Backspace, Key.Key_Backspace, Key.Key_Backspace)
    assert canvas.store.draft is None
    assert canvas.store.point == -1
    assert not canvas.window.actions_table["remove_point"].isEnabled()
    for _ in range(5):
        canvas.key(Key.Key_Z, CTRL)
    np.testing.assert_allclose(pixels(canvas)[1], (120, 140), atol=1)


def test_the_last_point_is_split_off_in_front(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    press(canvas, Key.Key_I)
    np.testing.assert_allclose(pixels(canvas)[1], (120, 150), atol=1)
    assert canvas.store.point == 1


def test_choosing_goes_round_in_both_directions(canvas: Rigged) -> None:
    for spot in ((60, 150), (120, 150), (180, 150)):
        canvas.click(*spot)
    seen = []
    for key in (Key.Key_Period, Key.Key_Period, Key.Key_Comma, Key.Key_Comma):
        press(canvas, key)
        seen.append(canvas.store.point)
    assert seen == [0, 1, 0, 2]


def test_nudging_another_point_is_another_step(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    steps = canvas.studio.undo_stack.count()
    press(canvas, Key.Key_Right, Key.Key_Right, Key.Key_Comma, Key.Key_Right)
    assert canvas.studio.undo_stack.count() == steps + 2
    canvas.key(Key.Key_Z, CTRL)
    np.testing.assert_allclose(pixels(canvas), [(60, 150), (182, 150)], atol=1)


def test_arrows_without_a_selected_point_move_the_cross(canvas: Rigged) -> None:
    keys = canvas.window.workspace.canvas.tool.keys
    canvas.view.setFocus()
    press(canvas, Key.Key_Right)
    np.testing.assert_allclose(
        (keys.cursor.x(), keys.cursor.y()), start(canvas) + np.array([1, 0]), atol=1e-6
    )
    for _ in range(40):
        canvas.key(Key.Key_Right, SHIFT)
    assert keys.cursor.x() == pytest.approx(319.5)


def test_the_cross_places_no_point_twice_and_none_too_many(canvas: Rigged) -> None:
    tool = canvas.window.workspace.canvas.tool
    press(canvas, Key.Key_P, Key.Key_P)
    assert len(canvas.store.draft) == 1
    assert "point already" in canvas.window.workspace.canvas.hint
    for _ in range(4):
        canvas.key(Key.Key_Down, SHIFT)
        press(canvas, Key.Key_P)
    assert len(canvas.store.draft) == 5
    assert tool.keys.cursor is None
    assert not canvas.window.actions_table["place_point"].isEnabled()
    assert canvas.window.actions_table.reason("place_point") == FULL


def test_a_press_of_the_mouse_puts_the_cross_away(canvas: Rigged) -> None:
    tool = canvas.window.workspace.canvas.tool
    press(canvas, Key.Key_P)
    canvas.click(60, 200)
    assert tool.keys.cursor is None
    assert len(canvas.store.draft) == 2


def test_the_menu_key_opens_the_menu_at_the_selected_point(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.key(Key.Key_Menu)
    menu = canvas.window.workspace.menu
    canvas.until(menu.isVisible)
    assert menu.actions()[0].objectName() == "remove_point"
    menu.close()


def test_letters_belong_to_the_instruction_while_it_has_the_focus(canvas: Rigged) -> None:
    canvas.key(Key.Key_I, CTRL)
    canvas.window.workspace.instruction.line.clear()
    canvas.qtbot.keyClicks(canvas.window.workspace.instruction.line, "pgv.,mt")
    assert canvas.window.workspace.instruction.line.text() == "pgv.,mt"
    assert canvas.store.draft is None
    assert not canvas.window.workspace.canvas.edges.is_on
