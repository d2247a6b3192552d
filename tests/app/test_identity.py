"""Every window of ours says whose arm it is, in words and by its frame."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.edge import WIDTHS, Edge
from tests.app.conftest import Rigged


def edge_of(window: QWidget) -> Edge | None:
    return window.findChild(Edge, options=Qt.FindChildOption.FindDirectChildrenOnly)


def test_every_window_says_whose_arm_it_is(rigged: Rigged) -> None:
    rigged.ready()
    window = rigged.window
    window.dialogs.show_help()
    dock = window.docks.by_name["answer"]
    dock.setFloating(True)
    for shown, title in (
        (window, "Steering Studio"),
        (window.dialogs.help, "Keys and gestures"),
        (dock, "Answer"),
    ):
        rigged.until(lambda w=shown, t=title: w.windowTitle() == f"{t} – SIMULATED LAB")
        edge = edge_of(shown)
        assert edge is not None
        assert (edge.kind, edge.isVisible(), edge.size()) == ("lab", True, shown.size())
    dock.setFloating(False)
    rigged.until(lambda: dock.windowTitle() == "Answer")
    rigged.rig.kind, rigged.rig.host = "real", "192.168.1.5"
    rigged.studio.rig.open("ws://real")
    rigged.until(lambda: window.windowTitle() == "Steering Studio – REAL ARM 192.168.1.5")
    assert window.dialogs.help.windowTitle() == "Keys and gestures – REAL ARM 192.168.1.5"
    assert window._badge.text().replace("\n", " ") == "REAL ARM 192.168.1.5"
    for shown in (window, window.dialogs.help):
        edge = edge_of(shown)
        assert edge is not None
        assert edge.kind == "real"
    assert WIDTHS["real"] > WIDTHS["lab"]
    rigged.studio._service_failed("rig", "The rig crashed. Restart it.")
    assert window.windowTitle() == "Steering Studio"
    gone = edge_of(window)
    assert gone is not None
    assert not gone.isVisible()


def test_training_with_faults_is_said(rigged: Rigged) -> None:
    rigged.rig.faults, rigged.rig.speed = "seed 7", 0.1
    rigged.ready()
    rigged.studio.rig.open("ws://again")
    panel = rigged.window.workspace.robot
    rigged.until(panel._faults.isVisible)
    assert panel._faults.text() == "Fault training is on"
    assert panel._facts.text() == "speed 10 %"


def test_a_window_that_is_made_with_a_title_is_marked_when_it_appears(rigged: Rigged) -> None:
    rigged.ready()
    dialog = QFileDialog(rigged.window, "Choose")  # gets its title while it is being made
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    assert edge_of(dialog) is None
    dialog.show()
    rigged.until(lambda d=dialog: d.windowTitle() == "Choose – SIMULATED LAB")
    assert edge_of(dialog) is not None
    dialog.close()
    dialog.deleteLater()
    del dialog
    rigged.qtbot.wait(50)
