"""An Intel RealSense camera's colour pictures; needs the extra "realsense"."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError

SIZE = (640, 480)
RATE_HZ = 30
STALE_SECONDS = 1.0
"""A time of capture that is farther from now than this is not believed."""

ANY = "any"


class RealSenseCamera:
    """Reads colour pictures; starts the camera anew after it was lost."""

    def __init__(self, name: str, serial: str, model: CameraModel | None = None) -> None:
        """Start the camera.

        Args:
            name: Such as "front".
            serial: Serial number on its label, or "any" for the only one.
            model: Calibration, when known; the camera delivers pictures of its size.

        Raises:
            CameraError: If there is no such camera, or its library is not installed.
        """
        self._name = name
        self._serial = serial
        self._model = model
        self._library = _load(name)
        self._seq = 0
        self._pipeline: Any = self._start()

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture; see :class:`robot.base.Camera`."""
        if self._pipeline is None:
            self._pipeline = self._start()
        try:
            arrived, frames = self._pipeline.try_wait_for_frames(max(1, round(1000 * timeout)))
            colour = frames.get_color_frame() if arrived else None
            if not colour:
                self._require_present()
                return None
            # a copy: the library uses its buffer again
            image = np.array(colour.get_data(), dtype=np.uint8)
            t_ns = self._captured_ns(colour)
        except RuntimeError as error:
            self.close()
            raise CameraError(
                f"Camera '{self._name}' (RealSense {self._serial}) is lost: {error}. Is it still "
                "plugged in?"
            ) from error
        image.setflags(write=False)
        frame = Frame(camera=self._name, image=image, t_ns=t_ns, seq=self._seq)
        self._seq += 1
        return frame

    def close(self) -> None:
        """Stop the camera."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            try:
                pipeline.stop()
            except RuntimeError:
                return  # it was gone before

    def _require_present(self) -> None:
        """Raise the library's own error when the camera is gone: a silent one may only be slow.

        Raises:
            RuntimeError: If it is not plugged in.
        """
        devices = self._library.context().query_devices()
        serial = self._library.camera_info.serial_number
        if not any(self._serial in (ANY, device.get_info(serial)) for device in devices):
            raise RuntimeError("it is not there")

    def _captured_ns(self, colour: Any) -> int:
        """Return the time of capture on our clock, or that of arrival where it is not told."""
        now = time.monotonic_ns()
        domains = self._library.timestamp_domain
        if colour.get_frame_timestamp_domain() not in (domains.global_time, domains.system_time):
            return now
        age_seconds = time.time() - 1e-3 * colour.get_timestamp()
        if not 0.0 <= age_seconds <= STALE_SECONDS:
            return now
        return now - round(1e9 * age_seconds)

    def _start(self) -> Any:
        library = self._library
        width, height = SIZE if self._model is None else (self._model.width, self._model.height)
        config = library.config()
        if self._serial != ANY:
            config.enable_device(self._serial)
        config.enable_stream(library.stream.color, width, height, library.format.rgb8, RATE_HZ)
        pipeline = library.pipeline()
        try:
            pipeline.start(config)
        except RuntimeError as error:
            raise CameraError(
                f"Camera '{self._name}' cannot be opened: RealSense '{self._serial}' with "
                f"{width} x {height} pictures: {error}. Look at its cable (USB 3) and its serial "
                "number."
            ) from error
        return pipeline


def _load(name: str) -> Any:
    try:
        return importlib.import_module("pyrealsense2")
    except ImportError as error:
        raise CameraError(
            f"Camera '{name}' needs the library of RealSense cameras; install it with "
            "python -m pip install 'pyrealsense2>=2.55,<3'."
        ) from error
