"""Stop is always there, never waits for anything, and latches."""

from __future__ import annotations

from PySide6.QtCore import Qt

from robot.rig.messages import Fault
from tests.app.conftest import Rigged

CTRL = Qt.KeyboardModifier.ControlModifier


def start_run(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.phase("running")


def test_escape_stops_a_run_and_latches(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.key(Qt.Key.Key_Escape)
    assert rigged.store.phase == "stopped"
    rigged.until(lambda: rigged.rig.stops == ["operator (Esc)"])
    for name in ("think", "run", "auto", "home"):
        assert not rigged.window.actions_table[name].isEnabled()
    rigged.key(Qt.Key.Key_R, CTRL)
    rigged.phase("ready")
    assert "release_stop" in rigged.rig.calls
    assert "Stopped" in rigged.recorder.names()


def test_stop_does_not_wait_for_a_busy_rig_call(rigged: Rigged) -> None:
    rigged.rig.busy.clear()
    start_run(rigged)
    button = rigged.window.workspace.robot.stop_button
    rigged.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    rigged.until(lambda: bool(rigged.rig.stops))
    assert not rigged.rig.runs
    rigged.rig.busy.set()


def test_stop_is_enabled_in_every_phase(rigged: Rigged) -> None:
    from app.store import Phase

    stop = rigged.window.actions_table["stop"]
    button = rigged.window.workspace.robot.stop_button
    for phase in Phase:
        rigged.store.set_phase(phase)
        assert stop.isEnabled()
        assert button.isEnabled()
    rigged.store.set_phase(Phase.READY)


def test_stop_works_with_help_open(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.key(Qt.Key.Key_F1)
    rigged.qtbot.keyClick(rigged.window.dialogs.help, Qt.Key.Key_Escape)
    rigged.until(lambda: bool(rigged.rig.stops))


def test_unconfirmed_stop_is_told(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.studio.motion._stop_timer.setInterval(20)
    rigged.rig.stop_heard.clear()
    rigged.key(Qt.Key.Key_Escape)
    history = rigged.studio.notifier.history
    rigged.until(lambda: any("has not confirmed" in note.text for note in history))
    rigged.rig.stop_heard.set()
    rigged.until(lambda: bool(rigged.rig.stops))


def test_fault_needs_a_release(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.rig.events.put(Fault(sentence="The arm touched something; look at it."))
    rigged.phase("fault")
    assert "touched something" in rigged.studio.notifier.history[-1].text
    assert not rigged.window.actions_table["think"].isEnabled()
    rigged.key(Qt.Key.Key_R, CTRL)
    rigged.phase("ready")


def test_stop_without_a_rig_says_so(rigged: Rigged) -> None:
    rigged.ready()
    rigged.studio._service_failed("rig", "The rig crashed. Restart it.")
    rigged.phase("fault")
    rigged.qtbot.mouseClick(rigged.window.workspace.robot.stop_button, Qt.MouseButton.LeftButton)
    assert "No rig is connected" in rigged.studio.notifier.history[-1].text


def test_lost_connection_is_a_fault_and_restart_recovers(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.rig.connected = False
    rigged.phase("fault")
    assert rigged.store.rig is None
    rigged.key(Qt.Key.Key_R, CTRL | Qt.KeyboardModifier.ShiftModifier)
    rigged.phase("ready")


def test_a_stop_that_was_in_force_before_is_shown(rigged: Rigged) -> None:
    rigged.rig.stopped_by_hello = "somebody else"
    rigged.studio.rig.open("ws://again")
    rigged.phase("stopped")


def test_home(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.busy.clear()
    rigged.key(Qt.Key.Key_H, CTRL)
    rigged.phase("running")
    rigged.rig.busy.set()
    rigged.phase("ready")


def test_closing_while_running_stops_first(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.window.close()
    assert rigged.rig.stops == ["studio is closing"]
    assert rigged.policy.closed
    assert rigged.recorder.closed
    assert not rigged.rig.connected
