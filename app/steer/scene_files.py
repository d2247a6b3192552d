"""Asks where the 3D view shall be saved, and saves it; the question never blocks the stop key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.file_dialog import free_path
from app.steer.cloud_view import CloudView
from app.steer.scene_export import SceneExport
from app.studio import Studio
from core.camera import CameraModel
from core.types import DepthMap


class SceneFiles(QObject):
    """Saves what the 3D view shows as PNG, and its points as PLY."""

    def __init__(self, studio: Studio, cloud: CloudView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio, self._cloud = studio, cloud
        self._export = SceneExport(self)
        self._export.saved.connect(studio.notifier.info)
        self._export.failed.connect(studio.notifier.error)
        self._dialog: QFileDialog | None = None
        self._depth: DepthMap | None = None
        self._image: NDArray[np.uint8] | None = None
        self._camera: CameraModel | None = None

    @property
    def dialog(self) -> QFileDialog | None:
        """The question that is open, if one is."""
        open_now = self._dialog is not None and self._dialog.isVisible()
        return self._dialog if open_now else None

    def remember(
        self, depth: DepthMap, image: NDArray[np.uint8], camera: CameraModel | None
    ) -> None:
        """Know what the points would be made of."""
        self._depth, self._image, self._camera = depth, image, camera

    def ask_picture(self) -> None:
        """Ask for a file and save the view as a picture."""
        self._ask("Save picture of the scene", "png", "Pictures (*.png)", self.save_picture)

    def ask_points(self) -> None:
        """Ask for a file and save the points."""
        self._ask("Export points", "ply", "Point clouds (*.ply)", self.save_points)

    def save_picture(self, path: Path) -> None:
        """Save the view; a file of that name stays, the new one gets a number."""
        self._export.save_picture(self._cloud.picture(), free_path(path))

    def save_points(self, path: Path) -> None:
        """Save the points; a file of that name stays, the new one gets a number."""
        if self._depth is None or self._image is None:
            self._studio.notifier.warning("There are no points to save yet; Think first.")
            return
        self._export.save_points(self._depth, self._image, self._camera, free_path(path))

    def close_dialog(self) -> bool:
        """Close the question; false when none was open."""
        dialog = self.dialog
        if dialog is None:
            return False
        dialog.reject()
        return True

    def shutdown(self) -> None:
        """Finish what is being written."""
        self._export.shutdown()

    def _ask(self, title: str, suffix: str, kinds: str, save: Callable[[Path], None]) -> None:
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
        folder = Path(self._studio.settings.sessions).expanduser()
        dialog = self._dialog = QFileDialog(self._cloud.window(), title)
        # Neither it nor a question about overwriting may be modal: that would hold the stop key.
        dialog.setModal(False)
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(kinds)
        dialog.setDefaultSuffix(suffix)
        dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
        dialog.selectFile(f"scene-{datetime.now():%Y%m%d-%H%M%S}.{suffix}")
        dialog.fileSelected.connect(lambda name: save(Path(name)))
        dialog.show()
