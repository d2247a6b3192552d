"""Reads what the arm looks like from the disk, outside the GUI thread."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import QObject, QThreadPool, Signal

from robot.franka_shape import load_shapes

log = logging.getLogger(__name__)


class _Done(QObject):
    loaded = Signal(object)


def _load(done: _Done) -> None:
    """Read the meshes in a thread of the pool; without them the gripper frame stands alone."""
    try:
        shapes = load_shapes()
    except (OSError, ValueError) as error:
        log.warning("no model of the arm: %s", error)
    else:
        done.loaded.emit(shapes)


class ShapesJob(QObject):
    """Reads the meshes once; ``loaded`` carries them."""

    loaded = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._done = _Done()
        self._done.loaded.connect(self.loaded)

    def start(self) -> None:
        """Begin to read."""
        self._pool.start(partial(_load, self._done))

    def shutdown(self) -> None:
        """Wait for the thread."""
        self._pool.waitForDone()
