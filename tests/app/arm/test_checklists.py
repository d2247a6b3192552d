"""The lists before motion and after a fault: nothing goes on that is not settled."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.arm.checklist_dialog import NOT_RATED, READY, ChecklistDialog, Item
from app.connect_dialog import ConnectDialog
from robot.rig.states import MotionState
from tests.app.conftest import Rigged

ITEMS = [
    {"name": "FCI active", "state": "ok", "found": "It answers.", "mend": ""},
    {"name": "network jitter", "state": "warn", "found": "3 ms.", "mend": "Use a cable."},
    {"name": "hardware stop at hand", "state": "unknown", "found": "?", "mend": "Try it."},
]
FAILED = {"name": "payload", "state": "fail", "found": "None set.", "mend": "Set it in Desk."}


def items(*messages: dict[str, str]) -> list[Item]:
    return [Item.from_message(message) for message in messages]


def test_it_goes_on_when_everything_is_settled(qtbot: QtBot) -> None:
    dialog = ChecklistDialog(READY, "Go on", None)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled()
    assert "is asked" in dialog.said.text()
    dialog.set_items(items(*ITEMS))
    assert [row.asks for row in dialog.rows] == [False, True, True]
    assert not dialog.go.isEnabled()
    dialog.rows[1].box.click()
    assert dialog.said.text() == "Still to be confirmed: hardware stop at hand."
    dialog.rows[2].box.click()
    with qtbot.waitSignal(dialog.confirmed) as confirmed:
        dialog.go.click()
    assert confirmed.args[0] == ["network jitter", "hardware stop at hand"]
    dialog.set_items(items(*ITEMS))
    assert not dialog.go.isEnabled(), "after another look it is confirmed anew"


def test_a_failed_item_cannot_be_confirmed_away(qtbot: QtBot) -> None:
    dialog = ChecklistDialog(READY, "Go on", None)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    dialog.set_items(items(FAILED, *ITEMS))
    for row in dialog.rows:
        row.box.setChecked(True)
    assert not dialog.go.isEnabled()
    assert dialog.said.text() == "To be mended first: payload."
    dialog.set_items([])
    assert dialog.go.isEnabled()
    assert "Nothing has to be confirmed" in dialog.said.text()


def test_a_real_arm_offers_its_list_and_recovers_only_by_one(rigged: Rigged) -> None:
    rigged.ready()
    rig, window = rigged.rig, rigged.window
    rig.kind, rig.missing, rig.workspace = "real", ITEMS, ([0, 0, 0], [1, 1, 1])
    rig.enter(MotionState.CONNECTED, "The arm's checklist is not acknowledged yet.")
    rigged.studio.rig.open("ws://real")
    rigged.until(lambda: window.arm.lists.ready is not None and window.arm.lists.ready.isVisible())
    dialog = window.arm.lists.ready
    rigged.until(lambda: len(dialog.rows) == 3)
    dialog.set_speed(0.1, 0.2)
    dialog.speed.setValue(5)
    rigged.until(lambda: rigged.store.motion.speed == 0.05)
    assert rig.speed == 0.05
    for row in dialog.rows:
        row.box.setChecked(True)
    dialog.go.click()
    rigged.until(lambda: rig.acknowledged == [["network jitter", "hardware stop at hand"]])
    rigged.until(lambda: not dialog.isVisible())
    rig.enter(MotionState.FAULT, "The arm touched something.")
    rigged.phase("fault")
    window.actions_table["release"].trigger()
    rigged.until(lambda: window.arm.lists.recover is not None)
    recover = window.arm.lists.recover
    rigged.until(lambda: len(recover.rows) == 3)
    assert "recovery checklist" in rig.calls
    assert "release_stop" not in rig.calls
    for row in recover.rows:
        row.box.setChecked(True)
    recover.go.click()
    rigged.until(lambda: rig.confirmed == [["network jitter", "hardware stop at hand"]])
    rigged.until(lambda: not recover.isVisible())
    assert rigged.store.phase == "ready"


def test_a_stop_of_a_real_arm_is_released_without_a_list(rigged: Rigged) -> None:
    rigged.rig.kind = "real"
    rigged.ready()
    rigged.studio.motion.stop("the test")
    rigged.until(lambda: rigged.store.motion.state == MotionState.STOPPED)
    rigged.window.actions_table["release"].trigger()
    rigged.phase("ready")
    assert rigged.rig.confirmed == [[]]


def test_it_is_said_that_the_stop_is_no_safety_function(qtbot: QtBot) -> None:
    dialog = ConnectDialog("rig", "", None)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    assert "not safety-rated" in dialog.reminder.text()
    assert "emergency stop" in dialog.reminder.text()
    assert "not safety-rated" in NOT_RATED
    policy = ConnectDialog("policy", "", None)  # type: ignore[arg-type]
    qtbot.addWidget(policy)
    assert not policy.reminder.text()
