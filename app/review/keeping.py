"""Saving a still or a clip, opening a file, and going on from a recorded moment in the lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QWidget

from app import theme
from app.review.review import Review
from app.review.words import clock
from app.studio import Studio
from app.task import Work
from core.review.branching import observation_at
from core.review.clip import picture_at, write_clip, write_still
from core.types import Observation, StudioError

AskFile = Callable[[str, str, str], str]
"""Gets a title, a proposed path and a filter; returns the chosen path or nothing."""


class Keeping(QObject):
    """What becomes of a recorded moment outside the Review page."""

    branched = Signal(object, str)
    """A :class:`core.types.Observation`, and which moment it is in words."""

    def __init__(self, studio: Studio, review: Review, window: QWidget) -> None:
        super().__init__(review)
        self._studio, self._review, self._window = studio, review, window
        self.ask_target: AskFile = self._ask_target
        self.ask_source: AskFile = self._ask_source

    def open(self, *_: object) -> None:
        """Ask for a session file and show it."""
        sessions = "Sessions (*.mcap *.mcap.part)"
        path = self.ask_source("Open a session", str(self._review.folder), sessions)
        if path:
            self._review.open_file(Path(path))

    def save_still(self, *_: object) -> None:
        """Write the pictures of this moment."""
        review = self._review
        review.player.pause()
        path = self._target("PNG (*.png);;JPEG (*.jpg)", ".png")
        if path is None or not review.reels:
            return
        session, moment, colours = review.reels[0].session, review.player.position, _colours()

        def work(_: Work) -> None:
            picture = picture_at(session, moment, model=colours[0], user=colours[1])
            if picture is None:
                raise StudioError("There is no picture at this moment yet; go on a little.")
            write_still(path, picture)

        self._run("Saving the still", work, path)

    def save_clip(self, *_: object) -> None:
        """Write what is played as a video."""
        review = self._review
        review.player.pause()
        path = self._target("MP4 video (*.mp4)", ".mp4")
        if path is None or not review.reels:
            return
        session, colours = review.reels[0].session, _colours()
        span = (review.player.start, min(review.player.end, session.end_ns))

        def work(task: Work) -> None:
            def told(fraction: float) -> None:
                task.check()
                task.progress(fraction)

            write_clip(path, session, span, colours=colours, told=told)

        self._run("Saving the clip", work, path)

    def branch(self, *_: object) -> None:
        """Take this moment to the Steer page."""
        review = self._review
        if not review.reels:
            return
        review.player.pause()
        session, moment = review.reels[0].session, review.player.position
        place = f"{clock((moment - session.start_ns) / 1e9)} of {session.path.name}"

        def done(observation: Observation) -> None:
            self.branched.emit(observation, place)

        self._studio.tasks.run(
            "Loading the recorded moment",
            lambda _: observation_at(session, moment),
            done,
            self._studio.notifier.warning,
        )

    def _run(self, title: str, work: Callable[[Work], None], path: Path) -> None:
        notifier = self._studio.notifier
        self._studio.tasks.run(
            title, work, lambda _: notifier.info(f"Saved to {path}."), notifier.error
        )

    def _target(self, kinds: str, suffix: str) -> Path | None:
        review = self._review
        if not review.reels:
            return None
        session = review.reels[0].session
        seconds = (review.player.position - session.start_ns) / 1e9
        name = f"{session.path.stem}-{clock(seconds).replace(':', '-')}{suffix}"
        proposed = str(Path.home() / name)
        chosen = self.ask_target("Save", proposed, kinds)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(suffix)

    def _ask_target(self, title: str, proposed: str, kinds: str) -> str:
        return QFileDialog.getSaveFileName(self._window, title, proposed, kinds)[0]

    def _ask_source(self, title: str, proposed: str, kinds: str) -> str:
        return QFileDialog.getOpenFileName(self._window, title, proposed, kinds)[0]


def _colours() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the colours of the model's trace and of the drawn one, RGB."""
    model, user = QColor(theme.DATA.model), QColor(theme.DATA.user)
    return (
        (model.red(), model.green(), model.blue()),
        (user.red(), user.green(), user.blue()),
    )
