"""Saving a still or a clip, opening a file, and going on from a recorded moment in the lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app import theme
from app.file_dialog import Ask, ask_file, free_path
from app.review.review import Review
from app.review.words import clock
from app.studio import Studio
from app.task import Work
from core.review.branching import observation_at
from core.review.clip import picture_at, write_clip, write_still
from core.types import Observation, StudioError

AskFile = Callable[[str, str, str, Callable[[str], None]], None]
"""Gets a title, a proposed path, a filter, and what takes the chosen path, if one is chosen."""


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
        self.ask_source("Open a session", str(self._review.folder), sessions, self._open_path)

    def _open_path(self, path: str) -> None:
        self._review.open_file(Path(path))

    def save_still(self, *_: object) -> None:
        """Write the pictures of this moment, as it is when a person asks."""
        review = self._review
        review.player.pause()
        if not review.reels:
            return
        session, moment, colours = review.reels[0].session, review.player.position, _colours()

        def save(path: Path) -> None:
            def work(_: Work) -> None:
                picture = picture_at(session, moment, model=colours[0], user=colours[1])
                if picture is None:
                    raise StudioError("There is no picture at this moment yet; go on a little.")
                write_still(path, picture)

            self._run("Saving the still", work, path)

        self._target("PNG (*.png);;JPEG (*.jpg)", ".png", save)

    def save_clip(self, *_: object) -> None:
        """Write what is played as a video."""
        review = self._review
        review.player.pause()
        if not review.reels:
            return
        session, colours = review.reels[0].session, _colours()
        span = (review.player.start, min(review.player.end, session.end_ns))

        def save(path: Path) -> None:
            def work(task: Work) -> None:
                def told(fraction: float) -> None:
                    task.check()
                    task.progress(fraction)

                write_clip(path, session, span, colours=colours, told=told)

            self._run("Saving the clip", work, path)

        self._target("MP4 video (*.mp4)", ".mp4", save)

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

    def _target(self, kinds: str, suffix: str, save: Callable[[Path], None]) -> None:
        review = self._review
        session = review.reels[0].session
        seconds = (review.player.position - session.start_ns) / 1e9
        name = f"{session.path.stem}-{clock(seconds).replace(':', '-')}{suffix}"

        def take(chosen: str) -> None:
            path = Path(chosen)
            save(free_path(path if path.suffix else path.with_suffix(suffix)))

        self.ask_target("Save", str(Path.home() / name), kinds, take)

    def _ask_target(
        self, title: str, proposed: str, kinds: str, take: Callable[[str], None]
    ) -> None:
        ask_file(self._window, title, proposed, Ask.SAVE, lambda paths: take(paths[0]), kinds)

    def _ask_source(
        self, title: str, proposed: str, kinds: str, take: Callable[[str], None]
    ) -> None:
        ask_file(self._window, title, proposed, Ask.OPEN, lambda paths: take(paths[0]), kinds)


def _colours() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the colours of the model's trace and of the drawn one, RGB."""
    model, user = QColor(theme.DATA.model), QColor(theme.DATA.user)
    return (
        (model.red(), model.green(), model.blue()),
        (user.red(), user.green(), user.blue()),
    )
