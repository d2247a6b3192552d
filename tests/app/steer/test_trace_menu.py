"""The menu of a right click on the picture."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.app.conftest import Rigged
from tests.app.steer.hands import near, right_click


@pytest.fixture
def canvas(rigged: Rigged) -> Rigged:
    rigged.ready()
    return rigged


def test_right_click_on_a_point_offers_to_remove_it(canvas: Rigged) -> None:
    for spot in ((60, 150), (120, 150), (180, 150)):
        canvas.click(*spot)
    menu = canvas.window.workspace.menu
    right_click(canvas, 120, 150)
    canvas.until(menu.isVisible)
    names = [action.objectName() for action in menu.actions() if not action.isSeparator()]
    assert names[:2] == ["remove_point", "insert_point"]
    canvas.qtbot.mouseClick(
        menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[0]).center()
    )
    near(canvas, (60, 150), (180, 150))


def test_right_click_on_line_or_picture_adds_a_point_right_there(canvas: Rigged) -> None:
    menu, keys = canvas.window.workspace.menu, canvas.window.workspace.canvas.tool.keys
    canvas.click(60, 150)
    canvas.click(180, 150)
    for x, y in ((120, 150), (250, 200)):
        right_click(canvas, x, y)
        canvas.until(menu.isVisible)
        assert menu.actions()[0].objectName() == "place_point"
        canvas.qtbot.keyClick(menu, Qt.Key.Key_Down)
        canvas.qtbot.keyClick(menu, Qt.Key.Key_Return)
        canvas.until(lambda: keys.cursor is None)
    near(canvas, (60, 150), (120, 150), (180, 150), (250, 200))
    right_click(canvas, 200, 60)
    canvas.until(menu.isVisible)
    assert keys.cursor is not None
    menu.close()
    canvas.until(lambda: keys.cursor is None)
    assert len(canvas.store.draft) == 4


def test_a_right_drag_pans_and_opens_no_menu(canvas: Rigged) -> None:
    asked = []
    canvas.view.context_requested.connect(lambda *place: asked.append(place))
    viewport, right = canvas.view.viewport(), Qt.MouseButton.RightButton
    canvas.qtbot.mousePress(viewport, right, pos=canvas.at(120, 150))
    canvas.qtbot.mouseRelease(viewport, right, pos=canvas.at(180, 150))
    assert not asked
    right_click(canvas, 120, 150)
    assert len(asked) == 1
    assert abs(asked[0][0].x() - 120) < 1
    canvas.window.workspace.menu.close()
