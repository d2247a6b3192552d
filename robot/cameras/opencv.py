"""A camera that OpenCV can open: a USB camera by number, or a stream by address.

A thread takes every picture as it comes and keeps the newest: nothing old waits in a queue of the
driver, and a device that hangs holds up nobody. It opens the device again when it was lost.
"""

from __future__ import annotations

import re
import threading
import time

import cv2
import numpy as np

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError

OPEN_MS = 5000
READ_MS = 2000
"""How long a stream may take to answer, and to deliver a picture [ms]."""

REOPEN_SECONDS = 1.0
LEAVE_SECONDS = 1.0

_SECRET = re.compile(r"(?<=://)[^/@\s]+@")

# what OpenCV has to say to a log is said by our errors, in words
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def without_secret(address: str) -> str:
    """Return the address of a stream without the name and password in it."""
    return _SECRET.sub("", address)


class OpenCvCamera:
    """Reads from a capture device; reopens it after it was lost."""

    def __init__(self, name: str, device: str, model: CameraModel | None = None) -> None:
        """Open the device.

        Args:
            name: Such as "front".
            device: Number of the device, or the address of a stream (rtsp, http).
            model: Calibration, when known; a device is asked for pictures of its size.

        Raises:
            CameraError: If it cannot be opened.
        """
        self._name = name
        self._device = device
        self._shown = without_secret(device)
        self._model = model
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._fault = ""
        self._taken = -1
        self._closed = threading.Event()
        capture = self._open()
        self._thread = threading.Thread(
            target=self._work, args=(capture,), name=f"capture-{name}", daemon=True
        )
        self._thread.start()

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._model

    def read(self, timeout: float) -> Frame | None:
        """Return the newest picture if it is a new one; see :class:`robot.base.Camera`."""
        with self._changed:
            self._changed.wait_for(self._has_news, timeout)
            if self._fault:
                raise CameraError(self._fault)
            frame = self._frame
            if frame is None or frame.seq == self._taken:
                return None
            self._taken = frame.seq
            return frame

    def close(self) -> None:
        """Give the device back, once it lets go of a picture that is awaited."""
        self._closed.set()
        self._thread.join(LEAVE_SECONDS)

    def _has_news(self) -> bool:
        return bool(self._fault) or (self._frame is not None and self._frame.seq != self._taken)

    def _work(self, capture: cv2.VideoCapture) -> None:
        seq = 0
        while not self._closed.is_set():
            good = capture.grab()
            t_ns = time.monotonic_ns()  # before the decoding, which takes its time
            picture = capture.retrieve()[1] if good else None
            if picture is None or picture.size == 0:
                capture.release()
                self._tell(
                    f"Camera '{self._name}' ({self._shown}) delivers no picture any more; is it "
                    "still plugged in?"
                )
                again = self._reopen()
                if again is None:
                    return
                capture = again
                continue
            rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            rgb.setflags(write=False)
            with self._changed:
                self._frame = Frame(camera=self._name, image=rgb, t_ns=t_ns, seq=seq)
                self._fault = ""
                self._changed.notify_all()
            seq += 1
        capture.release()

    def _reopen(self) -> cv2.VideoCapture | None:
        while not self._closed.wait(REOPEN_SECONDS):
            try:
                return self._open()
            except CameraError as error:
                self._tell(str(error))
        return None

    def _tell(self, fault: str) -> None:
        with self._changed:
            self._fault = fault
            self._changed.notify_all()

    def _open(self) -> cv2.VideoCapture:
        if "://" in self._device:
            waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
            capture = cv2.VideoCapture(self._device, cv2.CAP_FFMPEG, [*waits, READ_MS])
        elif self._device.isdecimal():
            capture = cv2.VideoCapture(int(self._device))
        else:
            capture = cv2.VideoCapture(self._device)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"Camera '{self._name}' cannot be opened: there is no device or stream "
                f"'{self._shown}', or another program uses it."
            )
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not a queue of old ones
        if self._model is not None and "://" not in self._device:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._model.width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._model.height)
        return capture
