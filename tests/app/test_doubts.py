"""Doubtful answers: what the person reads, what holds Run back, and how it is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.steer.plan_states import verdict_words
from app.steer.reasoning_panel import INCOMPLETE, ReasoningPanel
from app.store import Plan, PlanKind
from app.watch import Watch
from core.policy.doubt import SEVERE_BEGINNING
from core.types import Frame, Observation, Reasoning, RobotState
from robot.rig.messages import RunEnded, Stopped
from tests.app.conftest import Rigged
from tests.app.fakes import Preview, ee_pose

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SEVERE = f"{SEVERE_BEGINNING}The actions race."


def doubtful(rigged: Rigged, *warnings: str) -> None:
    """Let the policy's answers carry these warnings."""
    infer = rigged.policy.infer

    def answer(*args: Any, **options: Any) -> Reasoning:
        return replace(infer(*args, **options), warnings=warnings)

    rigged.policy.infer = answer


def checked(rigged: Rigged) -> None:
    rigged.until(lambda: rigged.store.plan is not None and rigged.store.plan.preview is not None)


def test_a_severe_doubt_holds_run_back_until_a_person_allows_the_plan(rigged: Rigged) -> None:
    rigged.ready()
    doubtful(rigged, "The image is large.", SEVERE)
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    checked(rigged)
    table, panel = rigged.window.actions_table, rigged.window.workspace.answer
    assert not table["run"].isEnabled()
    assert "The actions race." in table.reason("run")
    assert "Ctrl+Shift+A" in table.reason("run")
    assert f"⚠ {SEVERE}" in panel.words
    assert rigged.window.workspace._allow.isVisible()
    rigged.studio.motion.run()
    assert not rigged.rig.runs

    rigged.key(Qt.Key.Key_A, CTRL_SHIFT)
    assert table["run"].isEnabled()
    assert not rigged.window.workspace._allow.isVisible()
    assert not rigged.rig.runs, "allowing moves nothing"
    assert "The actions race." in rigged.recorder.events[-1].text
    rigged.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rigged.until(lambda: len(rigged.rig.runs) == 1)


def test_a_new_answer_has_to_be_allowed_anew(rigged: Rigged) -> None:
    rigged.ready()
    doubtful(rigged, SEVERE)
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    checked(rigged)
    rigged.studio.controller.allow()
    assert rigged.store.plan.doubts == ()
    rigged.key(Qt.Key.Key_Space)
    rigged.until(lambda: rigged.store.plan is not None and bool(rigged.store.plan.doubts))


def test_a_mild_doubt_is_shown_and_holds_nothing_back(rigged: Rigged) -> None:
    rigged.ready()
    doubtful(rigged, "The image is large.")
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    checked(rigged)
    assert rigged.window.actions_table["run"].isEnabled()
    assert not rigged.window.actions_table["allow"].isEnabled()
    assert "⚠ The image is large." in rigged.window.workspace.answer.words


def test_the_automatic_mode_ends_at_a_severe_doubt(rigged: Rigged) -> None:
    rigged.ready()
    doubtful(rigged, SEVERE)
    rigged.key(Qt.Key.Key_Return, CTRL_SHIFT)
    rigged.until(lambda: rigged.store.plan is not None and not rigged.store.auto)
    assert not rigged.rig.runs
    texts = [notice.text for notice in rigged.studio.notifier.history]
    assert "The actions race." in texts
    assert "too doubtful" in texts[-1]


def test_a_frozen_camera_is_noticed_and_recorded(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    checked(rigged)
    store = rigged.store
    image = store.observation.frames[0].image
    # the rig goes on delivering this very picture, under new numbers, of an arm that moved
    rigged.rig.pose = ee_pose(x=0.55)
    frames = rigged.rig.frames

    def frozen() -> dict[str, Frame]:
        return {name: replace(frame, image=image) for name, frame in frames().items()}

    rigged.rig.frames = frozen
    feed = rigged.studio.feed
    rigged.until(
        lambda: (
            feed.state is not None
            and feed.state.ee_pose[0, 3] == pytest.approx(0.55)
            and np.array_equal(feed.frames["front"].image, image)
        )
    )
    rigged.key(Qt.Key.Key_Space)
    rigged.until(lambda: len(rigged.policy.asked) == 2 and store.phase == "planned")
    assert any("Camera 'front' shows exactly the same" in text for text in store.plan.doubts)
    recorded = [e.reasoning for e in rigged.recorder.events if type(e).__name__ == "Reasoned"]
    assert recorded[-1].warnings == store.plan.reasoning.warnings


def observation(seq: int, x: float) -> Observation:
    frame = Frame(camera="front", image=np.full((30, 40, 3), seq, np.uint8), t_ns=seq, seq=seq)
    state = RobotState(q=np.zeros(7), ee_pose=ee_pose(x=x), gripper=1.0, t_ns=seq)
    return Observation(frames=(frame,), instruction="go", state=state)


def test_runs_without_effect_are_counted_from_the_rigs_reports(rigged: Rigged) -> None:
    reasoning = rigged.policy.infer(observation(0, 0.4), request_id=1)
    watch = Watch()
    judged = reasoning
    for seq in range(3):
        judged = watch.judged(observation(seq, 0.4), reasoning)
        watch.take_event(Stopped(by="operator"))
        watch.take_event(RunEnded(run_id="1", reason="done", steps_done=4))
    assert judged.warnings[0].startswith(SEVERE_BEGINNING)
    assert "did not move" in judged.warnings[0]
    watch.forget()
    assert watch.judged(observation(9, 0.4), reasoning) is reasoning


def test_the_card_of_a_doubtful_plan_says_so(rigged: Rigged) -> None:
    reasoning = replace(rigged.policy.infer(observation(0, 0.4), request_id=1), warnings=(SEVERE,))
    preview: Any = Preview(poses=np.eye(4)[None], verdict=rigged.rig.verdict)
    plan = Plan(kind=PlanKind.MODEL, reasoning=reasoning, preview=preview)
    assert verdict_words(plan) == ("⚠ look before you run: The actions race.", "warn")
    assert verdict_words(replace(plan, allowed=True))[1] == "ok"


def test_a_broken_answer_is_marked_as_incomplete(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply_theme(qapp, "dark")
    panel = ReasoningPanel()
    qtbot.addWidget(panel)
    broken = Reasoning(request_id=1, text="to [[10, 20], [30, 40]], so", error="It is cut off.")
    panel.set_reasoning(broken)
    assert panel.words == f"✗ It is cut off.\n{INCOMPLETE}"
    panel.set_reasoning(replace(broken, text="no idea"))
    assert panel.words == "✗ It is cut off."
