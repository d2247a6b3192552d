"""The table of actions: unique, complete, a reason for everything disabled, and the F1 sheet."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMainWindow, QToolButton

from app.actions import GROUPS, TABLE, Actions
from app.actions.pages import elsewhere
from app.actions.spec import ActionSpec
from app.help_sheet import HelpSheet
from app.store import Page, Phase, Store
from tests.app.conftest import Rigged

NAMES = [spec.name for spec in TABLE]


def test_names_and_keys_are_unique() -> None:
    assert max(Counter(NAMES).values()) == 1
    for page in Page:  # the pages share keys; only one of them is shown
        here = [spec for spec in TABLE if not elsewhere(spec, page)]
        keys = Counter(QKeySequence(key).toString() for spec in here for key in spec.keys)
        assert max(keys.values()) == 1
        assert all(keys)


@pytest.mark.parametrize("spec", TABLE, ids=NAMES)
def test_every_action_is_complete(spec: ActionSpec, qtbot: Any) -> None:
    assert spec.group in GROUPS
    assert spec.text
    assert spec.tip[0].isupper()
    assert spec.tip.endswith(".")
    assert len(spec.tip.split()) >= 3
    assert spec.icon, "an action without an icon cannot be a button"
    window = QMainWindow()
    qtbot.addWidget(window)
    action = Actions(Store(), window)[spec.name]
    assert not action.icon().pixmap(32, 32).isNull()


def test_every_disabled_action_says_why(qtbot: Any) -> None:
    window, store = QMainWindow(), Store()
    qtbot.addWidget(window)
    actions = Actions(store, window)
    for phase in Phase:
        store.set_phase(phase)
        for spec in TABLE:
            reason = actions.reason(spec.name)
            assert actions[spec.name].isEnabled() == (not reason)
            if reason:
                assert reason in actions[spec.name].toolTip()
                assert reason.endswith(".")


def test_many_changes_at_once_ask_the_rules_once(qtbot: Any, qapp: QApplication) -> None:
    window, store = QMainWindow(), Store()
    qtbot.addWidget(window)
    clear = Actions(store, window)["clear"]
    told: list[bool] = []
    clear.changed.connect(lambda: told.append(clear.isEnabled()))
    store.set_draft(((1.0, 2.0), (3.0, 4.0)))
    store.set_phase(Phase.RUNNING)
    store.set_draft(None)
    store.set_draft(((1.0, 2.0), (3.0, 4.0)))
    assert not told
    qapp.processEvents()
    said = len(told)
    store.set_phase(Phase.READY)
    qapp.processEvents()
    assert said <= 2, "one change of the reason, one of the tooltip"
    assert len(told) - said <= 2


def test_every_action_is_in_a_menu_and_does_something(rigged: Rigged) -> None:
    window = rigged.window
    shown = {a.objectName() for menu in window.menus.values() for a in menu.actions()}
    assert set(NAMES) <= shown
    for name in NAMES:
        assert window.actions_table[name].receivers(SIGNAL("triggered(bool)")) > 0, name


def test_whatever_is_disabled_in_the_window_says_why(rigged: Rigged) -> None:
    rigged.ready()
    actions = rigged.window.actions_table
    for name in NAMES:
        assert actions[name].isEnabled() == (not actions.reason(name)), name
    assert actions.reason("undo") == "There is nothing to undo."
    assert "nothing to undo" in actions["undo"].toolTip()
    rigged.drag((100, 60), (200, 150))
    assert actions.reason("undo") == ""
    assert "nothing" not in actions["undo"].toolTip()


def test_stop_is_always_possible_and_the_only_red_thing(rigged: Rigged) -> None:
    stop = rigged.window.workspace.robot.stop_button
    red = [b for b in rigged.window.findChildren(QAbstractButton) if b.property("role") == "stop"]
    assert red == [stop]
    rigged.ready()
    for size in ((1440, 900), (1024, 700)):
        rigged.window.resize(*size)
        rigged.qtbot.wait(20)
        corner = stop.mapTo(rigged.window, stop.rect().bottomRight())
        assert rigged.window.width() - corner.x() < 24
        assert rigged.window.height() - corner.y() < 64
    for phase in Phase:
        rigged.store.set_phase(phase)
        assert stop.isEnabled()


def test_buttons_show_the_tooltip_of_their_action(rigged: Rigged) -> None:
    actions = rigged.window.actions_table
    buttons = rigged.window.findChildren(QToolButton)
    with_action = [b for b in buttons if b.defaultAction() is not None]
    assert with_action
    for button in with_action:
        assert button.toolTip() == button.defaultAction().toolTip()
    for name in NAMES:
        assert actions[name].statusTip() == next(s.tip for s in TABLE if s.name == name)


def test_sheet_names_every_key(qtbot: Any) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    sheet = HelpSheet(window)
    words = " ".join(label.text() for label in sheet.findChildren(QLabel))
    for spec in TABLE:
        if spec.keys:
            assert spec.tip in words
    assert not sheet.isModal()


def test_sheet_can_be_searched(qtbot: Any) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    sheet = HelpSheet(window)
    sheet.show()
    everything = len(sheet.shown)
    qtbot.keyClicks(sheet.search, "full SCREEN")
    assert sheet.shown == ["Give the whole screen to the window, or give it back."]
    sheet.search.setText("F11")
    assert len(sheet.shown) == 1
    sheet.search.setText("teapot")
    assert sheet.shown == []
    assert sheet._nothing.isVisible()
    qtbot.keyClick(sheet.search, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(sheet.search, Qt.Key.Key_Backspace)
    assert len(sheet.shown) == everything


def test_in_a_dialog_only_the_stop_and_the_window_keys_are_ours(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    rigged.window.actions_table["scene_picture"].trigger()
    dialog = rigged.window.workspace.scene.files.dialog
    rigged.qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    # Qt warns about a key that two actions claim, and a warning fails the test
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    rigged.key(Qt.Key.Key_H, control | shift)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_N, Qt.Key.Key_Return):
        rigged.key(key, control)
    assert not dialog.isVisible(), "Ctrl+Enter is the dialog's own button"
    assert rigged.store.phase == "planned"
    assert rigged.rig.runs == []


def test_the_help_key_holds_in_a_dialog(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.actions_table["scene_picture"].trigger()
    dialog = rigged.window.workspace.scene.files.dialog
    rigged.qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    rigged.key(Qt.Key.Key_F1)
    assert rigged.window.dialogs.help.isVisible()
