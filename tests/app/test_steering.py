"""The main job through the real window: think, draw, steer, run, by mouse and keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.policy.client import RemotePolicy
from core.types import Capabilities, StudioError
from tests.app.conftest import Rigged
from tests.app.fakes import MODEL_TRACE, Verdict
from tests.core.policy.openpi_server import openpi_server, pi0

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_live_picture_badge_and_title(rigged: Rigged) -> None:
    rigged.ready()
    assert rigged.view.image_size == (320, 240)
    assert rigged.window._badge.text() == "SIMULATED\nLAB"
    assert rigged.window.windowTitle() == "Steering Studio – SIMULATED LAB"


def test_think_draw_steer_run_leaves_a_complete_log(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    observation, trace = rigged.policy.asked[0]
    assert trace is None
    assert observation.instruction == "pick up the blue cube"
    assert [f.camera for f in observation.frames] == ["front", "wrist"]
    assert rigged.store.observation is observation
    model_points = rigged.window.workspace.canvas.model_item.points
    assert len(model_points) == len(MODEL_TRACE)
    rigged.until(lambda: rigged.store.plan.preview is not None)

    rigged.drag((100, 60), (200, 120), (230, 150))
    assert rigged.store.draft.shape == (5, 2)
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    asked_again, sent = rigged.policy.asked[1]
    np.testing.assert_allclose(sent.points, rigged.store.draft)
    assert asked_again.frames is observation.frames

    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    assert rigged.store.phase == "running"
    assert rigged.rig.runs[0][1] == 8
    rigged.rig.finish(8)
    rigged.phase("ready")
    assert rigged.store.observation is None
    assert rigged.store.draft is not None
    names = [n for n in rigged.recorder.names() if n not in ("StateSampled", "StepDone", "Note")]
    assert names == [
        "SessionStarted",
        "Observed",
        "Reasoned",
        "Previewed",
        "TraceEdited",
        "Observed",
        "Steered",
        "Reasoned",
        "Previewed",
        "ChunkStarted",
        "ChunkEnded",
    ]
    steered = next(e for e in rigged.recorder.events if type(e).__name__ == "Steered")
    assert (steered.model_image == [0, 255, 255]).all(axis=2).any()


def test_stages_stream_in(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    rigged.policy.stage_fraction = 0.75
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("thinking")
    workspace = rigged.window.workspace
    rigged.until(lambda: not workspace.canvas.model_item.is_empty)
    assert "of 100" in workspace.depth_view.caption or "10 × 10" in workspace.depth_view.caption
    assert rigged.store.plan is None
    rigged.policy.gate.set()
    rigged.phase("planned")


def test_display_stays_on_the_frame_that_was_sent(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.rig.pose = rigged.rig.pose.copy()
    rigged.rig.pose[1, 3] -= 0.2
    pinned = rigged.view._picture.pixmap().cacheKey()
    seq = rigged.studio.feed.frames["front"].seq
    rigged.until(lambda: rigged.studio.feed.frames["front"].seq > seq + 2)
    assert rigged.view._picture.pixmap().cacheKey() == pinned
    assert "front" in rigged.window.workspace.cameras.insets
    rigged.key(Qt.Key.Key_L)
    rigged.phase("ready")
    rigged.until(lambda: rigged.view._picture.pixmap().cacheKey() != pinned)
    assert "front" not in rigged.window.workspace.cameras.insets


def test_escape_cancels_and_a_late_answer_is_dropped(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("thinking")
    rigged.until(lambda: len(rigged.policy.asked) == 1)
    rigged.key(Qt.Key.Key_Escape)
    rigged.phase("ready")
    rigged.until(lambda: rigged.policy.cancelled == 1)
    assert not rigged.store.plans
    assert not rigged.rig.stops


def test_editing_voids_the_steered_plan(rigged: Rigged) -> None:
    rigged.ready()
    rigged.drag((100, 60), (200, 150))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.drag((200, 150), (220, 160))
    assert "user" not in rigged.store.plans
    rigged.phase("ready")
    assert not rigged.window.actions_table["run"].isEnabled()
    assert rigged.window.actions_table.reason("run") == "Draw or accept a plan first."


def test_rejected_plan_cannot_be_run(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.verdict = Verdict(ok=False, reason="leaves the box at step 5", step=5)
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    run = rigged.window.actions_table["run"]
    assert not run.isEnabled()
    assert "leaves the box at step 5" in run.toolTip()
    assert "leaves the box" in rigged.window.workspace.plans.cards["model"].words
    rigged.key(Qt.Key.Key_Return, CTRL)
    assert not rigged.rig.runs


def test_unreadable_answer_is_a_sentence_and_nothing_moves(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.error = "The answer has 7 action rows; 8 were expected."
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    assert "7 action rows" in rigged.studio.notifier.history[-1].text
    assert not rigged.window.actions_table["run"].isEnabled()


def test_policy_failure_is_a_sentence(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.failure = StudioError("The policy server went away; nothing moves.")
    rigged.key(Qt.Key.Key_Space)
    rigged.until(lambda: bool(rigged.studio.notifier.history))
    assert rigged.studio.notifier.history[-1].text == "The policy server went away; nothing moves."
    rigged.phase("ready")


def test_empty_and_long_instructions_are_refused(rigged: Rigged) -> None:
    rigged.ready()
    actions = rigged.window.actions_table
    for text in ("", "   ", "x" * 5000):
        rigged.window.workspace.instruction.set_instruction(text)
        assert not actions["think"].isEnabled()
        assert rigged.window.actions_table.reason("think")
        rigged.key(Qt.Key.Key_Space)
    assert not rigged.policy.asked
    rigged.window.workspace.instruction.set_instruction("pick up the bowl")
    assert actions["think"].isEnabled()


def test_a_camera_that_went_dark_is_named_and_nothing_is_asked(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rigged.ready()
    rigged.rig.live = False
    monkeypatch.setattr("app.observe.STALE_MS", 50.0)
    rigged.until(lambda: rigged.studio.feed.age_ms("front") > 60)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        rigged.key(key)
    assert "Camera 'front' has not delivered a picture for" in said(rigged)
    assert rigged.store.phase == "ready"
    rigged.studio.feed.frames.pop("wrist")
    rigged.rig.cameras.pop("wrist")
    rigged.rig.live = True
    rigged.until(lambda: rigged.studio.feed.age_ms("front") < 40)
    monkeypatch.setattr("app.observe.STALE_MS", 1000.0)
    rigged.key(Qt.Key.Key_Space)
    assert said(rigged) == "Camera 'wrist' has not delivered a picture yet; check it."
    assert not rigged.policy.asked
    assert not rigged.rig.runs


def said(rigged: Rigged) -> str:
    return rigged.studio.notifier.history[-1].text


def test_typing_in_the_box_triggers_nothing(rigged: Rigged) -> None:
    rigged.ready()
    line = rigged.window.workspace.instruction.line
    rigged.key(Qt.Key.Key_I, CTRL)
    rigged.until(line.hasFocus)
    rigged.qtbot.keyClicks(line, "feel the flat lid")
    assert line.text() == "feel the flat lid"
    assert not rigged.policy.asked
    rigged.drag((100, 60), (200, 150))
    line.setFocus()
    rigged.qtbot.keyClick(line, Qt.Key.Key_Return)
    rigged.phase("planned")
    assert rigged.policy.asked[-1][1] is None


def test_a_language_only_policy_says_why_panels_stay_empty(rigged: Rigged, qtbot: Any) -> None:
    """A scripted openpi server behind the window: instruction in, actions out."""
    rigged.ready()
    panels, actions = rigged.window.workspace, rigged.window.actions_table
    with openpi_server({"name": "pi0"}, pi0) as server, RemotePolicy(server.url) as remote:
        rigged.studio.policy._worker._make_client = lambda url, token: remote
        rigged.studio.policy.open(server.url)
        rigged.until(
            lambda: (
                rigged.store.capabilities is not None and rigged.store.capabilities.name == "pi0"
            )
        )
        assert panels.depth_view.hint == "pi0 gives no depth, so there is none to show."
        assert "pi0 gives no depth" in panels.cloud.message
        assert "pi0 gives no trace" in panels.answer.hint
        rigged.drag((100, 60), (200, 150))
        assert rigged.store.draft is None
        assert "cannot follow" in panels.canvas.hint
        assert not actions["steer"].isEnabled()
        assert "pi0 cannot follow a drawn trace" in actions["steer"].toolTip()
        rigged.key(Qt.Key.Key_Space)
        rigged.phase("planned")
        assert panels.answer.trace_text == "pi0 gives no trace."
        assert [text.split()[0] for text in panels.answer.stage_texts] == ["actions"]
        assert rigged.store.plan.chunk.actions.shape == (50, 7)
    assert server.seen[0]["prompt"] == "pick up the blue cube"


def test_the_hints_come_back_with_a_policy_that_can(rigged: Rigged) -> None:
    rigged.ready()
    panels = rigged.window.workspace
    for capabilities, word in (
        (Capabilities(name="m2", depth=True), "Fills"),
        (Capabilities(name="plain"), "no depth"),
        (Capabilities(name="full", depth=True, trace_out=True), "Fills"),
    ):
        rigged.store.set_capabilities(capabilities)
        assert word in panels.depth_view.hint
    assert "depth, then the trace, then the actions" in panels.answer.hint


def test_steering_again_takes_a_new_picture_and_trims(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.auto_run = True
    rigged.drag((168, 55), (120, 110), (90, 150))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    before = rigged.store.draft
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.phase("ready")
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    assert len(rigged.store.travelled) >= 2
    np.testing.assert_allclose(rigged.store.draft[-1], before[-1])
    assert rigged.policy.asked[1][0].frames[0].seq > rigged.policy.asked[0][0].frames[0].seq


def test_help_theme_and_messages(rigged: Rigged) -> None:
    from app import theme

    rigged.ready()
    rigged.key(Qt.Key.Key_F1)
    assert rigged.window.dialogs.help.isVisible()
    rigged.key(Qt.Key.Key_Escape)
    assert not rigged.window.dialogs.help.isVisible()
    rigged.key(Qt.Key.Key_L, CTRL)
    assert theme.tokens().name == "dark"
    rigged.studio.notifier.warning("Look at this.")
    rigged.key(Qt.Key.Key_M, CTRL)
    assert rigged.window.dialogs.history.isVisible()
    rigged.key(Qt.Key.Key_Escape)
    assert not rigged.window.dialogs.history.isVisible()


def test_new_scene_forgets_the_old_drawing(rigged: Rigged) -> None:
    rigged.ready()
    rigged.drag((100, 60), (200, 150))
    rigged.key(Qt.Key.Key_N, CTRL)
    rigged.until(lambda: rigged.store.draft is None)
    assert "reset" in rigged.rig.calls
    assert rigged.store.observation is None
    assert not rigged.window.actions_table["undo"].isEnabled()
