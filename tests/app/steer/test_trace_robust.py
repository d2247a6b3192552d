"""What happens around a gesture does not hurt the trace."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.steer.trace_hints import CHANGED_HINT, STROKE_HINT
from app.steer.trace_rules import FULL
from tests.app.conftest import Rigged, drag, move, release
from tests.app.steer.hands import near, point_at, trigger


@pytest.fixture
def canvas(rigged: Rigged) -> Rigged:
    rigged.ready()
    return rigged


def test_a_lost_release_ends_the_gesture_where_it_was(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150), release=False)
    point_at(canvas, 200, 60)
    assert not canvas.window.workspace.canvas.tool.active
    near(canvas, (60, 150), (85, 150), (110, 150), (135, 150), (160, 150))
    assert canvas.studio.undo_stack.count() == 1


def test_resizing_while_drawing_keeps_the_stroke_where_it_is(canvas: Rigged) -> None:
    canvas.drag((60, 150), (110, 150), release=False)
    canvas.window.resize(1100, 720)
    canvas.qtbot.wait(50)
    move(canvas.view.viewport(), canvas.at(160, 150), held=True)
    release(canvas.view.viewport(), canvas.at(160, 150))
    near(canvas, (60, 150), (85, 150), (110, 150), (135, 150), (160, 150))


@pytest.mark.parametrize("loss", ["rig", "pin"])
def test_losing_the_picture_takes_the_gesture_back_and_keeps_the_draft(
    canvas: Rigged, loss: str
) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    before = canvas.store.draft
    canvas.drag((180, 150), (200, 90), release=False)
    if loss == "rig":
        canvas.studio._connection_lost()
    else:
        canvas.studio.controller.go_live()
    assert not canvas.window.workspace.canvas.tool.active
    assert canvas.window.workspace.canvas.hint == CHANGED_HINT
    np.testing.assert_array_equal(canvas.store.draft, before)
    drag(canvas.view.viewport(), [canvas.at(200, 90), canvas.at(210, 80)])
    for key in (Qt.Key.Key_P, Qt.Key.Key_Period, Qt.Key.Key_V, Qt.Key.Key_Right, Qt.Key.Key_G):
        canvas.key(key)
    assert canvas.store.draft is not None


def test_a_camera_that_falls_silent_while_drawing_changes_nothing(canvas: Rigged) -> None:
    canvas.drag((60, 150), (110, 150), release=False)
    canvas.rig.live = False
    canvas.qtbot.wait(100)
    drag(canvas.view.viewport(), [canvas.at(110, 150), canvas.at(160, 150)])
    assert len(canvas.store.draft) == 5


def test_an_answer_to_an_older_draft_is_dropped_and_said_so(canvas: Rigged) -> None:
    canvas.drag((60, 150), (160, 150))
    canvas.policy.gate.clear()
    canvas.key(Qt.Key.Key_Return)
    canvas.phase("steering")
    canvas.until(lambda: bool(canvas.policy.asked))
    canvas.drag((160, 150), (170, 90))
    canvas.until(lambda: canvas.policy.cancelled == 1)
    canvas.policy.gate.set()
    canvas.phase("ready")
    said = [notice.text for notice in canvas.studio.notifier.history]
    assert sum("answer is dropped" in text for text in said) == 1
    assert "user" not in canvas.store.plans


def test_a_warning_ends_when_something_new_begins(canvas: Rigged) -> None:
    picture = canvas.window.workspace.canvas
    canvas.drag((60, 150), (260, 150))
    canvas.click(100, 60)
    assert picture.hint == FULL
    canvas.drag((60, 200), (160, 200), release=False)
    assert picture.hint == STROKE_HINT


def test_actions_wait_for_the_hand(canvas: Rigged) -> None:
    canvas.click(60, 150)
    canvas.click(180, 150)
    canvas.drag((180, 150), (200, 90), release=False)
    held = canvas.store.draft
    trigger(canvas, "reverse")
    np.testing.assert_array_equal(canvas.store.draft, held)
    assert "let go" in canvas.window.workspace.canvas.hint
