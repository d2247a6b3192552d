"""The panels around the picture can be floated, closed and put back."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSettings, Qt
from PySide6.QtGui import QGuiApplication

from app.actions import TABLE
from app.actions.spec import VIEW
from app.docks import LAYOUT_VERSION, SIDE_WIDTHS, Docks
from app.placement import is_reachable
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
    docks.save(state, "steer")
    docks.reset()
    assert not docks.by_name["model"].isHidden()
    assert docks.restore(state, "steer")
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


def test_every_workspace_has_a_layout_of_its_own(rigged: Rigged, tmp_path) -> None:
    rigged.ready()
    docks, state = docks_of(rigged), QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    docks.by_name["model"].close()
    docks.save(state, "steer")
    docks.reset()
    docks.save(state, "review")
    assert docks.restore(state, "steer")
    assert docks.by_name["model"].isHidden()
    assert docks.restore(state, "review")
    assert not docks.by_name["model"].isHidden()
    assert not docks.restore(state, "study")


def test_a_layout_of_another_version_is_left_alone(rigged: Rigged, tmp_path) -> None:
    rigged.ready()
    docks, state = docks_of(rigged), QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    docks.by_name["model"].close()
    state.setValue("steer/docks", rigged.window.saveState(LAYOUT_VERSION - 1))
    docks.reset()
    assert not docks.restore(state, "steer")
    assert not docks.by_name["model"].isHidden()


def test_a_panel_that_floats_on_a_missing_monitor_comes_back(rigged: Rigged) -> None:
    rigged.ready()
    dock = docks_of(rigged).by_name["answer"]
    dock.setFloating(True)
    dock.move(5000, 3000)
    home = QRect(0, 0, 1280, 720)
    docks_of(rigged).bring_back([home])
    assert is_reachable(dock.frameGeometry(), [home])
    docks_of(rigged).reset()
    assert not dock.isFloating()


def test_a_window_on_a_missing_monitor_comes_back(rigged: Rigged, tmp_path) -> None:
    from app.main_window import MainWindow

    rigged.ready()
    state = QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    rigged.window.setGeometry(6000, 4000, 1024, 700)
    state.setValue("geometry", rigged.window.saveGeometry())
    second = MainWindow(rigged.studio, state)
    rigged.qtbot.addWidget(second)
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    assert is_reachable(second.frameGeometry(), screens)
    second.close()


def test_the_layout_is_reset_from_the_menu_and_panels_are_ticked_there(rigged: Rigged) -> None:
    rigged.ready()
    docks, view = docks_of(rigged), rigged.window.menus[VIEW]
    (entry,) = [a for a in view.actions() if a.text() == "Answer"]
    assert entry.isCheckable()
    assert entry.isChecked()
    entry.trigger()
    assert docks.by_name["answer"].isHidden()
    assert not entry.isChecked()
    rigged.key(
        Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert not docks.by_name["answer"].isHidden()
    assert entry.isChecked()


def test_full_screen_and_back(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_F11)
    assert rigged.window.isFullScreen()
    assert rigged.window.actions_table["fullscreen"].isChecked()
    rigged.key(Qt.Key.Key_F11)
    assert not rigged.window.isFullScreen()
    assert not rigged.window.actions_table["fullscreen"].isChecked()
