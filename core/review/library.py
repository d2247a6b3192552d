"""The library: keeps the index in step with a folder of sessions, and finds lines in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.review.database import Database, Remarks
from core.review.entry import Entry, entries_of
from core.review.session import ReviewSession
from core.session.mcap_file import PART, being_written
from core.types import StudioError

Told = Callable[[float, str], None]
"""Told how far a scan is, 0 to 1, and at which file; may raise to give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the library with what a person said about it."""

    entry: Entry
    remarks: Remarks = field(default_factory=Remarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is looked for; everything at its default is not asked about.

    Attributes:
        text: Words that all have to occur in task, notes, tags, operator, policy or file name.
        outcome: How it ended, as a word.
        operator: Who drove.
        steered: Whether a person steered.
        warnings: Whether there were warnings or stops.
        flagged: Whether it is flagged.
    """

    text: str = ""
    outcome: str = ""
    operator: str = ""
    steered: bool | None = None
    warnings: bool | None = None
    flagged: bool | None = None

    def fits(self, line: Line) -> bool:
        """Tell whether a line is among those looked for."""
        entry = line.entry
        asked = (
            (self.steered, bool(entry.steered)),
            (self.warnings, bool(entry.warnings or entry.stops or entry.problem)),
            (self.flagged, line.remarks.flagged),
        )
        if any(wanted is not None and wanted != found for wanted, found in asked):
            return False
        if self.outcome and self.outcome != entry.outcome:
            return False
        if self.operator and self.operator != entry.operator:
            return False
        words = self.text.casefold().split()
        where = _searched(line) if words else ""
        return all(word in where for word in words)


def scan(database: Database, told: Told | None = None) -> int:
    """Bring the index in step with the folder; only files that have changed are read.

    Args:
        database: Of the folder.
        told: Told about the progress.

    Returns:
        Number of files that were read anew.

    Raises:
        StudioError: If the folder or the index cannot be read.
    """
    tell = told or (lambda fraction, words: None)
    files = _files(database.folder)
    known = database.known()
    for path in known.keys() - files.keys():
        database.forget(path)
    # whether an unfinished file is still being written shows neither in its size nor in its time
    changed = [
        path for path, stamp in files.items() if path.suffix == PART or known.get(path) != stamp
    ]
    for number, path in enumerate(changed):
        share = number / len(changed)
        tell(share, path.name)
        size, mtime_ns = files[path]
        entries = _entries(path, size, mtime_ns, partial(tell, share, path.name))
        database.store(path, size, mtime_ns, entries)
    return len(changed)


def lines(database: Database) -> list[Line]:
    """Return all lines of the index, newest first, with what people said."""
    remarks = database.remarks()
    return [
        Line(entry=entry, remarks=remarks.get((entry.key, entry.number), Remarks()))
        for entry in database.entries()
    ]


def find(all_lines: Iterable[Line], wanted: Filter) -> list[Line]:
    """Return the lines that are looked for, in their order."""
    return [line for line in all_lines if wanted.fits(line)]


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of the session files in a folder and those below it."""
    found: dict[Path, tuple[int, int]] = {}
    try:
        for pattern in ("*.mcap", f"*.mcap{PART}"):
            for path in sorted(folder.rglob(pattern)):
                facts = path.stat()
                if path.is_file():
                    found[path] = (facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise StudioError(f"{folder} cannot be read: {error.strerror}") from error
    return found


def _entries(path: Path, size: int, mtime_ns: int, check: Callable[[], None]) -> list[Entry]:
    """Read the lines of a file; an unfinished or damaged one is a line that says so."""
    bare = Entry(path=path, key=f"f{path.name}", started_ns=mtime_ns, size=size)
    if path.suffix == PART:
        return [_unfinished(bare)]
    try:
        session = ReviewSession(path, lambda _: check())
    except StudioError as error:
        return [_with_state(bare, "damaged", str(error))]
    try:
        return entries_of(session)
    finally:
        session.close()


def _unfinished(bare: Entry) -> Entry:
    if being_written(bare.path):
        return _with_state(bare, "recording", "It is being recorded; it can be opened afterwards.")
    words = "Its recorder was interrupted; it is repaired when you open it."
    return _with_state(bare, "unfinished", words)


def _with_state(bare: Entry, state: str, problem: str) -> Entry:
    return Entry(
        path=bare.path,
        key=bare.key,
        started_ns=bare.started_ns,
        size=bare.size,
        state=state,
        problem=problem,
    )


def _searched(line: Line) -> str:
    entry, said = line.entry, line.remarks
    parts = (
        entry.task,
        entry.remarks,
        entry.operator,
        entry.policy,
        entry.outcome,
        entry.rubric,
        entry.path.name,
        said.note,
        *said.tags,
    )
    return "\n".join(parts).casefold()
