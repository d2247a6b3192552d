"""A camera that goes wrong when it is told to, around any other camera."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from core.camera import CameraModel
from core.types import Frame
from robot.base import Camera, CameraError
from robot.faults.kinds import FaultKind
from robot.faults.plan import Injection

DELAY_SECONDS = 3.5
"""How late the pictures of a delayed camera come: later than even a lab's watch allows."""

Newest = dict[str, Frame]
"""The newest true picture of every camera, shared by the cameras that can be swapped."""


class FaultyCamera:
    """Delivers what the camera inside delivers, until a fault begins.

    A frozen camera repeats its picture under new times and numbers, as one does that is read
    through OpenCV: only the pixels tell. A delayed one keeps the times of capture: only the age
    tells. A dropped one tells nothing.
    """

    def __init__(
        self,
        camera: Camera,
        newest: Newest,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap a camera.

        Args:
            camera: The camera inside; closed by :meth:`close`.
            newest: Where all cameras keep their newest true pictures.
            clock: Seconds that never run backwards.
        """
        self._camera = camera
        self._newest = newest
        self._clock = clock
        self._until: dict[FaultKind, float] = {}
        self._partner = ""
        self._stuck: Frame | None = None
        self._queue: deque[tuple[float, Frame]] = deque()
        self._ended = threading.Event()

    def begin(self, fault: Injection, partner: str = "") -> None:
        """Let a fault begin.

        Args:
            fault: What, and for how long from now.
            partner: Camera to swap with.
        """
        if fault.kind == FaultKind.CAMERA_SWAP:
            self._partner = partner
        if fault.kind == FaultKind.CAMERA_FREEZE:
            self._stuck = self._newest.get(self.name)
        self._until = {**self._until, fault.kind: self._clock() + fault.seconds}

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._camera.name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._camera.model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture, or what a fault makes of it."""
        now = self._clock()
        active = {kind for kind, until in self._until.items() if now < until}
        if FaultKind.CAMERA_DELAY not in active:
            self._queue.clear()  # seconds of pictures, which nobody asks for after the fault
        if FaultKind.CAMERA_UNPLUG in active:
            raise CameraError(
                f"Camera '{self.name}' delivers no picture any more; is it still plugged in?"
            )
        if FaultKind.CAMERA_DROP in active:
            self._ended.wait(timeout)
            return None
        frame = self._camera.read(timeout)
        if frame is None:
            return None
        self._newest[self.name] = frame
        if FaultKind.CAMERA_SWAP in active:
            other = self._newest.get(self._partner, frame)
            frame = replace(other, camera=self.name, seq=frame.seq)
        if FaultKind.CAMERA_FREEZE in active:
            self._stuck = self._stuck or frame
            frame = replace(frame, image=self._stuck.image)
        if FaultKind.CAMERA_SIZE in active:
            frame = replace(frame, image=frame.image[::2, ::2].copy())
        return self._late(frame, now) if FaultKind.CAMERA_DELAY in active else frame

    def close(self) -> None:
        """Give the device back."""
        self._ended.set()
        self._camera.close()

    def _late(self, frame: Frame, now: float) -> Frame | None:
        """Keep a picture back; return the newest one that is late enough, each once."""
        self._queue.append((now, frame))
        late: Frame | None = None
        while self._queue and now - self._queue[0][0] >= DELAY_SECONDS:
            late = self._queue.popleft()[1]
        return late
