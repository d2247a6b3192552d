"""The box of the arm: shown while it is chosen, sent to the rig, and kept for the next time."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMainWindow

from app.arm.boxes import load_box, save_box
from app.arm.workspace_dialog import WorkspaceDialog
from app.settings import settings_folder
from app.steer.scene_link import SceneLink
from app.studio import Studio
from robot.guard import Workspace


class Space(QObject):
    """Asks for the box, and sends the one that is known when an arm is connected.

    Attributes:
        dialog: The question, once it was opened.
    """

    def __init__(self, studio: Studio, scene: SceneLink, window: QMainWindow) -> None:
        super().__init__(window)
        self._studio, self._scene, self._window = studio, scene, window
        self._folder = settings_folder()
        self.dialog: WorkspaceDialog | None = None
        studio.rig.connected.connect(self._connected)

    def close_top(self) -> bool:
        """Close the question; false when it is not open."""
        if self.dialog is None or not self.dialog.isVisible():
            return False
        self.dialog.close()
        return True

    @Slot()
    def show(self) -> None:
        """Ask for the box."""
        dialog = self.dialog
        if dialog is None:
            dialog = self.dialog = WorkspaceDialog(self._window)
            dialog.corner_wanted.connect(self._take_corner)
            dialog.changed.connect(self._show_draft)
            dialog.chosen.connect(self._use)
            dialog.finished.connect(self._show_true)
        rig = self._studio.store.rig
        if rig is not None and rig.workspace is not None:
            low, high = rig.workspace
            dialog.set_box(list(low), list(high))
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot()
    def _take_corner(self) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        self._studio.rig.call(
            lambda client: np.asarray(client.teach(), dtype=np.float64),
            dialog.take_corner,
            dialog.say,
        )

    @Slot(object)
    def _show_draft(self, box: Workspace | None) -> None:
        if box is not None and self.dialog is not None and self.dialog.isVisible():
            self._scene.show_box(box.low, box.high)

    @Slot(int)
    def _show_true(self, *_: object) -> None:
        """Show the box that holds, whatever was tried."""
        self._scene.show_rig()

    @Slot(object)
    def _use(self, box: Workspace) -> None:
        studio, dialog = self._studio, self.dialog
        rig = studio.store.rig
        if dialog is None or rig is None:
            return
        host = rig.host

        def done(_: object) -> None:
            studio.space_changed(box.low.tolist(), box.high.tolist())
            studio.tasks.run(
                "Keeping the workspace",
                lambda work: save_box(self._folder, host, box),
                lambda _: None,
                studio.notifier.warning,
                cancellable=False,
            )
            dialog.close()

        studio.rig.call(lambda client: client.set_workspace(box.low, box.high), done, dialog.say)

    @Slot(object)
    def _connected(self, client: Any) -> None:
        """Send the box that was used with this arm before; a lab has its own."""
        studio = self._studio
        if client.kind == "lab" or client.workspace is not None:
            return
        folder, host = self._folder, str(client.host)

        def send(box: Workspace | None) -> None:
            if box is None:
                return
            studio.rig.call(
                lambda rig: rig.set_workspace(box.low, box.high),
                lambda _: studio.space_changed(box.low.tolist(), box.high.tolist()),
                studio.notifier.warning,
            )

        studio.tasks.run(
            "Reading the workspace",
            lambda work: load_box(folder, host),
            send,
            studio.notifier.warning,
        )
