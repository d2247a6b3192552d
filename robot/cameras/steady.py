"""A camera whose pictures keep their size and have straight lines, around any other camera."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import Frame
from robot.base import Camera, CameraError

ASPECT_TOLERANCE = 0.01


class SteadyCamera:
    """Refuses pictures of a wrong size; takes the distortion of the lens out of the others.

    Traces and calibration are shares of the picture. A camera that comes back in another mode would
    move all of them, and nobody would see it.
    """

    def __init__(self, camera: Camera, distortion: NDArray[np.float64] | None = None) -> None:
        """Wrap a camera.

        Args:
            camera: The camera inside; closed by :meth:`close`.
            distortion: Coefficients of its lens in OpenCV's order; without any, pictures stay as
                they are.
        """
        self._camera = camera
        self._distortion = np.zeros(0) if distortion is None else distortion
        self._size: tuple[int, int] | None = None
        self._maps: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._camera.name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._camera.model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture; see :class:`robot.base.Camera`.

        Raises:
            CameraError: Also if its size is not that of the first one or of the calibration.
        """
        frame = self._camera.read(timeout)
        if frame is None:
            return None
        height, width = frame.image.shape[:2]
        if self._size is None:
            self._require_aspect(width, height)
            self._size = width, height
        if self._size != (width, height):
            raise CameraError(
                f"Camera '{self.name}' delivers {width} x {height} pictures, but began with "
                f"{self._size[0]} x {self._size[1]}; set it back, or start the rig again if that "
                "is meant."
            )
        return self._straight(frame) if len(self._distortion) else frame

    def close(self) -> None:
        """Give the device back."""
        self._camera.close()

    def _require_aspect(self, width: int, height: int) -> None:
        model = self.model
        if model is None:
            return
        if abs(width * model.height / (height * model.width) - 1.0) > ASPECT_TOLERANCE:
            raise CameraError(
                f"Camera '{self.name}' delivers {width} x {height} pictures, but is calibrated for "
                f"{model.width} x {model.height}; set that size, or calibrate it for this one."
            )

    def _straight(self, frame: Frame) -> Frame:
        assert self._size is not None
        model = self.model
        if model is None:
            return frame
        if self._maps is None:
            width, height = self._size
            scaled = np.diag([width / model.width, height / model.height, 1.0]) @ model.intrinsics
            # ours has its origin at a pixel's corner, OpenCV's in its centre
            scaled[:2, 2] -= 0.5
            self._maps = cv2.initUndistortRectifyMap(
                scaled, self._distortion, np.eye(3), scaled, self._size, cv2.CV_16SC2
            )
        image = np.asarray(
            cv2.remap(frame.image, *self._maps, interpolation=cv2.INTER_LINEAR), dtype=np.uint8
        )
        image.setflags(write=False)
        return replace(frame, image=image)
