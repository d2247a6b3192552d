"""Saves the 3D view as a picture or as points, outside the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, QThreadPool, Signal
from PySide6.QtGui import QImage

from core.camera import CameraModel
from core.ply import ply_bytes, write_whole
from core.pointcloud import lift
from core.surface import assumed_camera
from core.types import DepthMap, StudioError


class _Done(QObject):
    saved = Signal(str)
    failed = Signal(str)


def _save(path: Path, make: Callable[[], tuple[bytes, str]], done: _Done) -> None:
    """Make the bytes and write them in a thread of the pool."""
    try:
        data, what = make()
        write_whole(path, data)
    except (StudioError, ValueError, MemoryError) as error:
        done.failed.emit(str(error))
    else:
        done.saved.emit(f"Saved {what} as {path}.")


class SceneExport(QObject):
    """Writes one file after the other; a file appears complete or not at all.

    ``saved`` and ``failed`` carry a sentence.
    """

    saved = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done = _Done()
        self._done.saved.connect(self.saved)
        self._done.failed.connect(self.failed)

    def save_picture(self, picture: QImage, path: Path) -> None:
        """Write a picture as PNG."""

        def make() -> tuple[bytes, str]:
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            if not picture.save(buffer, "PNG"):  # type: ignore[call-overload]
                raise StudioError("The picture is empty. Open the 3D view and save it again.")
            return bytes(buffer.data().data()), "the 3D view"

        self._pool.start(partial(_save, path, make, self._done))

    def save_points(
        self, depth: DepthMap, image: object, camera: CameraModel | None, path: Path
    ) -> None:
        """Write every point of a depth map with its colour as PLY.

        Args:
            depth: Depth map of the image.
            image: (H, W, 3) uint8 RGB.
            camera: Calibration in the base frame; None assumes one, as the file then says.
            path: File to write.
        """

        def make() -> tuple[bytes, str]:
            height, width = image.shape[:2]  # type: ignore[attr-defined]
            cloud = lift(depth, image, camera or assumed_camera(width, height))  # type: ignore[arg-type]
            frame = "robot base frame" if camera is not None else "camera frame, assumed angle"
            comment = f"Steering Studio; {frame}; {cloud.label}"
            data = ply_bytes(cloud.points, cloud.colours, comment)
            return data, f"{len(cloud.points):,} points"

        self._pool.start(partial(_save, path, make, self._done))

    def shutdown(self) -> None:
        """Finish what is being written."""
        self._pool.waitForDone()
