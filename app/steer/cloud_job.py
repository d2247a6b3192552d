"""Lifts depth maps to point clouds outside the GUI thread; only the newest result counts."""

from __future__ import annotations

import importlib
import logging
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from core.camera import CameraModel
from core.types import DepthMap, StudioError

log = logging.getLogger(__name__)


WARM_UP_MS = 3000
"""When Open3D is imported, counted from the start: before it is needed, but not at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """A cloud with the trace laid onto it.

    Attributes:
        points: (N, 3) float32 in the base frame [m].
        colours: (N, 3) float32 RGB in 0..1.
        metric: Whether distances are true.
        trace: (L, 3) float32 [m], or None for no trace.
        user: Whether a person drew the trace.
    """

    points: NDArray[np.float32]
    colours: NDArray[np.float32]
    metric: bool
    trace: NDArray[np.float32] | None
    user: bool


class _Job(QRunnable):
    def __init__(self, work: _Work, done: _Done) -> None:
        super().__init__()
        self._work = work
        self._done = done

    def run(self) -> None:
        """Lift in a thread of the pool; Open3D is imported here for the first time."""
        work = self._work
        try:
            from core import pointcloud

            cloud = pointcloud.lift(work.depth, work.image, work.camera)
            trace = None
            if work.trace is not None:
                trace = pointcloud.lift_trace(work.trace, work.depth, work.camera)
        except (StudioError, ImportError, RuntimeError, ValueError) as error:
            self._done.failed.emit(work.generation, str(error))
            return
        result = Lifted(
            points=cloud.points,
            colours=cloud.colours,
            metric=cloud.metric,
            trace=trace,
            user=work.user,
        )
        self._done.finished.emit(work.generation, result)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    generation: int
    depth: DepthMap
    image: NDArray[np.uint8]
    camera: CameraModel
    trace: NDArray[np.float64] | None
    user: bool


class _Done(QObject):
    finished = Signal(int, object)
    failed = Signal(int, str)


class CloudJob(QObject):
    """Runs one lift at a time; while it runs, only the newest request is kept.

    ``lifted`` carries a :class:`Lifted`; ``failed`` a sentence.
    """

    lifted = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._generation = 0
        self._next: _Work | None = None
        self._running = False
        self._done = _Done()
        self._done.finished.connect(self._finished)
        self._done.failed.connect(self._failed)
        self._warm_up = QTimer(self, singleShot=True, interval=WARM_UP_MS)
        self._warm_up.timeout.connect(self._import_early)
        self._warm_up.start()

    def request(
        self,
        depth: DepthMap,
        image: NDArray[np.uint8],
        camera: CameraModel,
        trace: NDArray[np.float64] | None = None,
        user: bool = False,
    ) -> None:
        """Ask for a cloud; an earlier request that is not finished is forgotten.

        Args:
            depth: Depth map of the image.
            image: (H, W, 3) uint8 RGB without a drawn line.
            camera: Calibration of the camera.
            trace: (L, 2) points in 0..255 to lay onto the surface.
            user: Whether a person drew the trace.
        """
        self._generation += 1
        self._next = _Work(
            generation=self._generation,
            depth=depth,
            image=image,
            camera=camera,
            trace=trace,
            user=user,
        )
        self._start()

    def forget(self) -> None:
        """Drop whatever is under way."""
        self._generation += 1
        self._next = None

    def shutdown(self) -> None:
        """Wait for the thread; nothing is emitted afterwards."""
        self._warm_up.stop()
        self.forget()
        self._pool.waitForDone()

    def _import_early(self) -> None:
        """Import Open3D in the pool: it takes a second, or many on a busy machine."""
        self._pool.start(_import_open3d)

    def _start(self) -> None:
        if self._running or self._next is None:
            return
        work, self._next = self._next, None
        self._running = True
        self._pool.start(_Job(work, self._done))

    def _finished(self, generation: int, result: Lifted) -> None:
        self._running = False
        if generation == self._generation:
            self.lifted.emit(result)
        self._start()

    def _failed(self, generation: int, sentence: str) -> None:
        self._running = False
        log.warning("no point cloud: %s", sentence)
        if generation == self._generation:
            self.failed.emit(sentence)
        self._start()


def _import_open3d() -> None:
    """Import Open3D; what is wrong with it is said when it is needed."""
    with suppress(ImportError, OSError):
        importlib.import_module("open3d")
