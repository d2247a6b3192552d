"""Editing the trace on the real canvas, by mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.steer.mapping import scene_from_model
from app.steer.trace_hints import FULL_HINT, OUTSIDE_HINT, STROKE_HINT
from app.steer.trace_rules import FULL
from tests.app.conftest import Rigged, drag
from tests.app.steer.hands import CTRL, SHIFT, gripper, near, pixels, point_at, trigger


@pytest.fixture
def canvas(rigged: Rigged) -> Rigged:
    rigged.ready()
    return rigged


def test_clicks_add_points_up_to_five(canvas: Rigged) -> None:
    spots = [(60.0, 150.0), (90.0, 160.0), (120.0, 140.0), (150.0, 180.0), (180.0, 150.0)]
    for spot in spots:
        canvas.click(*spot)
    near(canvas, *spots)
    canvas.click(220, 200)
    near(canvas, *spots)
    assert canvas.window.workspace.canvas.hint == FULL


def test_stroke_is_resampled_to_five_even_points(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150))
    near(canvas, (60, 150), (85, 150), (110, 150), (135, 150), (160, 150))
    assert "point 5" in canvas.window.workspace.canvas.hint  # the pointer still lies on it
    point_at(canvas, 250, 220)
    assert "begin at the gripper" in canvas.window.workspace.canvas.hint


def test_new_stroke_replaces_the_trace(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150))
    canvas.drag((60, 200), (260, 200))
    assert len(canvas.store.draft) == 5
    assert abs(pixels(canvas)[:, 1] - 200).max() < 1


def test_stroke_near_the_gripper_starts_at_the_gripper(canvas: Rigged) -> None:
    gripper = canvas.rig.cameras["front"].project(canvas.rig.pose[:3, 3])
    canvas.drag((gripper[0] + 5, gripper[1] + 4), (100, 150))
    np.testing.assert_allclose(pixels(canvas)[0], gripper, atol=1e-6)


def test_drag_moves_a_point_and_is_one_undo_step(canvas: Rigged) -> None:
    for spot in ((60, 150), (120, 150), (180, 150)):
        canvas.click(*spot)
    steps = canvas.studio.undo_stack.count()
    canvas.drag((120, 150), (130, 190))
    near(canvas, (60, 150), (130, 190), (180, 150))
    assert canvas.studio.undo_stack.count() == steps + 1
    canvas.key(Qt.Key.Key_Z, CTRL)
    near(canvas, (60, 150), (120, 150), (180, 150))
    canvas.key(Qt.Key.Key_Z, CTRL | SHIFT)
    near(canvas, (60, 150), (130, 190), (180, 150))


def test_undo_back_to_nothing(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.key(Qt.Key.Key_Z, CTRL)
    assert canvas.store.draft is None
    canvas.key(Qt.Key.Key_Y, CTRL)
    near(canvas, (60, 150))


def test_press_on_an_edge_inserts_and_drags(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.drag((120, 150), (120, 110))
    near(canvas, (60, 150), (120, 110), (180, 150))
    canvas.key(Qt.Key.Key_Z, CTRL)
    near(canvas, (60, 150), (180, 150))


def test_hovering_an_edge_shows_a_ghost_point(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    item = canvas.window.workspace.canvas.user_item
    canvas.qtbot.mouseMove(canvas.view.viewport(), canvas.at(120, 152))
    assert item._ghost is not None
    assert abs(item._ghost.y() - 150) < 1
    canvas.qtbot.mouseMove(canvas.view.viewport(), canvas.at(120, 220))
    assert item._ghost is None


def test_edge_of_a_full_trace_cannot_be_split(canvas: Rigged) -> None:
    canvas.drag((60, 150), (260, 150))
    before = canvas.store.draft
    canvas.drag((85, 150), (85, 100))
    np.testing.assert_array_equal(canvas.store.draft, before)
    assert canvas.window.workspace.canvas.hint == FULL_HINT


def test_delete_key_and_double_click_remove(canvas: Rigged) -> None:
    for spot in ((60, 150), (120, 150), (180, 150)):
        canvas.click(*spot)
    canvas.click(120, 150)
    canvas.key(Qt.Key.Key_Delete)
    near(canvas, (60, 150), (180, 150))
    viewport = canvas.view.viewport()
    canvas.click(60, 150)
    canvas.qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=canvas.at(60, 150))
    near(canvas, (180, 150))


def test_double_click_that_made_a_point_keeps_it(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.qtbot.mouseDClick(
        canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=canvas.at(180, 150)
    )
    near(canvas, (60, 150), (180, 150))


def test_arrows_nudge_and_merge(canvas: Rigged) -> None:
    canvas.click(60, 150)
    steps = canvas.studio.undo_stack.count()
    for _ in range(3):
        canvas.key(Qt.Key.Key_Right)
    canvas.key(Qt.Key.Key_Down, SHIFT)
    near(canvas, (63, 160))
    assert canvas.studio.undo_stack.count() == steps + 1


def test_escape_takes_a_drag_back(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.drag((180, 150), (200, 100), release=False)
    assert canvas.window.workspace.canvas.tool.active
    canvas.key(Qt.Key.Key_Escape)
    near(canvas, (60, 150), (180, 150))
    canvas.drag((100, 200), (200, 100), release=False)
    canvas.key(Qt.Key.Key_Escape)
    near(canvas, (60, 150), (180, 150))


def test_click_outside_the_picture_is_refused(canvas: Rigged) -> None:
    canvas.window.resize(1440, 700)
    canvas.qtbot.wait(50)
    outside = QPointF(-5, 100)
    place = canvas.view.to_viewport(outside).toPoint()
    assert canvas.view.viewport().rect().contains(place)
    canvas.qtbot.mouseClick(canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert canvas.store.draft is None
    assert canvas.store.observation is None
    assert canvas.window.workspace.canvas.hint == OUTSIDE_HINT
    target = canvas.at(100, 100)
    drag(canvas.view.viewport(), [place, target])
    assert canvas.store.draft is None


def test_stroke_that_leaves_the_picture_stays_on_its_edge(canvas: Rigged) -> None:
    canvas.drag((60, 150), (60, 400))
    assert canvas.store.draft.max() <= 255
    assert canvas.store.draft[-1, 1] == pytest.approx(255)


def test_copy_the_models_trace_and_bend_it(canvas: Rigged) -> None:
    canvas.key(Qt.Key.Key_Space)
    canvas.phase("planned")
    canvas.key(Qt.Key.Key_E)
    np.testing.assert_allclose(
        canvas.store.draft, canvas.store.plans["model"].reasoning.traces[0].points
    )
    canvas.key(Qt.Key.Key_Backspace, CTRL)
    assert canvas.store.draft is None


def test_no_drawing_while_the_arm_moves(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150))
    canvas.key(Qt.Key.Key_Return)
    canvas.phase("steered")
    canvas.until(lambda: canvas.store.plan.preview is not None)
    canvas.key(Qt.Key.Key_Return, CTRL)
    canvas.phase("running")
    before = canvas.store.draft
    canvas.drag((100, 200), (200, 200))
    np.testing.assert_array_equal(canvas.store.draft, before)
    assert "moving" in canvas.window.workspace.canvas.hint


def test_edits_are_logged(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150))
    canvas.key(Qt.Key.Key_Z, CTRL)
    edits = [e for e in canvas.recorder.events if type(e).__name__ == "TraceEdited"]
    assert [e.operation for e in edits] == ["draw trace", "undo"]
    assert len(edits[0].before) == 0
    assert len(edits[0].after) == 5


def test_a_stroke_shows_what_it_becomes_while_it_is_drawn(canvas: Rigged) -> None:
    picture = canvas.window.workspace.canvas
    canvas.drag((60, 150), (160, 150), (160, 80), release=False)
    assert len(canvas.store.draft) == 5
    assert np.linalg.norm(pixels(canvas) - (160, 150), axis=1).min() < 4
    assert len(picture.stroke_item.points) > 10
    assert picture.hint == STROKE_HINT
    assert canvas.studio.undo_stack.count() == 0
    shown = canvas.store.draft
    drag(canvas.view.viewport(), [canvas.at(160, 80)])
    assert picture.stroke_item.is_empty
    assert canvas.studio.undo_stack.count() == 1
    canvas.key(Qt.Key.Key_Z, CTRL)
    assert canvas.store.draft is None
    canvas.key(Qt.Key.Key_Y, CTRL)
    np.testing.assert_allclose(canvas.store.draft, shown)


def test_a_cancelled_gesture_leaves_no_step_and_keeps_redo(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.key(Qt.Key.Key_Z, CTRL)
    canvas.drag((60, 150), (90, 100), release=False)
    canvas.key(Qt.Key.Key_Z, CTRL)
    near(canvas, (60, 150))
    assert canvas.studio.undo_stack.canRedo()
    canvas.key(Qt.Key.Key_Y, CTRL)
    near(canvas, (60, 150), (180, 150))


def test_undo_and_redo_say_which_step_they_mean(canvas: Rigged) -> None:
    undo, redo = (canvas.window.actions_table[name] for name in ("undo", "redo"))
    assert undo.toolTip().endswith("There is nothing to undo.")
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.drag((180, 150), (200, 100))
    assert undo.text() == "Undo move point"
    assert undo.toolTip() == "Take back: move point. (Ctrl+Z)"
    canvas.key(Qt.Key.Key_Z, CTRL)
    assert undo.text() == "Undo add point"
    assert redo.text() == "Redo move point"
    assert redo.toolTip() == "Make again: move point. (Ctrl+Shift+Z)"
    trigger(canvas, "reverse")
    assert undo.text() == "Undo reverse trace"


def test_reverse_straighten_and_restore_are_steps(canvas: Rigged) -> None:
    canvas.key(Qt.Key.Key_Space)
    canvas.phase("planned")
    for spot in ((60, 150), (120, 90), (180, 150)):
        canvas.click(*spot)
    drawn = canvas.store.draft
    canvas.key(Qt.Key.Key_V)
    near(canvas, (180, 150), (120, 90), (60, 150))
    canvas.key(Qt.Key.Key_T)
    near(canvas, (180, 150), (120, 150), (60, 150))
    canvas.key(Qt.Key.Key_E)
    model = canvas.store.plans["model"].reasoning.traces[0].points
    np.testing.assert_allclose(canvas.store.draft, model)
    assert canvas.studio.undo_stack.undoText() == "Restore the model's trace"
    for _ in range(3):
        canvas.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_allclose(canvas.store.draft, drawn)


def test_the_first_click_snaps_to_the_gripper_and_later_ones_do_not(canvas: Rigged) -> None:
    x, y = gripper(canvas)
    canvas.click(x + 6, y + 5)
    np.testing.assert_allclose(pixels(canvas)[0], gripper(canvas), atol=1e-6)
    canvas.click(60, 150)
    canvas.click(x + 12, y + 8)
    near(canvas, (x, y), (60, 150), (x + 12, y + 8))


def test_a_trace_that_begins_elsewhere_is_marked_and_mended(canvas: Rigged) -> None:
    marks = canvas.window.workspace.canvas.marks_item
    assert marks.marks.first is None
    canvas.until(lambda: marks.marks.words == "the gripper")
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.key(Qt.Key.Key_Comma)
    point_at(canvas, 250, 220)
    assert abs(marks.marks.first.x() - 60) < 1
    np.testing.assert_allclose(
        (marks.marks.start.x(), marks.marks.start.y()), gripper(canvas), atol=1e-6
    )
    canvas.key(Qt.Key.Key_G)
    near(canvas, tuple(gripper(canvas)), (60, 150), (180, 150))
    assert marks.marks.first is None
    assert not canvas.window.actions_table["start_at_gripper"].isEnabled()
    assert canvas.studio.undo_stack.undoText() == "Start at the gripper"


def test_without_calibration_the_models_first_point_is_the_start(canvas: Rigged) -> None:
    from dataclasses import replace

    cameras = {**canvas.store.rig.cameras, "front": None}
    canvas.store.set_rig(replace(canvas.store.rig, cameras=cameras))
    assert not canvas.window.actions_table["start_at_gripper"].isEnabled()
    assert "calibrate" in canvas.window.actions_table.reason("start_at_gripper")
    canvas.key(Qt.Key.Key_Space)
    canvas.phase("planned")
    model = canvas.store.plans["model"].reasoning.traces[0].points
    x, y = scene_from_model(model[:1], (320, 240))[0]
    canvas.click(x + 4, y - 3)
    np.testing.assert_allclose(canvas.store.draft[0], model[0], atol=1e-6)


def test_grabbing_a_dot_off_its_centre_does_not_move_it(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    before = canvas.store.draft
    canvas.drag((62, 151), (62, 151))
    np.testing.assert_allclose(canvas.store.draft, before, atol=1e-9)
    assert canvas.studio.undo_stack.count() == 2
    canvas.drag((62, 151), (82, 121))
    near(canvas, (80, 120), (180, 150))


def test_numbers_show_while_a_point_is_selected_or_hovered(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    item = canvas.window.workspace.canvas.user_item
    assert item._numbered
    canvas.store.select_point(-1)
    point_at(canvas, 250, 220)
    assert not item._numbered
    point_at(canvas, 60, 150)
    assert item._numbered


def test_points_snap_to_edges_while_that_is_switched_on(canvas: Rigged) -> None:
    tool = canvas.window.workspace.canvas.tool
    canvas.click(60, 200)
    canvas.key(Qt.Key.Key_M)
    canvas.until(lambda: tool.edges.is_ready)
    red = canvas.rig.cameras["front"].project(np.array([0.5, -0.18, 0.03]))
    rows, columns = np.nonzero(tool.edges._field.strength)
    edges = np.column_stack([columns, rows]) + 0.5
    edge = edges[np.linalg.norm(edges - red, axis=1).argmin()]
    aside = edge + (edge - red) / np.linalg.norm(edge - red) * 3
    point_at(canvas, *aside)
    assert tool.aim.ring is not None
    canvas.click(*aside)
    assert np.linalg.norm(edges - pixels(canvas)[1], axis=1).min() < 1e-6
    canvas.key(Qt.Key.Key_M)
    canvas.key(Qt.Key.Key_Z, CTRL)
    canvas.click(*aside)
    assert np.linalg.norm(edges - pixels(canvas)[1], axis=1).min() > 1
