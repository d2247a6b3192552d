"""Lifts depth maps to surfaces outside the GUI thread; only the newest result counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThreadPool, Signal

from core import pointcloud
from core.camera import CameraModel
from core.surface import Surface, assumed_camera, make_surface
from core.types import DepthMap, StudioError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """A surface with the trace laid onto it.

    Attributes:
        surface: The cloud and its cells; the same object while depth, image and camera are.
        trace: (L, 3) float32 [m], or None for no trace.
        user: Whether a person drew the trace.
    """

    surface: Surface
    trace: NDArray[np.float32] | None
    user: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    generation: int
    depth: DepthMap
    image: NDArray[np.uint8]
    camera: CameraModel | None
    trace: NDArray[np.float64] | None
    user: bool
    known: Surface | None


class _Done(QObject):
    finished = Signal(int, object)
    failed = Signal(int, str)


def _lift(work: _Work, done: _Done) -> None:
    """Lift in a thread of the pool."""
    try:
        surface = work.known or make_surface(work.depth, work.image, work.camera)
        trace = None
        if work.trace is not None:
            height, width = work.image.shape[:2]
            camera = work.camera or assumed_camera(width, height)
            trace = pointcloud.lift_trace(work.trace, work.depth, camera)
    except (StudioError, RuntimeError, ValueError) as error:
        done.failed.emit(work.generation, str(error))
        return
    result = Lifted(surface=surface, trace=trace, user=work.user)
    done.finished.emit(work.generation, result)


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
        self._last: _Work | None = None
        self._surface: Surface | None = None
        self._running = False
        self._done = _Done()
        self._done.finished.connect(self._finished)
        self._done.failed.connect(self._failed)

    def request(
        self,
        depth: DepthMap,
        image: NDArray[np.uint8],
        camera: CameraModel | None,
        trace: NDArray[np.float64] | None = None,
        user: bool = False,
    ) -> None:
        """Ask for a cloud; an earlier request that is not finished is forgotten.

        Args:
            depth: Depth map of the image.
            image: (H, W, 3) uint8 RGB without a drawn line.
            camera: Calibration of the camera in the base frame; None assumes one.
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
            known=self._known(depth, image, camera),
        )
        self._start()

    def forget(self) -> None:
        """Drop whatever is under way."""
        self._generation += 1
        self._next = None

    def shutdown(self) -> None:
        """Wait for the thread; nothing is emitted afterwards."""
        self.forget()
        self._pool.waitForDone()

    def _known(
        self, depth: DepthMap, image: NDArray[np.uint8], camera: CameraModel | None
    ) -> Surface | None:
        """Return the surface that was made of the same, so that only the trace is laid anew."""
        last = self._last
        if last is None or last.depth is not depth or last.image is not image:
            return None
        return self._surface if last.camera is camera else None

    def _start(self) -> None:
        if self._running or self._next is None:
            return
        work, self._next = self._next, None
        self._running = True
        self._last, self._surface = work, work.known
        self._pool.start(partial(_lift, work, self._done))

    def _finished(self, generation: int, result: Lifted) -> None:
        self._running = False
        self._surface = result.surface
        if generation == self._generation:
            self.lifted.emit(result)
        self._start()

    def _failed(self, generation: int, sentence: str) -> None:
        self._running = False
        log.warning("no point cloud: %s", sentence)
        if generation == self._generation:
            self.failed.emit(sentence)
        self._start()
