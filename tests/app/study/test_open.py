"""The way from the main window into a study, and the commands around a study file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.study.files import built_in, describe, run_check, run_new
from core.study.study_file import read_study
from core.types import StudioError
from tests.app.conftest import Rigged
from tests.core.study.samples import text


def test_the_key_opens_a_dialog_that_holds_nothing_up(rigged: Rigged):
    rigged.ready()
    rigged.key(
        Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    dialog = rigged.window.dialogs.study
    rigged.until(dialog.isVisible)
    assert not dialog.isModal()
    assert rigged.window.dialogs.close_top()
    assert not dialog.isVisible()


def test_a_study_that_cannot_be_run_says_why_in_the_window(rigged: Rigged, tmp_path: Path):
    rigged.ready()
    file = tmp_path / "s.yaml"
    file.write_text(text(votes=0))
    rigged.window.actions_table["study"].trigger()
    launcher = rigged.window.dialogs.study.launcher
    ended: list[int] = []
    launcher.ended.connect(ended.append)
    launcher.launch(str(file))
    rigged.qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert ended == [1]
    assert "'votes' is 0" in rigged.studio.notifier.history[-1].text
    rigged.window.dialogs.close_top()


@pytest.mark.parametrize("name", sorted(built_in()))
def test_built_in_studies_are_fit_to_be_begun_with(name: str, tmp_path: Path, capsys):
    file = tmp_path / "mine.yaml"
    assert run_new(Namespace(file=file, like=name)) == 0
    assert run_check(Namespace(file=file)) == 0
    plan, _ = read_study(file)
    assert len(plan.hypotheses) >= 1
    assert any("participants of" in line for line in describe(plan))
    with pytest.raises(StudioError, match="exists"):
        run_new(Namespace(file=file, like=name))


def test_what_the_ratings_do_not_know_is_refused_at_the_beginning(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text(text(rating={"resampels": 500}))
    with pytest.raises(StudioError, match="resampels"):
        run_check(Namespace(file=file))


def test_check_names_leaks_missing_videos_and_objects(tmp_path: Path, capsys):
    file = tmp_path / "s.yaml"
    policies = [{"alias": "amber", "use": "files"}, {"alias": "birch", "use": "nowhere"}]
    scenes = [{"name": "t", "layout": 1, "target": "pink cone", "instruction": "help amber"}]
    videos = [{"policy": "amber", "scene": "t", "video": "gone.mp4"}]
    file.write_text(text(policies=policies, scenes=scenes, videos=videos))
    assert run_check(Namespace(file=file)) == 1
    said = capsys.readouterr().out
    for words in ("'amber'", "pink cone", "gone.mp4", "nowhere"):
        assert words in said
