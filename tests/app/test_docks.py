"""The panels around the picture can be floated, closed and put back."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from app.actions import TABLE
from app.docks import SIDE_WIDTHS, Docks
from tests.app.conftest import Rigged


def docks_of(rigged: Rigged) -> Docks:
    return rigged.window.docks


def test_reset_brings_back_what_was_closed_and_floated(rigged: Rigged) -> None:
    rigged.ready()
    docks = docks_of(rigged)
    docks.by_name["scene"].setFloating(True)
    docks.by_name["answer"].close()
    docks.reset()
    rigged.until(lambda: docks.by_name["answer"].isVisible())
    assert not docks.by_name["scene"].isFloating()


def test_layout_is_remembered(rigged: Rigged, tmp_path) -> None:
    rigged.ready()
    docks, state = docks_of(rigged), QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    docks.by_name["model"].close()
    docks.save(state)
    docks.reset()
    assert not docks.by_name["model"].isHidden()
    assert docks.restore(state)
    assert docks.by_name["model"].isHidden()


def test_docks_leave_the_picture_its_room(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.resize(1024, 700)
    dock = docks_of(rigged).by_name["scene"]
    rigged.until(lambda: dock.width() >= SIDE_WIDTHS[0])
    assert rigged.window.workspace.width() > dock.width()


def test_every_action_is_in_a_menu(rigged: Rigged) -> None:
    shown = {a.objectName() for menu in rigged.window.menus.values() for a in menu.actions()}
    assert {spec.name for spec in TABLE} <= shown
