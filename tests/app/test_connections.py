"""The ladder in the window: it says what is wrong, and its buttons mend it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from app.ladder import Mend, State
from app.tokens import load_token
from core.session.events import Note
from tests.app.conftest import Rigged

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def state(rigged: Rigged, name: str) -> State:
    return rigged.window.connections.rung(name).state


def press(rigged: Rigged, name: str, mend: Mend) -> None:
    rigged.qtbot.mouseClick(rigged.window.dialogs.card.rows[name].buttons[mend], LEFT)


def test_all_rungs_are_good_and_the_header_says_so(rigged: Rigged) -> None:
    rigged.ready()
    names = ("policy", "rig", "robot", "recorder")
    rigged.until(lambda: all(state(rigged, name) == State.GOOD for name in names))
    marks = rigged.window.marks
    assert "nothing is wrong" in marks.accessibleName()
    assert marks.toolTip().count("✓") == 4
    rigged.qtbot.mouseClick(marks, LEFT)
    card = rigged.window.dialogs.card
    assert card.isVisible()
    assert rigged.window.rect().contains(card.geometry())
    rigged.key(Qt.Key.Key_Escape)
    assert not card.isVisible()


def test_a_lost_rig_is_said_and_connected_anew(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_K, CTRL)
    rigged.rig.connected = False
    rigged.until(lambda: state(rigged, "rig") == State.BAD)
    row = rigged.window.dialogs.card.rows["rig"]
    assert "lost" in row.words
    assert "✗  Rig" in rigged.window.marks.toolTip()
    assert "Rig" in rigged.window.marks.accessibleName()
    assert state(rigged, "robot") == State.WAITING
    press(rigged, "rig", Mend.RESTART)
    rigged.until(lambda: state(rigged, "rig") == State.GOOD)
    assert rigged.store.rig is not None


def test_a_stop_is_released_on_the_ladder(rigged: Rigged) -> None:
    rigged.ready()
    rigged.studio.motion.stop("somebody")
    rigged.until(lambda: state(rigged, "robot") == State.ODD)
    rigged.key(Qt.Key.Key_K, CTRL)
    press(rigged, "robot", Mend.RELEASE)
    rigged.until(lambda: "release_stop" in rigged.rig.calls)
    rigged.until(lambda: state(rigged, "robot") == State.GOOD)


def test_a_recorder_that_failed_begins_again(rigged: Rigged) -> None:
    rigged.ready()
    rigged.recorder.error = "The disk is full."
    rigged.until(lambda: state(rigged, "recorder") == State.BAD)
    rigged.key(Qt.Key.Key_K, CTRL)
    row = rigged.window.dialogs.card.rows["recorder"]
    assert row.words.startswith("The disk is full.")
    assert {Mend.RECORD, Mend.FOLDER, Mend.LOG} <= set(row.buttons)
    rigged.recorder.error = ""
    press(rigged, "recorder", Mend.RECORD)
    rigged.until(lambda: state(rigged, "recorder") == State.GOOD)


def test_what_a_dead_recorder_did_not_save_goes_to_the_next(rigged: Rigged) -> None:
    rigged.ready()
    lost = Note(text="on its way when it died")
    rigged.recorder.left = [lost]
    rigged.recorder.error = "The recorder ended unexpectedly."
    rigged.until(lambda: state(rigged, "recorder") == State.BAD and rigged.recorder.closed)
    rigged.recorder.error = ""
    rigged.key(Qt.Key.Key_K, CTRL)
    press(rigged, "recorder", Mend.RECORD)
    rigged.until(lambda: lost in rigged.recorder.events)


def test_another_folder_lets_it_record_again(rigged: Rigged, tmp_path: Any) -> None:
    rigged.ready()
    rigged.recorder.error = "The disk is full."
    rigged.until(lambda: state(rigged, "recorder") == State.BAD)
    rigged.recorder.error = ""
    rigged.window.connections.use_folder(str(tmp_path / "other"))
    assert rigged.studio.settings.sessions == str(tmp_path / "other")
    rigged.until(lambda: state(rigged, "recorder") == State.GOOD)


def test_another_policy_is_asked_for_and_used(rigged: Rigged) -> None:
    rigged.ready()
    asked: list[tuple[str, str | None]] = []
    rigged.studio.policy._worker._make_client = lambda url, token: (
        asked.append((url, token)) or rigged.policy
    )
    rigged.key(Qt.Key.Key_K, CTRL)
    press(rigged, "policy", Mend.CONNECT)
    dialog = rigged.window.dialogs.connect_dialog
    dialog.address.clear()
    rigged.qtbot.mouseClick(dialog.go, LEFT)
    assert dialog.problem == "Type the address first."
    rigged.qtbot.keyClicks(dialog.address, "gpu-box")
    rigged.qtbot.mouseClick(dialog.go, LEFT)
    assert "port" in dialog.problem
    rigged.qtbot.keyClicks(dialog.address, ":8000")
    assert dialog.problem == ""
    rigged.qtbot.keyClicks(dialog.token, "secret")
    dialog.keep.click()
    rigged.qtbot.mouseClick(dialog.go, LEFT)
    assert not dialog.isVisible()
    rigged.until(lambda: asked == [("gpu-box:8000", "secret")])
    rigged.until(lambda: state(rigged, "policy") == State.GOOD)
    assert "gpu-box:8000" in rigged.window.connections.rung("policy").words
    assert rigged.studio.settings.policy == "gpu-box:8000"
    rigged.until(lambda: load_token("policy") == "secret")
    settings = rigged.studio.preferences.path
    rigged.until(lambda: settings.exists() and "gpu-box" in settings.read_text())
    assert "secret" not in settings.read_text()


def test_a_policy_that_does_not_answer_is_a_sentence(rigged: Rigged) -> None:
    rigged.ready()

    def refuse(url: str, token: str | None) -> Any:
        raise ConnectionRefusedError("nobody listens")

    rigged.studio.policy._worker._make_client = refuse
    rigged.window.connections.connect_to("policy", "ws://nowhere:1", "", keep=False)
    rigged.until(lambda: state(rigged, "policy") == State.BAD)
    assert "nobody listens" in rigged.window.connections.rung("policy").words
    assert not rigged.window.actions_table["think"].isEnabled()
    assert "Ctrl+K" in rigged.window.actions_table.reason("think")


def test_nothing_of_the_rig_is_replaced_while_the_arm_moves(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.until(lambda: bool(rigged.rig.runs))
    rigged.key(Qt.Key.Key_K, CTRL)
    press(rigged, "rig", Mend.RESTART)
    rigged.until(lambda: bool(rigged.studio.notifier.history))
    assert "stop it first" in rigged.studio.notifier.history[-1].text
    assert rigged.store.rig is not None
    rigged.rig.finish(8)
    rigged.phase("ready")


def test_recording_is_switched_off_and_on(rigged: Rigged) -> None:
    rigged.ready()
    rigged.until(lambda: state(rigged, "recorder") == State.GOOD)
    rigged.studio.preferences.change("record", False)
    rigged.until(lambda: rigged.recorder.closed)
    rigged.until(lambda: state(rigged, "recorder") == State.ODD)
    rigged.key(Qt.Key.Key_K, CTRL)
    press(rigged, "recorder", Mend.RECORD)
    rigged.until(lambda: state(rigged, "recorder") == State.GOOD)
    assert rigged.studio.settings.record
