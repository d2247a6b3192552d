"""Where something must be held: press arms, hold runs, letting go stops, any change disarms."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.store import Page, PlanKind
from core.types import StudioError
from robot.rig.messages import SpeedChanged, StateChanged
from robot.rig.states import MotionState
from tests.app.conftest import Rigged, send
from tests.app.fakes import ScriptedRig, Verdict

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


@pytest.fixture
def scripted_rig() -> ScriptedRig:
    return ScriptedRig(hold_to_run=True)


def planned(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())


def armed(rigged: Rigged) -> None:
    planned(rigged)
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.until(lambda: rigged.studio.arming.offer is not None)
    rigged.until(lambda: rigged.store.motion.state == MotionState.ARMED)


def button(rigged: Rigged):
    return rigged.window.workspace.robot.run_button


def press(rigged: Rigged) -> None:
    send(button(rigged), QEvent.Type.MouseButtonPress, QPoint(20, 20), LEFT, LEFT)


def let_go(rigged: Rigged) -> None:
    send(button(rigged), QEvent.Type.MouseButtonRelease, QPoint(20, 20), LEFT, NONE)


def key(rigged: Rigged, kind: QEvent.Type, code: Qt.Key, *, repeat: bool = False) -> None:
    """Deliver a key as the window system does: its repetitions marked, an override first."""
    target = QApplication.focusWidget() or rigged.window
    text = chr(code.value).lower() if code.value < 128 else ""
    none = Qt.KeyboardModifier.NoModifier
    if kind == QEvent.Type.KeyPress:
        override = QKeyEvent(QEvent.Type.ShortcutOverride, code, none, text, repeat)
        QApplication.sendEvent(target, override)
    QApplication.sendEvent(target, QKeyEvent(kind, code, none, text, repeat))


def test_the_first_press_arms_and_nothing_moves(rigged: Rigged) -> None:
    armed(rigged)
    assert button(rigged).text() == "Armed · 10 s"
    assert button(rigged).property("role") == "armed"
    assert rigged.window.workspace.robot.mode == "Arm armed"
    rigged.qtbot.wait(200)
    assert rigged.rig.runs == []
    rigged.until(lambda: button(rigged).text() == "Armed · 9 s")


def test_it_runs_while_the_button_is_held_and_stops_when_it_is_let_go(rigged: Rigged) -> None:
    armed(rigged)
    press(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    assert rigged.rig.pulses[-1]
    assert rigged.store.phase == "running"
    assert "Let go" in button(rigged).text()
    rigged.qtbot.wait(150)
    assert rigged.store.phase == "running"
    let_go(rigged)
    rigged.phase("stopped")
    assert rigged.rig.pulses[-1] is False
    assert len(rigged.rig.runs) == 1


def test_the_pointer_that_slips_off_the_button_lets_go(rigged: Rigged) -> None:
    armed(rigged)
    press(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    send(button(rigged), QEvent.Type.MouseMove, QPoint(-40, 10), NONE, LEFT)
    assert not rigged.studio.arming.held
    send(button(rigged), QEvent.Type.MouseMove, QPoint(20, 10), NONE, LEFT)
    assert not rigged.studio.arming.held, "coming back is no new press"
    rigged.phase("stopped")


def test_the_end_of_a_run_leaves_no_stop_behind(rigged: Rigged) -> None:
    armed(rigged)
    press(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    rigged.rig.finish(8)
    rigged.phase("ready")
    let_go(rigged)
    rigged.qtbot.wait(150)
    assert rigged.store.phase == "ready"
    assert rigged.rig.stops == []


def test_a_key_is_held_through_its_repetitions(rigged: Rigged) -> None:
    armed(rigged)
    key(rigged, QEvent.Type.KeyPress, Qt.Key.Key_R)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    for _ in range(3):
        key(rigged, QEvent.Type.KeyRelease, Qt.Key.Key_R, repeat=True)
        key(rigged, QEvent.Type.KeyPress, Qt.Key.Key_R, repeat=True)
        assert rigged.studio.arming.held
    key(rigged, QEvent.Type.KeyRelease, Qt.Key.Key_R)
    rigged.phase("stopped")


def test_a_pedal_is_a_key_of_the_settings(rigged: Rigged) -> None:
    rigged.studio.preferences.change("hold_keys", "F13")
    armed(rigged)
    key(rigged, QEvent.Type.KeyPress, Qt.Key.Key_R)
    assert not rigged.studio.arming.held
    key(rigged, QEvent.Type.KeyRelease, Qt.Key.Key_R)
    key(rigged, QEvent.Type.KeyPress, Qt.Key.Key_F13)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    key(rigged, QEvent.Type.KeyRelease, Qt.Key.Key_F13)
    rigged.phase("stopped")
    rigged.until(lambda: not rigged.studio.tasks._jobs)


def test_a_letter_in_the_instruction_is_a_letter(rigged: Rigged) -> None:
    planned(rigged)
    rigged.window.workspace.instruction.line.setFocus()
    rigged.until(lambda: rigged.window.workspace.instruction.line.hasFocus())
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.until(lambda: rigged.studio.arming.offer is not None)
    key(rigged, QEvent.Type.KeyPress, Qt.Key.Key_R)
    assert not rigged.studio.arming.held
    assert rigged.store.instruction.endswith("r")
    assert rigged.studio.arming.offer is None, "and it disarms, as the instruction is another one"


def test_a_double_click_moves_nothing(rigged: Rigged) -> None:
    planned(rigged)
    for _ in range(2):
        rigged.qtbot.mouseClick(button(rigged), LEFT)
    send(button(rigged), QEvent.Type.MouseButtonDblClick, QPoint(20, 20), LEFT, LEFT)
    let_go(rigged)
    rigged.until(lambda: rigged.store.motion.state == MotionState.ARMED)
    rigged.qtbot.mouseClick(button(rigged), LEFT)
    rigged.qtbot.wait(250)
    assert rigged.rig.runs == []
    assert rigged.rig.calls.count("arm") == 1


@pytest.mark.parametrize("what", ["trace", "instruction", "camera", "plan", "page", "live"])
def test_any_change_disarms_and_says_why(rigged: Rigged, what: str) -> None:
    armed(rigged)
    words = ""
    match what:
        case "trace":
            rigged.drag((100, 60), (170, 110), (230, 150))
            words = "Disarmed: you changed the trace."
        case "instruction":
            rigged.window.workspace.instruction.line.setFocus()
            rigged.qtbot.keyClicks(rigged.window.workspace.instruction.line, " now")
            words = "Disarmed: you changed the instruction."
        case "camera":
            rigged.key(Qt.Key.Key_O)
            words = "Disarmed: you look through another camera."
        case "plan":
            rigged.store.drop_plan(PlanKind.MODEL)
            words = "Disarmed: another plan is selected."
        case "page":
            rigged.window.pages.go(Page.REVIEW)
            words = "Disarmed: you turned to another page."
        case "live":
            rigged.key(Qt.Key.Key_L)
    rigged.until(lambda: bool(rigged.rig.disarmed))
    rigged.until(lambda: rigged.store.motion.state == MotionState.IDLE)
    assert rigged.studio.arming.offer is None
    if words:
        assert rigged.studio.arming.why == words
    if what == "trace":
        rigged.show_changes()
        assert rigged.window.workspace.robot._blocker.text() == words
    press(rigged)  # which at most arms again, a fresh act
    rigged.qtbot.wait(200)
    let_go(rigged)
    assert rigged.rig.runs == []


def test_an_arming_that_nobody_holds_ends(rigged: Rigged) -> None:
    rigged.rig.arm_seconds = 0.3
    armed(rigged)
    rigged.until(lambda: rigged.studio.arming.offer is None)
    assert "nobody held it in time" in rigged.studio.arming.why
    assert rigged.window.workspace.robot.run_button.text().startswith("Arm ")


def test_the_rig_takes_an_arming_back(rigged: Rigged) -> None:
    armed(rigged)
    rigged.rig.armed = ""
    rigged.rig.enter(MotionState.IDLE, "The workspace was changed; preview the plan again.")
    rigged.until(lambda: rigged.studio.arming.offer is None)
    assert rigged.studio.arming.why.startswith("Disarmed: The workspace was changed")


def test_escape_disarms_and_latches_nothing(rigged: Rigged) -> None:
    armed(rigged)
    rigged.key(Qt.Key.Key_Escape)
    rigged.until(lambda: rigged.rig.disarmed == ["you pressed Esc"])
    assert rigged.rig.stops == []
    assert rigged.store.plan is not None, "Esc meant the arm and nothing else"


def test_what_is_armed_is_what_was_shown(rigged: Rigged) -> None:
    planned(rigged)
    rigged.rig.revision += 1  # other limits since
    rigged.key(Qt.Key.Key_Return, CTRL)
    history = rigged.studio.notifier.history
    rigged.until(lambda: any("its limits have changed" in note.text for note in history))
    assert rigged.rig.calls.count("arm") == 0


def test_the_way_home_is_held_too(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.busy.clear()
    rigged.key(Qt.Key.Key_H, CTRL)
    assert button(rigged).text().startswith("Hold: go home")
    assert "home" not in rigged.rig.calls
    press(rigged)
    rigged.phase("running")
    rigged.until(lambda: "home" in rigged.rig.calls)
    rigged.rig.busy.set()
    rigged.phase("ready")
    let_go(rigged)
    assert rigged.rig.stops == []


def test_a_second_window_is_refused_with_the_name_of_the_first(rigged: Rigged) -> None:
    planned(rigged)
    rigged.rig.holder = "client 2"
    rigged.rig.enter(MotionState.IDLE)
    run = rigged.window.actions_table
    rigged.until(lambda: not run["run"].isEnabled())
    assert "Another window holds the arm: client 2" in run.reason("run")
    assert rigged.window.workspace.robot.mode == "Arm idle · held by client 2"
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.qtbot.wait(100)
    assert "arm" not in rigged.rig.calls
    with pytest.raises(StudioError, match="another window holds the arm"):
        rigged.rig.claim()
    rigged.rig.holder = ""
    rigged.rig.enter(MotionState.IDLE)
    rigged.until(lambda: run["run"].isEnabled())


def test_auto_goes_on_only_while_it_is_held(rigged: Rigged) -> None:
    rigged.rig.auto_run = True
    rigged.ready()
    rigged.key(Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
    rigged.until(lambda: rigged.studio.arming.offer is not None)
    rigged.qtbot.wait(200)
    assert rigged.rig.runs == []
    press(rigged)
    rigged.until(lambda: len(rigged.rig.runs) >= 2)
    let_go(rigged)
    rigged.until(lambda: not rigged.store.auto or rigged.studio.arming.offer is not None)
    count = len(rigged.rig.runs)
    rigged.qtbot.wait(300)
    assert len(rigged.rig.runs) == count
    rigged.studio.auto.finish("the test is over")


def test_a_hold_of_the_rig_ends_the_automatic_mode(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    rigged.key(Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
    rigged.phase("thinking")
    rigged.rig.enter(MotionState.HOLD, "The picture of camera 'front' is frozen.")
    rigged.until(lambda: not rigged.store.auto)
    said = [note.text for note in rigged.studio.notifier.history]
    assert any("holds its pose: The picture of camera 'front' is frozen." in text for text in said)
    assert any("Automatic mode ended" in text and "frozen" in text for text in said)


def test_context_and_time_of_the_picture_go_along(rigged: Rigged) -> None:
    armed(rigged)
    contexts = rigged.rig.contexts
    observation = rigged.store.observation
    assert contexts[0] == contexts[1], "what is armed answers what was shown"
    assert len(contexts[0][0]) == 64
    assert contexts[0][1] == min(frame.t_ns for frame in observation.frames)
    rigged.store.update_plan(PlanKind.MODEL, instruction="something else")
    from app.orders import context_of

    assert context_of(rigged.store.plan, observation) != contexts[0][0]


def test_a_rejection_at_the_last_moment_is_told(rigged: Rigged) -> None:
    planned(rigged)
    rigged.rig.verdict = Verdict(ok=False, reason="Step 3 leaves the workspace.", step=2)
    rigged.key(Qt.Key.Key_Return, CTRL)
    history = rigged.studio.notifier.history
    rigged.until(lambda: any("rejects the plan now" in note.text for note in history))
    assert not rigged.studio.arming.is_armed
    assert np.all([call != "arm" for call in rigged.rig.calls])


def test_states_are_believed(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.events.put(StateChanged(state=MotionState.DISCONNECTED, why="No answer for 1 s."))
    run = rigged.window.actions_table
    rigged.until(lambda: rigged.store.motion.state == MotionState.DISCONNECTED)
    assert "The arm does not answer" in run.reason("home")
    rigged.rig.events.put(StateChanged(state=MotionState.CONNECTED, why="No workspace is set."))
    rigged.until(lambda: "No workspace is set." in run.reason("home"))
    assert not run.reason("think"), "thinking moves nothing"


def test_the_speed_that_is_shown_is_the_rigs(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.events.put(SpeedChanged(share=0.05))
    rigged.until(lambda: rigged.store.motion.speed == 0.05)
