"""A camera that plays a picture, a folder of pictures or a video over and over."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError

RATE_HZ = 15.0
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


class FileCamera:
    """Delivers pictures from disk at :data:`RATE_HZ`."""

    def __init__(self, name: str, path: str, model: CameraModel | None = None) -> None:
        """Look at the file.

        Args:
            name: Such as "front".
            path: A picture, a folder of pictures (played in the order of their names) or a video.
            model: Calibration, when known.

        Raises:
            CameraError: If there is nothing that can be played.
        """
        self._name = name
        self._path = Path(path)
        self._model = model
        self._seq = count()
        self._due = time.monotonic()
        if not self._path.exists():
            raise CameraError(f"Camera '{name}': there is no file or folder '{path}'.")
        self._pictures = self._play()
        self._first: NDArray[np.uint8] | None = next(self._pictures)

    @property
    def name(self) -> str:
        """Such as "front"."""
        return self._name

    @property
    def model(self) -> CameraModel | None:
        """Calibration, when known."""
        return self._model

    def read(self, timeout: float) -> Frame | None:
        """Return the next picture when it is due; see :class:`robot.base.Camera`."""
        rest = self._due - time.monotonic()
        if rest > timeout:
            time.sleep(timeout)
            return None
        time.sleep(max(0.0, rest))
        self._due = max(self._due + 1.0 / RATE_HZ, time.monotonic())
        image, self._first = self._first, None
        if image is None:
            image = self._following()
        return Frame(camera=self._name, image=image, t_ns=time.monotonic_ns(), seq=next(self._seq))

    def close(self) -> None:
        """Close the file."""
        self._pictures.close()

    def _following(self) -> NDArray[np.uint8]:
        try:
            return next(self._pictures)
        except OSError as error:
            self._pictures = self._play()
            raise self._unreadable(f"cannot be read ({error.strerror})") from error
        except CameraError:
            self._pictures = self._play()  # an iterator that has raised is at its end
            raise

    def _play(self) -> Generator[NDArray[np.uint8]]:
        if self._path.is_dir():
            files = sorted(f for f in self._path.iterdir() if f.suffix.lower() in PICTURES)
            if not files:
                raise self._unreadable("holds no picture")
            while True:
                yield from (self._picture(file) for file in files)
        if self._path.suffix.lower() in PICTURES:
            picture = self._picture(self._path)
            while True:
                yield picture
        while True:
            yield from self._video()

    def _picture(self, file: Path) -> NDArray[np.uint8]:
        # imdecode reads paths that imread cannot, and says nothing on standard error
        image = cv2.imdecode(np.fromfile(file, dtype=np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise self._unreadable(f"holds no picture in '{file.name}'")
        return _rgb(image)

    def _video(self) -> Iterator[NDArray[np.uint8]]:
        capture = cv2.VideoCapture(str(self._path))
        try:
            good, image = capture.read()
            if not good:
                raise self._unreadable("is neither a picture nor a video")
            while good:
                yield _rgb(image)
                good, image = capture.read()
        finally:
            capture.release()

    def _unreadable(self, what: str) -> CameraError:
        return CameraError(f"Camera '{self._name}': '{self._path}' {what}.")


def _rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    rgb.setflags(write=False)
    return rgb
