"""The Review page at work: keeps the library, opens sessions, and lets the playhead move them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot

from app.actions import Actions
from app.review.page import ReviewPage
from app.review.player import Player
from app.review.reel import Reel, Shown
from app.review.words import clock, date
from app.store import Page
from app.studio import Studio
from app.task import Task, Tasks, Work
from core.review.database import Database, Remarks
from core.review.entry import Entry, key_of
from core.review.library import Line, find, lines, scan
from core.review.session import ReviewSession
from core.types import StudioError

NO_SESSION = "Open a session first: choose one in the library and press Enter."
ONE_ONLY = "Select two episodes in the library first (Ctrl+click)."
NEEDS_SESSION = (
    "review_play",
    "review_back",
    "review_forward",
    "review_previous_mark",
    "review_next_mark",
    "review_slower",
    "review_faster",
    "review_loop",
    "review_whole",
    "review_branch",
    "review_still",
    "review_clip",
    "review_library",
)


class Review(QObject):
    """Behind the Review page.

    Attributes:
        page: The widgets.
        player: The playhead.
        reels: The open sessions, one or two.
        lines: Everything in the library.
    """

    def __init__(self, studio: Studio, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio, self._actions = studio, actions
        self.page = ReviewPage(actions)
        self.player = Player(self)
        self.reels: list[Reel] = []
        self._entries: list[Line] = []
        self.lines: list[Line] = []
        self._task: Task | None = None
        self._opening: Task | None = None
        self._scanned = ""
        # one thread: of two remarks about an episode the later one is the last that is written
        self._keeper = Tasks(self, threads=1)
        library, viewer = self.page.library, self.page.viewer
        library.filters.changed.connect(self._show_found)
        library.opened.connect(self.open_line)
        library.chosen.connect(self._hold)
        library.remarks.written.connect(self._write)
        viewer.timeline.sought.connect(self._seek)
        self.player.moved.connect(self._show_position)
        self.player.changed.connect(self._show_player)
        self.page.dropped.connect(self.open_file)
        studio.store.page_changed.connect(self.look)
        self._show_found()
        self._hold()

    @property
    def folder(self) -> Path:
        """Where the session files are."""
        return Path(self._studio.settings.sessions)

    @property
    def entry(self) -> Entry | None:
        """The line of the library that is open; None in the library."""
        return self._entries[0].entry if self._entries else None

    @property
    def chosen(self) -> list[Line]:
        """What an action is about: what is open, else what is selected in the library."""
        return self._entries or self.page.library.selected

    # -- the library -------------------------------------------------------------------------

    def scan(self, *_: object, anew: bool = False) -> None:
        """Look for new and changed files; with ``anew``, read every file."""
        if self._task is not None and self._task.running:
            self._task.cancel()
        database = Database(self.folder)
        self._scanned = str(self.folder)

        def work(task: Work) -> list[Line]:
            def told(fraction: float, words: str) -> None:
                task.check()
                task.progress(fraction, words)

            if anew:
                database.clear()
            try:
                scan(database, told)
            except StudioError:  # a damaged index was removed; what is wrong with a folder stays
                scan(database, told)
            return lines(database)

        self._task = self._studio.tasks.run(
            "Looking through the sessions", work, self._take_lines, self._studio.notifier.warning
        )

    def rebuild(self, *_: object) -> None:
        """Make the index anew from the files."""
        self.scan(anew=True)

    @Slot(object)
    def _take_lines(self, found: list[Line]) -> None:
        self.lines = found
        names = sorted({line.entry.operator for line in found if line.entry.operator})
        self.page.library.filters.set_operators(names)
        self._show_found()

    @Slot()
    def _show_found(self, *_: object) -> None:
        library = self.page.library
        found = find(self.lines, library.filters.wanted)
        library.set_lines(found, len(self.lines), str(self.folder))

    @Slot(object, object)
    def _write(self, line: Line, said: Remarks) -> None:
        database = Database(self.folder)
        self._keeper.run(
            "Keeping the remarks",
            lambda work: database.write(line.entry, said),
            lambda _: None,
            self._studio.notifier.error,
            cancellable=False,
        )
        key = (line.entry.path, line.entry.number)
        changed = Line(entry=line.entry, remarks=said)
        self.lines = [changed if _key(one) == key else one for one in self.lines]
        self._entries = [changed if _key(one) == key else one for one in self._entries]
        self._show_found()
        self._hold()

    def flag(self, *_: object) -> None:
        """Flag the episode that is open or chosen, or take its flag back."""
        chosen = self.chosen
        if chosen:
            line = chosen[0]
            said = line.remarks
            self._write(line, Remarks(flagged=not said.flagged, note=said.note, tags=said.tags))

    # -- opening -----------------------------------------------------------------------------

    @Slot(object)
    def open_line(self, line: Line) -> None:
        """Show an episode."""
        self._open([line])

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Show a session file, wherever it is."""
        known = [line for line in self.lines if line.entry.path == path]
        line = known[-1] if known else Line(entry=Entry(path=path, key=f"f{path.name}"))
        self._open([line])

    def open_two(self, *_: object) -> None:
        """Show the two chosen episodes beside each other."""
        chosen = self.page.library.selected
        if len(chosen) == 2:
            self._open(chosen)

    def _open(self, wanted: list[Line]) -> None:
        if self._opening is not None:
            self._opening.cancel()

        def work(task: Work) -> list[ReviewSession]:
            opened: list[ReviewSession] = []

            def told(fraction: float) -> None:
                task.check()
                task.progress((len(opened) + fraction) / len(wanted))

            try:
                for line in wanted:
                    opened.append(ReviewSession(line.entry.path, told))
                task.check()
            except BaseException:
                for session in opened:
                    session.close()
                raise
            return opened

        self._opening = self._studio.tasks.run(
            "Opening the session",
            work,
            lambda sessions: self._opened(wanted, sessions),
            self._studio.notifier.error,
        )

    def _opened(self, wanted: list[Line], sessions: list[ReviewSession]) -> None:
        self.close()
        self._studio.store.set_page(Page.REVIEW)
        self._entries = [_as_of(line, one) for line, one in zip(wanted, sessions, strict=True)]
        self.reels = [Reel(session, self) for session in sessions]
        viewer = self.page.viewer
        viewer.set_two(len(sessions) > 1)
        for place, (reel, line) in enumerate(zip(self.reels, self._entries, strict=True)):
            pane = viewer.panes[place]
            pane.pictures.set_cameras(reel.session.cameras, reel.session.models)
            pane.title.setText(line.entry.task or line.entry.path.name)
            reel.shown.connect(self._show_first if place == 0 else self._show_second)
        first = self.reels[0].session
        viewer.details.set_models(first.models)
        viewer.timeline.set_marks(first.marks, first.spans)
        viewer.set_problem(first.unread[0] if first.unread else "")
        self._actions["review_whole"].setChecked(False)
        self.page.show_viewer()
        self._set_span()
        self._hold()
        if any(line.entry.path.suffix == ".part" for line in wanted):
            self._studio.notifier.info(f"{first.path.name} was not finished; it has been repaired.")
            self.scan()

    def close(self) -> None:
        """Let the open sessions go and show the library."""
        self.player.pause()
        for reel in self.reels:
            reel.close()
            reel.deleteLater()
        self.reels, self._entries = [], []
        self.page.show_library()
        self._hold()

    def to_library(self, *_: object) -> None:
        """Go back to the library."""
        self.close()
        self.page.library.table.setFocus()

    def shutdown(self) -> None:
        """Keep what was typed and wait for the threads."""
        self.page.library.remarks.keep()
        self._keeper.shutdown()
        self.close()
        self.page.viewer.details.shutdown()

    # -- the playhead ------------------------------------------------------------------------

    def set_whole(self, *_: object) -> None:
        """Play the whole session, or only the episode."""
        self._set_span(self.player.position)

    @property
    def starts(self) -> list[int]:
        """Where the open episodes begin [ns since 1970]."""
        return [self._span(place)[0] for place in range(len(self.reels))]

    def _span(self, place: int) -> tuple[int, int]:
        session, entry = self.reels[place].session, self._entries[place].entry
        whole = self._actions["review_whole"].isChecked()
        spans = [span for span in session.spans if span.episode.number == entry.number]
        if whole or not spans:
            return session.start_ns, session.end_ns
        return spans[0].start_ns, spans[0].end_ns

    def _set_span(self, position: int | None = None) -> None:
        spans = [self._span(place) for place in range(len(self.reels))]
        if not spans:
            return
        start = spans[0][0]
        end = start + max(last - first for first, last in spans)
        self.page.viewer.timeline.set_span(start, end)
        self.player.set_span(start, end, position)

    @Slot(object)
    def _seek(self, wall_ns: int) -> None:
        self.player.seek(wall_ns)

    @Slot()
    def _show_position(self) -> None:
        player, viewer = self.player, self.page.viewer
        viewer.timeline.set_position(player.position)
        total = (player.end - player.start) / 1e9
        viewer.transport.set_time((player.position - player.start) / 1e9, total)
        for place, reel in enumerate(self.reels):
            first, last = self._span(place)
            reel.want(min(first + player.position - player.start, last))

    @Slot()
    def _show_player(self) -> None:
        self.page.viewer.transport.set_playing(self.player.playing, self.player.speed)

    @Slot(object)
    def _show_first(self, shown: Shown) -> None:
        self._show(0, shown)
        self.page.viewer.details.set_shown(shown)

    @Slot(object)
    def _show_second(self, shown: Shown) -> None:
        self._show(1, shown)

    def _show(self, place: int, shown: Shown) -> None:
        if place >= len(self.reels):
            return
        pane, session = self.page.viewer.panes[place], self.reels[place].session
        pane.pictures.set_shown(shown)
        seconds = (shown.wall_ns - session.start_ns) / 1e9
        pane.place.setText(f"{clock(seconds)} of {session.path.name}, {date(session.start_ns)}")

    # -- what is possible --------------------------------------------------------------------

    @Slot()
    def _hold(self, *_: object) -> None:
        actions, chosen = self._actions, self.page.library.selected
        for name in NEEDS_SESSION:
            actions.hold(name, "" if self.reels else NO_SESSION)
        actions.hold("review_beside", "" if len(chosen) == 2 and not self.reels else ONE_ONLY)
        flagged = self._entries or chosen[:1]
        actions.hold("review_flag", "" if flagged else "Choose an episode first.")
        actions["review_flag"].setChecked(bool(flagged) and flagged[0].remarks.flagged)
        actions.hold(
            "review_find", "" if not self.reels else "Go back to the library first (Backspace)."
        )

    @Slot()
    def look(self) -> None:
        """Keep the library up to date while the page is shown; play nothing while it is not."""
        if self._studio.store.page != Page.REVIEW:
            self.player.pause()
        elif not self.lines or self._scanned != str(self.folder):
            self.scan()


def _key(line: Line) -> tuple[Path, int]:
    return line.entry.path, line.entry.number


def _as_of(line: Line, session: ReviewSession) -> Line:
    """Name a line by the session that was opened: a repaired file has another name and a key."""
    facts: dict[str, Any] = {"path": session.path, "key": key_of(session.start_ns)}
    names = Entry.__slots__
    known = {name: getattr(line.entry, name) for name in names} | facts
    return Line(entry=Entry(**known), remarks=line.remarks)
