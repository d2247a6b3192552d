"""While the arm moves, Esc and STOP work whatever is open: dialogs, menus, questions for files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from app.review.keeping import Keeping
from app.store import Page
from tests.app.conftest import Rigged
from tests.app.test_stopping import start_run

CTRL = Qt.KeyboardModifier.ControlModifier


def openers(rigged: Rigged) -> dict[str, Callable[[], Any]]:
    """Everything that can lie over the window, by name."""
    window = rigged.window
    dialogs = window.dialogs

    def ask_in_review(ask: str, path: str, kinds: str) -> None:
        keeping: Keeping = window.lookback.parts.keeping
        getattr(keeping, ask)("Choose", path, kinds, str)

    def browse_in_settings() -> None:
        dialogs.show_settings()
        dialogs.settings.row("sessions")._browse()

    def browse_in_export() -> None:
        dialogs.show_export()
        dialogs.export._add_files()
        dialogs.export._choose_place()

    return {
        "help": dialogs.show_help,
        "history": dialogs.show_history,
        "settings": browse_in_settings,
        "export": browse_in_export,
        "connections": dialogs.toggle_connections,
        "address": lambda: dialogs.ask_address("rig"),
        "folder": dialogs.ask_folder,
        "study": dialogs.open_study,
        "scene file": window.workspace.scene.files.ask_picture,
        "session file": lambda: ask_in_review("_ask_source", "/tmp", "Sessions (*.mcap)"),
        "clip file": lambda: ask_in_review("_ask_target", "/tmp/a.mp4", "MP4 (*.mp4)"),
        "checklist": window.arm.lists.show_ready,
        "recovery": window.arm.lists.show_recover,
        "workspace": window.arm.space.show,
    }


def shown_dialogs() -> list[QDialog]:
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    assert not any(dialog.isModal() for dialog in found), "a modal dialog holds the window"
    return found


def escape(target: QWidget) -> None:
    """Press Esc as the window system does, for the widget that has the keyboard."""
    none = Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(target, QKeyEvent(kind, Qt.Key.Key_Escape, none))


def run_again(rigged: Rigged) -> None:
    """Release, and move once more."""
    rigged.window.actions_table["release"].trigger()
    rigged.phase("ready")
    rigged.store.pin(None)
    rigged.window.actions_table["think"].trigger()
    rigged.phase("planned")
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    rigged.window.actions_table["run"].trigger()
    rigged.until(lambda: rigged.store.phase == "running")


def test_escape_stops_with_every_dialog_open(rigged: Rigged) -> None:
    rigged.ready()
    for page in (Page.REVIEW, Page.STEER):  # the first visit makes the page
        rigged.window.pages.go(page)
    start_run(rigged)
    for name, show in openers(rigged).items():
        show()
        rigged.qtbot.wait(1)
        count = len(rigged.rig.stops)
        for dialog in shown_dialogs() or [rigged.window]:
            escape(dialog.focusWidget() or dialog)
        rigged.until(lambda before=count: len(rigged.rig.stops) == before + 1)
        assert rigged.store.phase == "stopped", name
        for dialog in shown_dialogs():
            dialog.close()
        rigged.window.dialogs.card.hide()
        run_again(rigged)
    rigged.until(lambda: not rigged.studio.tasks._jobs)


def test_escape_and_stop_work_behind_an_open_menu(rigged: Rigged) -> None:
    start_run(rigged)
    menu = rigged.window.menus["Arm"]
    menu.popup(rigged.window.mapToGlobal(QPoint(300, 40)))
    assert QApplication.activePopupWidget() is menu
    escape(menu)
    rigged.until(lambda: rigged.rig.stops == ["operator (Esc)"])
    menu.close()
    run_again(rigged)
    menu.popup(rigged.window.mapToGlobal(QPoint(300, 40)))
    button = rigged.window.workspace.robot.stop_button
    place = QPointF(button.mapToGlobal(button.rect().center()))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    press = QEvent.Type.MouseButtonPress
    QApplication.sendEvent(
        menu, QMouseEvent(press, menu.mapFromGlobal(place), place, left, left, none)
    )
    rigged.until(lambda: rigged.rig.stops[-1] == "operator (button)")
    assert not menu.isVisible()


def test_escape_still_closes_what_is_open_while_nothing_moves(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.dialogs.ask_folder()
    dialog = next(w for w in shown_dialogs() if isinstance(w, QFileDialog))
    rigged.until(lambda: QApplication.activeWindow() is dialog)
    rigged.key(Qt.Key.Key_Escape)
    rigged.until(lambda: not shown_dialogs())
    rigged.window.arm.space.show()
    rigged.until(lambda: QApplication.activeWindow() is rigged.window.arm.space.dialog)
    rigged.key(Qt.Key.Key_Escape)
    assert not rigged.window.arm.space.dialog.isVisible()
    assert rigged.rig.stops == []


def test_one_press_of_escape_is_one_stop(rigged: Rigged) -> None:
    start_run(rigged)
    rigged.window.dialogs.show_help()
    none = Qt.KeyboardModifier.NoModifier
    target = rigged.window.dialogs.help
    kinds = [QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress]
    for again in (False, True, True):
        for kind in kinds:
            QApplication.sendEvent(target, QKeyEvent(kind, Qt.Key.Key_Escape, none, "", again))
    QApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Escape, none))
    rigged.until(lambda: len(rigged.rig.stops) == 1)
    assert rigged.window.dialogs.help.isVisible(), "the same press closes nothing"
