"""The keys that are held, as a person writes them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.actions import TABLE
from app.hold_keys import keys_problem, parse_hold_keys, shown_hold_keys
from app.settings import Settings


def test_names_of_keys_are_read() -> None:
    assert parse_hold_keys("R F13  PgDown") == {Qt.Key.Key_R, Qt.Key.Key_F13, Qt.Key.Key_PageDown}
    assert shown_hold_keys("R F13") == "R or F13"


def test_what_is_no_key_is_said() -> None:
    assert keys_problem(Settings().hold_keys) == ""
    assert "name a key" in keys_problem("  ")
    assert "no single key" in keys_problem("Ctrl+R")
    assert "no single key" in keys_problem("pedal")
    for taken in ("Space", "Esc", "Return"):
        assert "already means something else" in keys_problem(taken)


def test_the_usual_key_belongs_to_nothing_else() -> None:
    others = {QKeySequence(key)[0] for spec in TABLE if spec.name != "hold" for key in spec.keys}
    for word in Settings().hold_keys.split():
        assert QKeySequence(word)[0] not in others
