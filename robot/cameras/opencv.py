"""A camera that OpenCV can open: a USB camera by number, or a stream by address."""

from __future__ import annotations

import time

import cv2
import numpy as np

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError


class OpenCvCamera:
    """Reads from a capture device; reopens it after it was lost."""

    def __init__(self, name: str, device: str, model: CameraModel | None = None) -> None:
        """Open the device.

        Args:
            name: Such as "front".
            device: Number of the device, or the address of a stream.
            model: Calibration, when known.

        Raises:
            CameraError: If it cannot be opened.
        """
        self._name = name
        self._device = device
        self._model = model
        self._seq = 0
        self._capture: cv2.VideoCapture | None = self._open()

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture; see :class:`robot.base.Camera`.

        The device paces the reading, so ``timeout`` is not used.
        """
        del timeout
        if self._capture is None:
            self._capture = self._open()
        good, image = self._capture.read()
        t_ns = time.monotonic_ns()
        if not good or image is None:
            self.close()
            raise CameraError(
                f"Camera '{self._name}' ({self._device}) delivers no picture any more; is it still "
                "plugged in?"
            )
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        rgb.setflags(write=False)
        frame = Frame(camera=self._name, image=rgb, t_ns=t_ns, seq=self._seq)
        self._seq += 1
        return frame

    def close(self) -> None:
        """Give the device back."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _open(self) -> cv2.VideoCapture:
        source = int(self._device) if self._device.isdecimal() else self._device
        capture = cv2.VideoCapture(source)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"Camera '{self._name}' cannot be opened: there is no device '{self._device}', or "
                "another program uses it."
            )
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not a queue of old ones
        return capture
