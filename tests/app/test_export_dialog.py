"""The export dialog: what is offered, what is made, and how it is given up."""

import os
import threading

import pytest
from PySide6.QtCore import Qt

from app import export_job
from core.export.request import Chosen, ExportCancelled, Format
from core.types import StudioError
from tests.core.export.sessions import NAME, no_episodes, two_episodes, write

OLD = "session-20261122-101112.mcap"


@pytest.fixture
def sessions(tmp_path):
    """Two session files where the studio keeps them."""
    new, old = write(tmp_path / NAME, two_episodes()), write(tmp_path / OLD, no_episodes())
    os.utime(old, (1, 1))
    return new, old


@pytest.fixture
def dialog(rigged, sessions):
    """The dialog, opened from the menu."""
    rigged.window.actions_table["export"].trigger()
    dialog = rigged.window.dialogs.export
    rigged.qtbot.waitUntil(lambda: dialog.sessions.count() == 2)
    return dialog


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(dialog, kind):
    dialog.format.setCurrentIndex(dialog.format.findData(str(kind)))


def test_the_newest_session_is_chosen_and_becomes_tables(dialog, qtbot, tmp_path):
    assert [item.path.name for item in dialog.chosen] == [NAME]
    choose(dialog, Format.CSV)
    assert dialog.place.text() == str(tmp_path / "exports" / f"{NAME[:-5]}-csv")
    click(qtbot, dialog.go)
    assert not dialog.go.isEnabled()
    assert dialog.leave.text() == "Cancel"
    qtbot.waitUntil(lambda: "5 files" in dialog.said.text(), timeout=20_000)
    assert (tmp_path / "exports" / f"{NAME[:-5]}-csv" / "steps.csv").exists()
    assert dialog.show_result.isVisible()
    assert dialog.leave.text() == "Close"
    click(qtbot, dialog.go)
    qtbot.waitUntil(lambda: "there already" in dialog.said.text(), timeout=20_000)


def test_several_sessions_and_what_is_asked_for_make_the_request(dialog):
    dialog.sessions.item(1).setCheckState(Qt.CheckState.Checked)
    choose(dialog, Format.BLIND)
    assert dialog.request().cut_pauses
    choose(dialog, Format.MP4)
    assert not dialog.request().cut_pauses
    dialog.cut.click()
    dialog.private.click()
    request = dialog.request()
    assert [item.path.name for item in request.chosen] == [NAME, OLD]
    assert request.cut_pauses
    assert request.keep.notes
    assert not request.discarded
    assert request.out.name == f"{NAME[:-5]}-and-1-more-mp4"


def test_without_a_session_it_says_what_to_do(dialog):
    dialog.sessions.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.go.isEnabled()
    assert "Tick at least one" in dialog.said.text()
    dialog.offer([])
    assert "Record one, or add files" in dialog.said.text()


def test_episodes_chosen_elsewhere_are_offered_and_ticked(rigged, sessions, monkeypatch):
    chosen = (Chosen(path=sessions[0], episodes=(1, 2)), Chosen(path=sessions[1]))
    monkeypatch.setattr(rigged.window.dialogs, "_chosen", lambda: chosen)
    rigged.window.actions_table["export"].trigger()
    dialog = rigged.window.dialogs.export
    assert dialog.isVisible()
    assert dialog.chosen == chosen
    assert dialog.sessions.item(0).text() == f"{NAME[:-5]}, episodes 1, 2"


def test_a_fault_is_said_where_the_person_looks(dialog, qtbot, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.tex").write_text("x")
    choose(dialog, Format.CSV)
    dialog.place.setText(str(taken))
    click(qtbot, dialog.go)
    qtbot.waitUntil(lambda: "holds other files" in dialog.said.text(), timeout=20_000)
    assert dialog.go.isEnabled()
    assert not dialog.show_result.isVisible()


def test_it_can_be_given_up(dialog, qtbot, monkeypatch):
    going, asked = threading.Event(), threading.Event()

    def slow(request, tell, cancelled):
        tell(0.25, "reading")
        going.set()
        while not cancelled():
            asked.wait(0.01)
        raise ExportCancelled

    monkeypatch.setattr("core.export.run.export", slow)
    click(qtbot, dialog.go)
    assert going.wait(10)
    qtbot.waitUntil(lambda: dialog.bar.value() == 250)
    assert "reading" in dialog.said.text()
    click(qtbot, dialog.leave)
    assert "Given up" in dialog.said.text()
    assert dialog.go.isEnabled()
    assert dialog.isVisible()
    click(qtbot, dialog.leave)
    assert not dialog.isVisible()


def test_what_needs_a_missing_package_says_so(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "rerun-sdk" in export_job.held_back(Format.RRD)
    assert not export_job.held_back(Format.CSV)


def test_a_folder_that_cannot_be_read_is_a_sentence(tmp_path, monkeypatch):
    from app.task import Work

    work = Work(lambda: None)
    assert export_job.offers_in(str(tmp_path / "none"), work) == []
    (tmp_path / "gone.mcap").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StudioError, match="cannot be read"):
        export_job.offers_in(str(tmp_path), work)
