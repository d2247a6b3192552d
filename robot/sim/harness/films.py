"""Videos of trials: the front camera with the drawn line, or the model's own trace, over it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.overlay import draw_trace
from core.trace import to_pixels
from core.types import Reasoning
from core.video import VideoFile
from robot.sim.harness.cases import Case
from robot.sim.scene import FRAME_SIZE

FPS = 5
"""Pictures a second: one for each step of the lab."""

PLAN_COLOUR = (255, 214, 0)
"""Of the model's own trace; a drawn line is cyan, as the model sees it."""

CAPTION = 22
"""Height of the line of words below the picture [px]."""

SIZE = (FRAME_SIZE[0], FRAME_SIZE[1] + CAPTION)


class TrialFilm:
    """One trial as an MP4; see :class:`robot.sim.trials.Film`."""

    def __init__(self, folder: Path, case: Case) -> None:
        """Begin a film.

        Args:
            folder: Where it goes; made when it is missing.
            case: What is tried; names the file and is written below the pictures.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._file = VideoFile(folder / f"{film_name(case)}.mp4", size=SIZE, fps=FPS)
        self._words = " ".join(filter(None, (str(case.condition), case.variant)))
        self._over: tuple[NDArray[np.float64], bool] | None = None

    def begin(self, words: str) -> None:
        """Take what the policy will be told; it is written below the pictures."""
        self._words = f"{self._words}: {words}"

    def think(
        self, picture: NDArray[np.uint8], line: NDArray[np.float64] | None, reasoning: Reasoning
    ) -> None:
        """Take what the policy was shown, the rest of the drawn line, and its answer."""
        if line is not None:
            self._over = (line, True)
        elif reasoning.traces:
            self._over = (reasoning.traces[0].points, False)
        else:
            self._over = None
        self.show(picture)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Take a picture while the arm moves."""
        self._file.add(composed(picture, self._over, self._words))

    def finish(self, ended: str) -> Path | None:
        """Show how it ended for a second and complete the file; None when there is no picture."""
        if not self._file.pictures:
            self._file.abandon()
            return None
        blank = np.full((FRAME_SIZE[1], FRAME_SIZE[0], 3), 32, dtype=np.uint8)
        for _ in range(FPS):
            self._file.add(composed(blank, None, ended))
        return self._file.finish()

    def abandon(self) -> None:
        """Give the film up; nothing of it stays."""
        self._file.abandon()


def composed(
    picture: NDArray[np.uint8], over: tuple[NDArray[np.float64], bool] | None, words: str
) -> NDArray[np.uint8]:
    """Draw a line into a picture and write words below it.

    Args:
        picture: (240, 320, 3) uint8 RGB.
        over: (L, 2) points in model units, and whether a person drew them; None for no line.
        words: What is written below; what does not fit is cut off.

    Returns:
        (262, 320, 3) uint8 RGB.
    """
    result = np.full((SIZE[1], SIZE[0], 3), 24, dtype=np.uint8)
    shown = picture
    if over is not None and len(over[0]) >= 2:
        points, drawn = over
        shown = draw_trace(picture, points) if drawn else _with_plan(picture, points)
    result[: FRAME_SIZE[1]] = shown
    place = (4, SIZE[1] - 7)
    cv2.putText(
        result, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (235, 235, 235), 1, cv2.LINE_AA
    )
    return result


def film_name(case: Case) -> str:
    """Return a file name for a case."""
    return case.key.replace("/", "_").replace(" ", "-")


def _with_plan(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    pixels = np.rint(to_pixels(points, FRAME_SIZE)).astype(np.int32)
    result = picture.copy()
    cv2.polylines(result, [pixels], False, PLAN_COLOUR, 2, cv2.LINE_AA)
    return result
