"""The trace in numbers: alone, and in the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.steer.mapping import scene_from_model
from app.steer.points_panel import PointsPanel, read_number
from tests.app.conftest import Rigged

CTRL = Qt.KeyboardModifier.ControlModifier
SIZE = (320, 240)
TRACE = np.array([[0.0, 0.0], [127.5, 51.0], [255.0, 255.0]])


@pytest.fixture
def panel(qtbot: Any) -> PointsPanel:
    panel = PointsPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 160)
    panel.show()
    return panel


def texts(panel: PointsPanel, row: int) -> list[str]:
    return [panel.table.item(row, column).text() for column in range(4)]


def test_a_row_shows_pixels_and_the_models_units(panel: PointsPanel) -> None:
    panel.set_points(TRACE, SIZE)
    assert panel.table.rowCount() == 3
    assert texts(panel, 0) == ["0.5", "0.5", "0.0", "0.0"]
    assert texts(panel, 1) == ["160.0", "48.3", "127.5", "51.0"]
    assert texts(panel, 2) == ["319.5", "239.5", "255.0", "255.0"]
    panel.set_points(TRACE, (0, 0))
    assert texts(panel, 1) == ["–", "–", "127.5", "51.0"]


def test_five_points_fit_into_a_dock_without_a_scroll_bar(panel: PointsPanel) -> None:
    panel.set_points(np.full((5, 2), 255.0), (1280, 720))
    assert not panel.table.verticalScrollBar().isVisible()
    assert not panel.table.horizontalScrollBar().isVisible()
    for column in range(4):
        assert panel.table.columnWidth(column) >= panel.table.sizeHintForColumn(column)


def test_typing_asks_for_the_point(panel: PointsPanel, qtbot: Any) -> None:
    panel.set_points(TRACE, SIZE)
    asked: list[tuple[int, np.ndarray]] = []
    panel.point_typed.connect(lambda row, point: asked.append((row, point)))
    panel.table.item(1, 2).setText("30")
    panel.table.item(1, 1).setText("0,5")
    assert [row for row, _ in asked] == [1, 1]
    np.testing.assert_allclose(asked[0][1], [30, 51])
    np.testing.assert_allclose(asked[1][1], [127.5, 0], atol=1e-9)
    assert texts(panel, 1) == ["160.0", "48.3", "127.5", "51.0"]
    assert panel.note == ""


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        (0, "320", "outside the picture; type 0.5 to 319.5"),
        (1, "-1", "type 0.5 to 239.5"),
        (2, "256", "type 0 to 255"),
        (3, "top", "“top” is not a number"),
        (3, "", "is not a number"),
        (2, "nan", "outside"),
        (2, "inf", "outside"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    panel: PointsPanel, column: int, text: str, why: str
) -> None:
    panel.set_points(TRACE, SIZE)
    asked: list[Any] = []
    panel.point_typed.connect(lambda *typed: asked.append(typed))
    before = texts(panel, 1)
    panel.table.item(1, column).setText(text)
    assert not asked
    assert why in panel.note
    assert texts(panel, 1) == before
    panel.set_points(TRACE + 1.0, SIZE)
    assert panel.note == ""


def test_pixels_cannot_be_typed_without_a_picture(panel: PointsPanel) -> None:
    panel.set_points(TRACE, (0, 0))
    panel.table.item(1, 0).setText("5")
    assert "no picture" in panel.note


def test_the_selected_row_is_the_selected_point(panel: PointsPanel) -> None:
    panel.set_points(TRACE, SIZE)
    chosen: list[int] = []
    panel.point_chosen.connect(chosen.append)
    panel.set_selected(2)
    assert not chosen
    assert panel.table.currentRow() == 2
    panel.table.selectRow(1)
    assert chosen == [1]
    panel.set_selected(-1)
    assert not panel.table.selectedItems()


@given(st.text(max_size=12))
def test_reading_never_fails_and_never_leaves_the_range(text: str) -> None:
    value, refusal = read_number(text, 0.0, 255.0)
    assert 0.0 <= value <= 255.0
    assert not refusal or refusal.endswith(".")


@given(st.floats(0, 255))
def test_numbers_are_read_with_point_and_comma(value: float) -> None:
    for text in (repr(value), repr(value).replace(".", ","), f" {value!r} "):
        assert read_number(text, 0.0, 255.0) == (value, "")


def test_typing_moves_the_point_on_the_canvas_and_is_a_step(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.docks.show("points")
    rigged.click(60, 150)
    rigged.click(180, 150)
    panel = rigged.window.workspace.points
    rigged.until(lambda: panel.table.rowCount() == 2)
    panel.table.setCurrentCell(0, 0)
    assert rigged.store.point == 0
    panel.table.editItem(panel.table.item(0, 0))
    editor = panel.table.findChild(QLineEdit)
    editor.selectAll()
    rigged.qtbot.keyClicks(editor, "100")
    rigged.qtbot.keyClick(editor, Qt.Key.Key_Return)
    rigged.until(lambda: rigged.studio.undo_stack.count() == 3)
    place = scene_from_model(rigged.store.draft, SIZE)[0]
    np.testing.assert_allclose(place[0], 100, atol=1e-6)
    np.testing.assert_allclose(place[1], 150, atol=1)
    assert rigged.store.phase == "ready"  # Enter in the table steers nothing
    assert rigged.window.actions_table["undo"].text() == "Undo set point 1"
    rigged.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_allclose(scene_from_model(rigged.store.draft, SIZE)[0][0], 60, atol=1)
    rigged.view.setFocus()
    rigged.key(Qt.Key.Key_Period)
    assert panel.table.currentRow() == rigged.store.point == 1


def test_why_something_was_refused_stays_while_the_trace_is_shown_again(panel: PointsPanel) -> None:
    panel.set_points(TRACE, SIZE)
    panel.table.item(1, 2).setText("300")
    said = panel.note
    assert said
    panel.set_points(TRACE.copy(), SIZE)
    assert panel.note == said
    panel.table.setCurrentCell(0, 0)  # on to another one
    assert panel.note == ""
