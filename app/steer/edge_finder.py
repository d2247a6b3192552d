"""Finds the edges of the pinned picture outside the GUI thread, for points that snap to them."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from core import snap
from core.types import DepthMap, StudioError

log = logging.getLogger(__name__)


class _Done(QObject):
    finished = Signal(int, object)


def _find(generation: int, image: NDArray[np.uint8], depth: DepthMap | None, done: _Done) -> None:
    """Find the edges in a thread of the pool."""
    try:
        done.finished.emit(generation, snap.edge_field(image, depth))
    except StudioError as error:
        log.warning("no edges to snap to: %s", error)


class EdgeFinder(QObject):
    """Keeps the edges of the newest picture while it is switched on."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done = _Done()
        self._done.finished.connect(self._take)
        self._generation = 0
        self._on = False
        self._picture: NDArray[np.uint8] | None = None
        self._depth: DepthMap | None = None
        self._field: snap.EdgeField | None = None

    @property
    def is_on(self) -> bool:
        """Whether points snap."""
        return self._on

    @property
    def is_ready(self) -> bool:
        """Whether the edges of the picture are known."""
        return self._field is not None

    def set_on(self, on: bool) -> None:
        """Switch snapping."""
        if on != self._on:
            self._on = on
            self._search()

    def set_picture(self, image: NDArray[np.uint8] | None, depth: DepthMap | None) -> None:
        """Tell the pinned picture, (H, W, 3) uint8 RGB, and its depth map; None for no picture."""
        if image is not self._picture or depth is not self._depth:
            self._picture, self._depth = image, depth
            self._search()

    def nearest(self, place: NDArray[np.float64], radius: float) -> NDArray[np.float64] | None:
        """Return the (2,) nearest edge within a radius [px], or None."""
        if not self._on or self._field is None:
            return None
        return snap.nearest(self._field, place, radius)

    def shutdown(self) -> None:
        """Wait for the thread; nothing is emitted afterwards."""
        self._generation += 1
        self._pool.waitForDone()

    def _search(self) -> None:
        self._generation += 1
        self._field = None
        if self._on and self._picture is not None:
            self._pool.clear()
            self._pool.start(
                partial(_find, self._generation, self._picture, self._depth, self._done)
            )
        self.changed.emit()

    @Slot(int, object)
    def _take(self, generation: int, field: snap.EdgeField) -> None:
        if generation == self._generation:
            self._field = field
            self.changed.emit()
