"""The table of actions: unique keys, a reason for everything disabled, and the sheet of keys."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QMainWindow

from app.actions import TABLE, Actions
from app.help_sheet import HelpSheet
from app.store import Phase, Store


def test_no_key_is_used_twice() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in TABLE for key in spec.keys)
    assert max(keys.values()) == 1
    assert all(keys)


def test_every_disabled_action_says_why(qtbot: Any) -> None:
    window, store = QMainWindow(), Store()
    qtbot.addWidget(window)
    actions = Actions(store, window)
    for phase in Phase:
        store.set_phase(phase)
        for spec in TABLE:
            if spec.reason is not None:
                reason = actions.reason(spec.name)
                assert actions[spec.name].isEnabled() == (not reason)
                if reason:
                    assert reason in actions[spec.name].toolTip()
                    assert reason.endswith(".")


def test_sheet_names_every_key(qtbot: Any) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    sheet = HelpSheet(window)
    words = " ".join(label.text() for label in sheet.findChildren(QLabel))
    for spec in TABLE:
        if spec.keys:
            assert spec.tip in words
    assert not sheet.isModal()
