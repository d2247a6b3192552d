"""The lab's cameras."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError

if TYPE_CHECKING:
    from robot.rig.lab_link import LabLink

POLL_SECONDS = 0.008


class SimulatedCamera:
    """One camera of the simulated lab."""

    def __init__(self, name: str, link: LabLink, model: CameraModel) -> None:
        """Show the pictures that the lab publishes under ``name``."""
        self._name = name
        self._link = link
        self._model = model
        self._last = -1

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._name

    @property
    def model(self) -> CameraModel | None:
        """Calibration."""
        return self._model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture; see :class:`robot.base.Camera`."""
        deadline = time.monotonic() + timeout
        while True:
            frame = self._link.frames().get(self._name)
            if frame is not None and frame.t_ns != self._last:
                self._last = frame.t_ns
                return frame
            if time.monotonic() > deadline:
                if not self._link.is_alive:
                    raise CameraError(
                        f"Camera '{self._name}' is dark: the simulated lab is gone; start it again."
                    )
                return None
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Nothing to give back; the connection to the lab belongs to the rig."""
