"""Every row of the trace editor in the real window, with the real programs behind it.

Starting takes ten seconds, so one start is shared: each function below draws from nothing, checks
one row by mouse and keys, and leaves nothing behind.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu

from app.observe import gripper_pixel
from app.steer.mapping import scene_from_model
from app.steer.trace_hints import CHANGED_HINT, CURSOR_HINT, STROKE_HINT
from app.store import BUSY, PlanKind
from core.overlay import draw_trace, prepare_frame
from core.trace import arc_length
from tests.app.conftest import move, release
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
Points = NDArray[np.float64]
Start = Callable[..., Live]


def test_the_trace_editor_from_the_first_click_to_a_lost_lab(start: Start, subtests: Any) -> None:
    live = start("--seed", "7", "--instruction", "pick up the object")
    live.ready()
    live.until(lambda: live.store.robot is not None)
    fresh(live)
    live.window.docks.show("points")
    for check in (
        clicks_begin_at_the_gripper_and_end_at_five,
        a_stroke_shows_what_the_model_will_get,
        a_trace_from_the_models_own,
        a_ghost_point_is_dragged_out_of_the_line,
        points_are_dragged_and_nudged_in_merged_steps,
        points_are_deleted_by_key_double_click_and_menu,
        reversed_straightened_and_cleared,
        a_trace_that_begins_elsewhere_is_warned_of_and_mended,
        points_snap_to_edges,
        numbers_are_typed_and_rows_are_points,
        everything_by_keys_alone,
        escape_takes_a_gesture_back,
        what_is_drawn_is_what_is_sent,
        an_answer_to_an_older_draft_is_dropped,
        resizing_while_drawing_moves_nothing,
        a_lab_lost_while_drawing_leaves_the_draft,  # the last one: nothing is left afterwards
    ):
        with subtests.test(check.__name__):
            try:
                check(live)
            finally:
                leave_nothing(live)
    assert "Traceback" not in live.log
    live.window.close()


def leave_nothing(live: Live) -> None:
    """Leave no trace, no gesture and no question behind; the picture stays pinned."""
    live.window.workspace.canvas.tool.cancel()
    live.studio.controller.cancel()
    if live.store.rig is None:
        return
    if live.store.draft is not None:
        live.window.actions_table["clear"].trigger()
    live.view.setFocus()


def fresh(live: Live) -> None:
    """Wait for a picture of now; a loaded machine delivers late, and old ones are refused."""
    live.until(lambda: (live.studio.feed.age_ms("front") or 1e9) < 500)


def places(live: Live) -> Points:
    """The trace in pixels of the frame."""
    return scene_from_model(live.store.draft, live.view.image_size)


def near(live: Live, *expected: Any) -> None:
    # A pointer only has whole screen pixels.
    slack = 0.6 / min(live.view.scale_factor, 1.0) + 0.6
    np.testing.assert_allclose(places(live), np.array(expected), atol=slack)


def gripper(live: Live) -> Points:
    store = live.store
    state = store.observation.state if store.observation is not None else store.robot
    place = gripper_pixel(store.rig, "front", state)
    assert place is not None
    return place * live.view.image_size


def at(live: Live, x: float, y: float) -> tuple[float, float]:
    """A place by its share of the picture."""
    width, height = live.view.image_size
    return x * width, y * height


def hint(live: Live) -> str:
    return live.window.workspace.canvas.hint


def press(live: Live, *keys: Qt.Key) -> None:
    for key in keys:
        live.key(key)


def three(live: Live) -> list[tuple[float, float]]:
    """Click three points, away from the gripper."""
    spots = [at(live, 0.2, 0.7), at(live, 0.4, 0.85), at(live, 0.6, 0.7)]
    for spot in spots:
        live.click(*spot)
    near(live, *spots)
    return spots


def clicks_begin_at_the_gripper_and_end_at_five(live: Live) -> None:
    marks = live.window.workspace.canvas.marks_item.marks
    assert marks.words == "the gripper"
    assert marks.first is None
    x, y = gripper(live)
    live.click(x + 5, y + 3)
    np.testing.assert_allclose(places(live)[0], gripper(live), atol=1e-6)
    spots = [at(live, 0.2, 0.6), at(live, 0.4, 0.8), at(live, 0.6, 0.8), at(live, 0.8, 0.6)]
    for spot in spots:
        live.click(*spot)
    near(live, gripper(live), *spots)
    live.click(*at(live, 0.5, 0.95))
    assert len(live.store.draft) == 5
    assert "at most 5 points" in hint(live)


def a_stroke_shows_what_the_model_will_get(live: Live) -> None:
    canvas = live.window.workspace.canvas
    corner = at(live, 0.7, 0.8)
    live.drag(at(live, 0.2, 0.8), corner, at(live, 0.7, 0.45), release=False)
    assert hint(live) == STROKE_HINT
    assert len(live.store.draft) == 5
    assert len(canvas.stroke_item.points) > 10
    gap = np.linalg.norm(places(live) - corner, axis=1).min()
    assert gap < 0.02 * arc_length(places(live))[-1] + 2
    shown = live.store.draft
    release(live.view.viewport(), live.at(*at(live, 0.7, 0.45)))
    assert canvas.stroke_item.is_empty
    np.testing.assert_array_equal(live.store.draft, shown)
    assert live.window.actions_table["undo"].text() == "Undo draw trace"


def a_trace_from_the_models_own(live: Live) -> None:
    fresh(live)
    live.key(Key.Key_Space)
    live.until(lambda: live.store.phase in BUSY)
    live.until(lambda: live.store.phase not in BUSY)
    plan = live.store.plans[PlanKind.MODEL]
    assert plan.reasoning.traces, live.said
    model = plan.reasoning.traces[0].points
    live.key(Key.Key_E)
    np.testing.assert_allclose(live.store.draft, model)
    assert live.window.actions_table["undo"].text() == "Undo start from the model's trace"
    canvas = live.window.workspace.canvas
    style = canvas.user_item._style
    assert (style.filled, style.ordered, style.arrow) == (False, True, True)
    live.store.select_point(0)
    live.key(Key.Key_Down, SHIFT)
    assert not np.allclose(live.store.draft, model)
    live.key(Key.Key_E)
    np.testing.assert_allclose(live.store.draft, model)
    assert live.window.actions_table["undo"].text() == "Undo restore the model's trace"


def a_ghost_point_is_dragged_out_of_the_line(live: Live) -> None:
    first, second, third = three(live)
    middle = (np.array(first) + second) / 2
    move(live.view.viewport(), live.at(*middle))
    ghost = live.window.workspace.canvas.tool.ghost
    assert ghost is not None
    assert np.hypot(*(np.array((ghost.x(), ghost.y())) - middle)) < 2
    assert "add a point" in hint(live)
    before, target = live.studio.undo_stack.index(), at(live, 0.3, 0.5)
    live.drag(tuple(middle), target)
    near(live, first, target, second, third)
    assert live.studio.undo_stack.index() == before + 1


def points_are_dragged_and_nudged_in_merged_steps(live: Live) -> None:
    first, second, third = three(live)
    before, target = live.studio.undo_stack.index(), at(live, 0.5, 0.6)
    live.drag(second, target)
    near(live, first, target, third)
    assert live.studio.undo_stack.index() == before + 1
    item = live.window.workspace.canvas.user_item
    assert item._numbered
    was = places(live)[1]
    for _ in range(4):
        live.key(Key.Key_Left)
    live.key(Key.Key_Up, SHIFT)
    np.testing.assert_allclose(places(live)[1] - was, (-4, -10), atol=1e-6)
    assert live.studio.undo_stack.index() == before + 2
    for _ in range(2):
        live.key(Key.Key_Z, CTRL)
    near(live, first, second, third)
    live.key(Key.Key_Y, CTRL)
    near(live, first, target, third)


def points_are_deleted_by_key_double_click_and_menu(live: Live) -> None:
    first, second, third = three(live)
    viewport = live.view.viewport()
    live.click(*second)
    live.key(Key.Key_Delete)
    near(live, first, third)
    live.key(Key.Key_Z, CTRL)
    live.click(*second)
    live.qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=live.at(*second))
    near(live, first, third)
    live.qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=live.at(*third))
    choose(live, live.window.workspace.menu, "remove_point")
    near(live, first)
    place = at(live, 0.7, 0.5)
    live.qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=live.at(*place))
    choose(live, live.window.workspace.menu, "place_point")
    near(live, first, place)
    live.until(lambda: live.window.workspace.canvas.tool.keys.cursor is None)


def choose(live: Live, menu: QMenu, name: str) -> None:
    """Click an entry of the open menu."""
    live.until(menu.isVisible)
    entry = next(action for action in menu.actions() if action.objectName() == name)
    assert entry.isEnabled()
    live.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())


def reversed_straightened_and_cleared(live: Live) -> None:
    first, second, third = three(live)
    live.key(Key.Key_V)
    near(live, third, second, first)
    assert live.window.actions_table["undo"].toolTip() == "Take back: reverse trace. (Ctrl+Z)"
    live.key(Key.Key_T)
    near(live, third, (np.array(first) + third) / 2, first)
    live.key(Key.Key_Backspace, CTRL)
    assert live.store.draft is None
    for _ in range(3):
        live.key(Key.Key_Z, CTRL)
    near(live, first, second, third)
    assert live.window.actions_table["redo"].text() == "Redo reverse trace"


def a_trace_that_begins_elsewhere_is_warned_of_and_mended(live: Live) -> None:
    canvas = live.window.workspace.canvas
    spots = three(live)
    live.store.select_point(-1)
    move(live.view.viewport(), live.at(*at(live, 0.95, 0.95)))
    assert canvas.marks_item.marks.first is not None
    assert "does not begin at the gripper" in hint(live)
    live.key(Key.Key_G)
    near(live, gripper(live), *spots)
    assert canvas.marks_item.marks.first is None
    assert live.window.actions_table.reason("start_at_gripper").endswith("already.")


def points_snap_to_edges(live: Live) -> None:
    tool = live.window.workspace.canvas.tool
    first = at(live, 0.1, 0.9)
    live.click(*first)
    live.key(Key.Key_M)
    live.until(lambda: tool.edges.is_ready)
    rows, columns = np.nonzero(tool.edges._field.strength)
    edges = np.column_stack([columns, rows]) + 0.5
    objects = live.ask_lab("objects")
    camera = live.store.rig.cameras["front"]
    body = camera.project(np.array(next(iter(objects.values()))[:3]))
    edge = edges[np.linalg.norm(edges - body, axis=1).argmin()]
    move(live.view.viewport(), live.at(*(edge + 1)))
    assert tool.aim.ring is not None
    live.click(*(edge + 1))
    assert np.linalg.norm(edges - places(live)[1], axis=1).min() < 1e-6
    live.key(Key.Key_M)
    assert not tool.edges.is_on


def numbers_are_typed_and_rows_are_points(live: Live) -> None:
    panel = live.window.workspace.points
    three(live)
    assert panel.table.rowCount() == 3
    live.key(Key.Key_Comma)
    assert panel.table.currentRow() == live.store.point == 1
    panel.table.setFocus()
    panel.table.setCurrentCell(2, 2)
    assert live.store.point == 2
    before = live.studio.undo_stack.index()
    for text, wanted in (("300", None), ("abc", None), ("128,5", 128.5)):
        live.until(lambda: panel.table.findChild(QLineEdit) is None)  # of the one before
        panel.table.editItem(panel.table.item(2, 2))
        editor = panel.table.findChild(QLineEdit)
        editor.selectAll()
        live.qtbot.keyClicks(editor, text)
        live.qtbot.keyClick(editor, Key.Key_Return)
        if wanted is None:
            live.until(lambda text=text: text in panel.note)
            assert live.studio.undo_stack.index() == before
        else:
            live.until(lambda: live.studio.undo_stack.index() == before + 1)
            assert live.store.draft[2, 0] == pytest.approx(wanted)
    assert live.store.phase not in BUSY  # Enter in the table steers nothing
    live.key(Key.Key_Z, CTRL)
    assert live.store.draft[2, 0] != pytest.approx(128.5)


def everything_by_keys_alone(live: Live) -> None:
    press(live, Key.Key_P)
    np.testing.assert_allclose(places(live), [gripper(live)], atol=1e-6)
    assert hint(live) == CURSOR_HINT
    live.key(Key.Key_Down, SHIFT)
    press(live, Key.Key_P)
    live.key(Key.Key_Left, SHIFT)
    press(live, Key.Key_P, Key.Key_Escape)
    steps_taken = np.diff(places(live), axis=0)
    np.testing.assert_allclose(steps_taken, [(0, 10), (-10, 0)], atol=1e-6)
    press(live, Key.Key_Period, Key.Key_I, Key.Key_Delete, Key.Key_Comma)
    np.testing.assert_allclose(np.diff(places(live), axis=0), steps_taken, atol=1e-6)
    press(live, Key.Key_V, Key.Key_T)
    assert len(live.store.draft) == 3
    press(live, *[Key.Key_Delete] * 3)
    assert live.store.draft is None


def escape_takes_a_gesture_back(live: Live) -> None:
    spots, pinned = three(live), live.store.observation
    taken = live.studio.undo_stack.index()
    live.drag(spots[1], at(live, 0.8, 0.5), release=False)
    live.key(Key.Key_Escape)
    near(live, *spots)
    live.drag(at(live, 0.3, 0.5), at(live, 0.8, 0.5), release=False)
    assert len(live.store.draft) == 5
    live.key(Key.Key_Escape)
    near(live, *spots)
    assert live.studio.undo_stack.index() == taken
    assert not live.studio.undo_stack.canRedo()
    assert live.store.observation is pinned


def what_is_drawn_is_what_is_sent(live: Live) -> None:
    live.drag(tuple(gripper(live)), at(live, 0.5, 0.8), at(live, 0.7, 0.6))
    drawn = live.store.draft
    live.key(Key.Key_Return)
    live.until(lambda: live.store.phase in BUSY)
    live.until(lambda: live.store.phase not in BUSY)
    answer = live.store.plans[PlanKind.USER].reasoning
    size = answer.model_image.shape[1::-1]
    frame = prepare_frame(live.store.observation.frames[0].image, size)
    assert np.array_equal(answer.model_image, draw_trace(frame, drawn))


def an_answer_to_an_older_draft_is_dropped(live: Live) -> None:
    live.drag(tuple(gripper(live)), at(live, 0.5, 0.8))
    live.key(Key.Key_Return)
    live.until(lambda: live.store.phase in BUSY)
    live.key(Key.Key_V)
    assert live.store.phase not in BUSY
    assert any("answer is dropped" in text for text in live.said)
    live.qtbot.wait(500)
    assert PlanKind.USER not in live.store.plans


def resizing_while_drawing_moves_nothing(live: Live) -> None:
    live.drag(at(live, 0.2, 0.8), at(live, 0.5, 0.8), release=False)
    width, height = live.window.width(), live.window.height()
    live.window.resize(1100, 720)
    live.qtbot.wait(100)
    move(live.view.viewport(), live.at(*at(live, 0.8, 0.8)), held=True)
    release(live.view.viewport(), live.at(*at(live, 0.8, 0.8)))
    near(live, *(at(live, x, 0.8) for x in (0.2, 0.35, 0.5, 0.65, 0.8)))
    live.window.resize(width, height)


def a_lab_lost_while_drawing_leaves_the_draft(live: Live) -> None:
    spots = three(live)
    before = live.store.draft
    live.drag(spots[2], at(live, 0.8, 0.5), release=False)
    os.kill(live.studio.services.process_id("lab"), signal.SIGKILL)
    live.until(lambda: live.store.rig is None)
    assert hint(live) == CHANGED_HINT
    np.testing.assert_array_equal(live.store.draft, before)
    release(live.view.viewport(), live.at(*at(live, 0.8, 0.5)))
    press(live, Key.Key_P, Key.Key_Period, Key.Key_V, Key.Key_Right, Key.Key_G, Key.Key_M)
    np.testing.assert_array_equal(live.store.draft, before)
