"""The window's heartbeat, and what the loss of the focus means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.pulse import LOST_FOCUS, PATIENCE
from app.store import Phase
from robot.rig.states import MotionState
from tests.app.conftest import Rigged
from tests.app.test_stopping import start_run

INACTIVE = Qt.ApplicationState.ApplicationInactive
ACTIVE = Qt.ApplicationState.ApplicationActive


def lose_focus(rigged: Rigged) -> None:
    rigged.studio.pulse._application_changed(INACTIVE)


def test_the_event_loop_itself_beats(rigged: Rigged) -> None:
    rigged.ready()
    before = len(rigged.rig.pulses)
    rigged.until(lambda: len(rigged.rig.pulses) >= before + 3)
    assert not any(rigged.rig.pulses)
    rigged.studio.pulse.shutdown()
    count = len(rigged.rig.pulses)
    rigged.qtbot.wait(150)
    assert len(rigged.rig.pulses) == count


def test_the_loss_of_the_focus_stops_the_arm(rigged: Rigged) -> None:
    start_run(rigged)
    lose_focus(rigged)
    rigged.studio.pulse._application_changed(ACTIVE)  # between two windows of ours
    rigged.qtbot.wait(150)
    assert rigged.store.phase == "running"
    lose_focus(rigged)
    rigged.phase("stopped")
    rigged.until(lambda: rigged.rig.stops == [LOST_FOCUS])


def test_in_the_lab_that_can_be_switched_off_and_with_a_real_arm_not(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.studio.preferences.change("stop_unfocused", False)
    lose_focus(rigged)
    rigged.studio.pulse.beat()
    assert rigged.store.phase == "running"
    rigged.store.rig = replace(rigged.store.rig, kind="real")
    lose_focus(rigged)
    rigged.studio.pulse.beat()
    assert rigged.store.phase == "stopped"
    rigged.until(lambda: not rigged.studio.tasks._jobs)


def test_the_run_of_another_window_is_not_ours_to_stop(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.holder = "client 2"
    rigged.rig.enter(MotionState.EXECUTING, run_id="7")
    rigged.phase("running")
    lose_focus(rigged)
    rigged.studio.pulse.beat()
    assert rigged.store.phase == "running"
    rigged.key(Qt.Key.Key_Escape)
    rigged.until(lambda: rigged.rig.stops == ["operator (Esc)"])


def test_without_focus_the_automatic_mode_ends(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    rigged.key(Qt.Key.Key_Return, control | shift)
    rigged.phase("thinking")
    lose_focus(rigged)
    rigged.until(lambda: not rigged.store.auto)
    assert rigged.rig.stops == []


def test_what_is_let_go_is_stopped_from_here_too(rigged: Rigged) -> None:
    rigged.ready()
    rigged.store.set_motion(hold_to_run=True)
    rigged.store.set_phase(Phase.RUNNING)
    for _ in range(PATIENCE):
        rigged.studio.pulse.beat()
    assert rigged.store.phase == "stopped"
    rigged.until(lambda: rigged.rig.stops == ["the hold was released"])


@pytest.mark.parametrize("study", [False, True])
def test_a_loss_stops_a_study_and_is_else_a_warning(rigged: Rigged, study: bool) -> None:
    rigged.store.study_mode = study
    start_run(rigged)
    if study:
        rigged.recorder.error = "The disk is full."
        rigged.until(lambda: bool(rigged.rig.stops))
        assert rigged.rig.stops == ["the studio: the recorder was lost in study mode"]
        return
    rigged.studio.policy.lost.emit("The policy server is gone.")
    assert rigged.rig.stops == []
    said = [note.text for note in rigged.studio.notifier.history]
    assert any("Lost the policy while the arm moves" in text for text in said)


def test_an_answer_that_takes_too_long_is_given_up(rigged: Rigged) -> None:
    rigged.ready()
    rigged.studio.watchdogs.answer_s = 1
    rigged.studio.watchdogs._late.timeout.disconnect()
    rigged.policy.gate.clear()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("thinking")
    assert rigged.studio.watchdogs._late.isActive()
    rigged.studio.watchdogs._too_late()
    rigged.phase("ready")
    said = [note.text for note in rigged.studio.notifier.history]
    assert any("The arm holds its pose and the gripper stays as it is." in text for text in said)
    assert not rigged.studio.watchdogs._late.isActive()
