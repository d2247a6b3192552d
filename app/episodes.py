"""Keeps the episodes of a session: every intent becomes an event, every event the new state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app import episode_rules as rules
from app.motion import Motion
from app.notify import Notifier
from app.own_files import load_rubrics
from app.session_log import SessionLog
from app.settings import settings_folder
from app.store import Store
from app.workers import RigLink
from core.episode import Episode, EpisodeError, Outcome, next_remark
from core.rubric import Rubric, match, reached, step
from core.session.episode_events import (
    EpisodeEnded,
    EpisodeNoted,
    EpisodeProgressed,
    EpisodeStarted,
)
from core.session.episodes import advance
from core.session.event import Event


class EpisodeKeeper(QObject):
    """Starts, judges and annotates episodes; nothing here moves anything but :meth:`reset`.

    Attributes:
        rubrics: What progress can be given by.
        problems: What is wrong with the person's rubrics.
    """

    scene_wanted = Signal()
    """The lab is to be laid out anew."""

    def __init__(
        self,
        *,
        store: Store,
        log: SessionLog,
        rig: RigLink,
        notifier: Notifier,
        motion: Motion,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._log, self._rig = store, log, rig
        self._notifier, self._motion = notifier, motion
        self.rubrics, self.problems = load_rubrics(settings_folder())
        self._chosen = ""
        self._asking = 0
        log.listen(self._take_event)
        motion.ended.connect(self._run_ended)
        motion.scene_changed.connect(self._forget_suggestion)

    # -- one attempt ------------------------------------------------------------------------

    def start(self) -> None:
        """Open the next episode."""
        if self._refused(rules.start(self._store)):
            return
        self._forget_suggestion()
        rubric = self._next_rubric()
        self._put(
            EpisodeStarted(
                number=self._store.episodes.next_number,
                instruction=self._store.instruction.strip(),
                rubric=rubric.name if rubric is not None else "",
            )
        )

    def succeed(self) -> None:
        """Say that the open episode succeeded."""
        self._end(Outcome.SUCCESS)

    def fail(self) -> None:
        """Say that the open episode failed."""
        self._end(Outcome.FAILURE)

    def discard(self) -> None:
        """Mark the open episode, or else the last one, as not to be used; all of it is kept."""
        if self._refused(rules.discard(self._store)):
            return
        episode = self._store.episodes.last
        assert episode is not None
        if episode.is_open:
            self._close(episode, Outcome.DISCARDED)
        else:
            self.revise(episode.number, Outcome.DISCARDED)

    def revise(self, number: int, outcome: Outcome) -> None:
        """Give an episode that has ended another outcome; the former stays in the session."""
        try:
            episode = self._store.episodes.numbered(number)
        except EpisodeError as error:
            self._notifier.warning(str(error))
            return
        self._put(_ended(episode, outcome, revised=True))

    def reset(self) -> None:
        """Prepare the next attempt: a new scene in the lab, the home pose of a real arm."""
        if self._refused(rules.reset(self._store)):
            return
        assert self._store.rig is not None
        if self._store.rig.kind == "lab":
            self.scene_wanted.emit()
            return
        self._motion.home()
        self._notifier.info(
            "The arm goes home. Lay the scene out as it was at the start, then start the next "
            "episode."
        )

    # -- how far it got ---------------------------------------------------------------------

    def rubric(self) -> Rubric | None:
        """Return what the last episode is scored by, or what the first one would be."""
        last = self._store.episodes.last
        return self._named(last.rubric) if last is not None else self._next_rubric()

    def choose_rubric(self, name: str) -> None:
        """Score the last episode and those to come by this; no name: the instruction chooses."""
        self._chosen = name
        rubric, last = self._next_rubric(), self._store.episodes.last
        if rubric is None or last is None or last.rubric == rubric.name:
            self._store.episodes_changed.emit()
        else:
            self._grade(last, last.progress, rubric)

    @property
    def chosen(self) -> str:
        """Name of the rubric that was chosen; empty while the instruction chooses."""
        return self._chosen

    def set_progress(self, percent: int) -> None:
        """Say how far the open episode, or else the last one, got [%]."""
        if self._refused(rules.grade(self._store)):
            return
        last = self._store.episodes.last
        assert last is not None
        if percent != last.progress:
            self._grade(last, percent, self.rubric())

    def forward(self) -> None:
        """Say that the next milestone was reached."""
        self._step(True)

    def back(self) -> None:
        """Go back to the milestone before."""
        self._step(False)

    # -- remarks ----------------------------------------------------------------------------

    def write_note(self, text: str) -> bool:
        """Write a remark on the open episode, or else the last one; whether that worked."""
        if self._refused(rules.grade(self._store)):
            return False
        last = self._store.episodes.last
        assert last is not None
        return self._put(EpisodeNoted(number=last.number, remark=next_remark(last), text=text))

    def rewrite_note(self, number: int, remark: int, text: str) -> bool:
        """Write a remark anew; the former words stay in the session. Whether that worked."""
        return self._put(EpisodeNoted(number=number, remark=remark, text=text))

    # -- what others report -----------------------------------------------------------------

    def shutdown(self) -> None:
        """End what is open as interrupted."""
        episode = self._store.episodes.current
        if episode is not None:
            self._close(episode, Outcome.INTERRUPTED)

    @Slot(bool, str)
    def _run_ended(self, _completed: bool, _reason: str) -> None:
        """Ask the lab whether something hangs in the air; a person decides what that means."""
        rig = self._store.rig
        if self._store.episodes.current is None or rig is None or rig.kind != "lab":
            return
        self._asking += 1
        number = self._asking

        def say(names: Sequence[str]) -> None:
            if number == self._asking and self._store.episodes.current is not None:
                self._store.set_lab_says(tuple(names))

        self._rig.call(_lifted_names, say, lambda _sentence: say(()))

    @Slot()
    def _forget_suggestion(self) -> None:
        self._asking += 1
        self._store.set_lab_says(())

    def _take_event(self, event: Event) -> None:
        before = self._store.episodes
        after = advance(before, event)
        if after is not before:
            self._store.set_episodes(after)

    def _step(self, forward: bool) -> None:
        if self._refused(rules.grade(self._store)):
            return
        rubric, last = self.rubric(), self._store.episodes.last
        if rubric is not None and last is not None:
            self.set_progress(step(rubric, last.progress, forward))

    def _grade(self, episode: Episode, percent: int | None, rubric: Rubric | None) -> None:
        milestone = reached(rubric, percent) if rubric is not None else None
        self._put(
            EpisodeProgressed(
                number=episode.number,
                progress=percent,
                milestone=milestone.name if milestone is not None else "",
                rubric=rubric.name if rubric is not None else "",
            )
        )

    def _next_rubric(self) -> Rubric | None:
        return self._named(self._chosen) or match(self.rubrics, self._store.instruction)

    def _named(self, name: str) -> Rubric | None:
        return next((rubric for rubric in self.rubrics if rubric.name == name), None)

    def _end(self, outcome: Outcome) -> None:
        if not self._refused(rules.judge(self._store)):
            episode = self._store.episodes.current
            assert episode is not None
            self._close(episode, outcome)

    def _close(self, episode: Episode, outcome: Outcome) -> None:
        self._forget_suggestion()
        seconds = episode.seconds(time.monotonic_ns())
        if self._put(_ended(episode, outcome)):
            self._notifier.info(f"Episode {episode.number}: {outcome} after {seconds:.0f} s.")

    def _put(self, event: Event) -> bool:
        """Note an event; one that does not fit is said instead."""
        try:
            self._log.episode(event)
        except EpisodeError as error:
            self._notifier.warning(str(error))
            return False
        return True

    def _refused(self, reason: str) -> bool:
        if reason:
            self._notifier.warning(reason)
        return bool(reason)


def _ended(episode: Episode, outcome: Outcome, *, revised: bool = False) -> EpisodeEnded:
    return EpisodeEnded(
        number=episode.number,
        outcome=outcome,
        progress=episode.progress,
        note="\n".join(note.text for note in episode.remarks),
        revised=revised,
    )


def _lifted_names(client: Any) -> tuple[str, ...]:
    """Return what the lab sees in the air."""
    return tuple(str(n) for n in client.lab("objects") if client.lab("lifted", name=n))
