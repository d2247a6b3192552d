"""The settings dialog: every field applies at once, or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox

from app import theme
from app.settings import KINDS, load_settings
from app.settings_dialog import SettingsDialog, check_folder
from app.settings_fields import FIELDS, SECRET
from app.tokens import load_token
from core.types import StudioError
from tests.app.conftest import Rigged

CTRL = Qt.KeyboardModifier.ControlModifier


def opened(rigged: Rigged) -> SettingsDialog:
    rigged.ready()
    rigged.key(Qt.Key.Key_Comma, CTRL)
    dialog = rigged.window.dialogs.settings
    assert dialog.isVisible()
    return dialog


def type_in(rigged: Rigged, line: QLineEdit, text: str) -> None:
    line.selectAll()
    rigged.qtbot.keyClicks(line, text)
    rigged.qtbot.keyClick(line, Qt.Key.Key_Return)


def test_every_setting_has_a_field_with_a_sentence() -> None:
    assert {field.name for field in FIELDS if field.kind != SECRET} == set(KINDS)
    for field in FIELDS:
        assert field.help.endswith(".")
        assert field.help[0].isupper()


def test_changes_hold_at_once_and_reach_the_file(rigged: Rigged) -> None:
    dialog = opened(rigged)
    box = dialog.row("theme").editor
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData("dark"))
    assert theme.tokens().name == "dark"
    hints = dialog.row("hints").editor
    assert isinstance(hints, QCheckBox)
    hints.click()
    rigged.until(lambda: rigged.window.workspace.canvas.hint == "")
    cycles = dialog.row("max_cycles").editor
    assert isinstance(cycles, QSpinBox)
    cycles.setValue(7)
    assert rigged.studio.auto.max_cycles == 7
    path = rigged.studio.preferences.path
    rigged.until(lambda: path.exists() and load_settings(path).max_cycles == 7)
    found = load_settings(path)
    assert (found.theme, found.hints) == ("dark", False)


def test_letters_and_lines_grow_at_once(rigged: Rigged) -> None:
    dialog = opened(rigged)
    before = rigged.window.font().pointSizeF()
    letters, lines = dialog.row("font_scale").editor, dialog.row("line_width").editor
    assert isinstance(letters, QSpinBox)
    assert isinstance(lines, QSpinBox)
    letters.setValue(150)
    assert rigged.window.font().pointSizeF() == pytest.approx(1.5 * before)
    lines.setValue(200)
    assert theme.theme().line_scale == 2.0
    letters.setValue(100)
    lines.setValue(100)


def test_what_is_not_possible_is_refused_beside_the_field(rigged: Rigged) -> None:
    dialog = opened(rigged)
    cycles, policy = dialog.row("max_cycles"), dialog.row("policy")
    assert isinstance(cycles.editor, QSpinBox)
    cycles.editor.setValue(0)
    assert cycles.problem == "0 is not possible; choose 1 to 1000."
    assert rigged.studio.settings.max_cycles == 40
    cycles.editor.setValue(5)
    assert cycles.problem == ""
    assert isinstance(policy.editor, QLineEdit)
    type_in(rigged, policy.editor, "http://x:1")
    assert "'http' addresses" in policy.problem
    assert rigged.studio.settings.policy == ""


def test_a_folder_is_tried_before_it_is_used(rigged: Rigged, tmp_path: Path) -> None:
    dialog = opened(rigged)
    row = dialog.row("sessions")
    assert isinstance(row.editor, QLineEdit)
    (tmp_path / "file").write_text("")
    type_in(rigged, row.editor, str(tmp_path / "file" / "below"))
    rigged.until(lambda: "cannot be made" in row.problem)
    assert rigged.studio.settings.sessions == str(tmp_path)
    type_in(rigged, row.editor, str(tmp_path / "new"))
    rigged.until(lambda: rigged.studio.settings.sessions == str(tmp_path / "new"))
    assert (tmp_path / "new").is_dir()
    assert row.problem == ""


def test_a_token_goes_to_its_own_file(rigged: Rigged) -> None:
    dialog = opened(rigged)
    row = dialog.rows[SECRET, "rig"]
    assert isinstance(row.editor, QLineEdit)
    type_in(rigged, row.editor, "hush")
    rigged.until(lambda: load_token("rig") == "hush")
    assert row.editor.echoMode() == QLineEdit.EchoMode.Password


def test_edits_of_the_file_are_seen_at_the_next_opening(rigged: Rigged) -> None:
    dialog = opened(rigged)
    rigged.key(Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    path = rigged.studio.preferences.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# by hand\nmax_cycles: 9\n")
    rigged.key(Qt.Key.Key_Comma, CTRL)
    rigged.until(lambda: dialog.row("max_cycles").value() == 9)
    assert rigged.studio.settings.max_cycles == 9
    dialog.hide()
    path.write_text("max_cycles: many\n")
    rigged.key(Qt.Key.Key_Comma, CTRL)
    rigged.until(lambda: "whole number" in dialog.problem.text())
    assert rigged.studio.settings.max_cycles == 9


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot be made"):
        check_folder(str(tmp_path / "file" / "x"))
    check_folder(str(tmp_path / "good" / "deep"))
    assert (tmp_path / "good" / "deep").is_dir()
