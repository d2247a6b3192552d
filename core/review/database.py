"""The library's two databases: an index that can be made anew, and what people wrote, which cannot.

The index is thrown away when its layout is another or it is damaged; the files are the truth. The
marks are kept apart from it, by the name that a session keeps when its file is moved.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from core.review.entry import Entry
from core.types import StudioError

FOLDER = ".review"
INDEX, MARKS = "index.sqlite", "marks.sqlite"

LAYOUT = 1
"""Number of the layout of the index; another one is made anew."""

MAX_NOTE, MAX_TAG, MAX_TAGS = 4000, 40, 20

_COLUMNS = [field.name for field in fields(Entry)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What a person said about a line of the library.

    Attributes:
        flagged: Whether it is to be found again.
        note: Words.
        tags: Short labels, sorted.
    """

    flagged: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()


def clean_tags(text: str) -> tuple[str, ...]:
    """Read labels from a line in which commas part them.

    Raises:
        StudioError: If there are too many, or one is too long.
    """
    tags = sorted({" ".join(tag.split()).lower() for tag in text.split(",") if tag.strip()})
    if len(tags) > MAX_TAGS:
        raise StudioError(f"These are {len(tags)} tags; at most {MAX_TAGS} are possible.")
    if long := next((tag for tag in tags if len(tag) > MAX_TAG), ""):
        raise StudioError(f"The tag “{long[:MAX_TAG]}…” is too long; use {MAX_TAG} letters.")
    return tuple(tags)


class Database:
    """Both databases of a folder of sessions; connections are opened for each call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index, self._marks = folder / FOLDER / INDEX, folder / FOLDER / MARKS

    def known(self) -> dict[Path, tuple[int, int]]:
        """Return size [bytes] and time of change [ns] of the files that are in the index."""
        with self._open_index() as index:
            rows = index.execute("SELECT path, size, mtime_ns FROM files").fetchall()
        return {Path(path): (size, mtime) for path, size, mtime in rows}

    def store(self, path: Path, size: int, mtime_ns: int, entries: Iterable[Entry]) -> None:
        """Put the lines of a file into the index in place of earlier ones."""
        marks = ", ".join("?" for _ in _COLUMNS)
        rows = [_row(entry) for entry in entries]
        with self._open_index() as index:
            _forget(index, path)
            index.execute("INSERT INTO files VALUES (?, ?, ?)", (str(path), size, mtime_ns))
            index.executemany(f"INSERT INTO entries VALUES ({marks})", rows)

    def forget(self, path: Path) -> None:
        """Take the lines of a file out of the index."""
        with self._open_index() as index:
            _forget(index, path)

    def clear(self) -> None:
        """Empty the index; what people wrote stays."""
        for suffix in ("", "-wal", "-shm"):
            self._index.with_name(self._index.name + suffix).unlink(missing_ok=True)

    def entries(self) -> list[Entry]:
        """Return all lines, newest first."""
        with self._open_index() as index:
            rows = index.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM entries ORDER BY started_ns DESC, number DESC"
            ).fetchall()
        return [_entry(row) for row in rows]

    def remarks(self) -> dict[tuple[str, int], Remarks]:
        """Return what people said, by key and number."""
        if not self._marks.exists():
            return {}
        with self._open_marks() as marks:
            rows = marks.execute("SELECT key, number, flagged, note, tags FROM marks").fetchall()
        return {
            (key, number): Remarks(flagged=bool(flagged), note=note, tags=_tags(tags))
            for key, number, flagged, note, tags in rows
        }

    def write(self, entry: Entry, remarks: Remarks) -> None:
        """Keep what a person said about a line; it is on the disk when this returns.

        Raises:
            StudioError: If it is too long or cannot be written.
        """
        if len(remarks.note) > MAX_NOTE:
            raise StudioError(
                f"The note has {len(remarks.note):,} characters; at most {MAX_NOTE:,} are possible."
            )
        tags = json.dumps(list(remarks.tags), ensure_ascii=False)
        values = (entry.key, entry.number, remarks.flagged, remarks.note, tags, time.time_ns())
        with self._open_marks() as marks:
            marks.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?)", values)

    @contextmanager
    def _open_index(self) -> Generator[sqlite3.Connection]:
        try:
            with self._connect(self._index) as index:
                if index.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
                    index.executescript(_layout())
                yield index
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StudioError(_complaint(self._index, error)) from error
            self.clear()  # damaged: the next scan makes it anew
            raise StudioError(
                f"{self._index} was damaged and has been removed; scan the folder again"
            ) from error

    @contextmanager
    def _open_marks(self) -> Generator[sqlite3.Connection]:
        try:
            with self._connect(self._marks) as marks:
                marks.execute("PRAGMA synchronous = FULL")
                marks.execute(
                    "CREATE TABLE IF NOT EXISTS marks (key TEXT, number INTEGER, flagged INTEGER, "
                    "note TEXT, tags TEXT, changed_ns INTEGER, PRIMARY KEY (key, number))"
                )
                yield marks
        except sqlite3.Error as error:
            raise StudioError(_complaint(self._marks, error)) from error

    @contextmanager
    def _connect(self, path: Path) -> Generator[sqlite3.Connection]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StudioError(f"{path.parent} cannot be made: {error.strerror}") from error
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection


def _layout() -> str:
    columns = ", ".join(
        f"{name} INTEGER" if name in _NUMBERS else f"{name} TEXT" for name in _COLUMNS
    )
    return f"""
        DROP TABLE IF EXISTS files;
        DROP TABLE IF EXISTS entries;
        CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER);
        CREATE TABLE entries ({columns}, PRIMARY KEY (path, number));
        CREATE INDEX entries_by_time ON entries (started_ns);
        PRAGMA user_version = {LAYOUT};
    """


_NUMBERS = frozenset(
    ("number", "started_ns", "seconds", "progress", "warnings", "stops", "edits", "size")
)


def _forget(index: sqlite3.Connection, path: Path) -> None:
    index.execute("DELETE FROM files WHERE path = ?", (str(path),))
    index.execute("DELETE FROM entries WHERE path = ?", (str(path),))


def _row(entry: Entry) -> tuple[Any, ...]:
    return tuple(str(value) if isinstance(value, Path) else value for value in astuple(entry))


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Entry(**{**values, "path": Path(values["path"]), "seconds": float(values["seconds"])})


def _tags(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(tag) for tag in json.loads(text))
    except ValueError:
        return ()


def _complaint(path: Path, error: sqlite3.Error) -> str:
    return f"{path} cannot be used ({error}); look whether the folder can be written"
