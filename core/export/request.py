"""What is asked of an export and what comes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from core.types import StudioError

VERSION = 1
"""Goes up when an export of the same sessions becomes another one."""

Tell = Callable[[float, str], None]
"""Gets how far an export is, 0 to 1, and what is being done as a short phrase."""


class Format(StrEnum):
    """What sessions can become."""

    LEROBOT = "lerobot"
    RRD = "rrd"
    MP4 = "mp4"
    BLIND = "blind"
    CSV = "csv"
    PARQUET = "parquet"
    PLY = "ply"


class ExportCancelled(Exception):
    """The person gave the export up; what is finished of it is kept for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What is left in although it may tell about persons or machines; by default nothing.

    Attributes:
        names: Names of operators and participants, of session files, and addresses of machines.
        notes: Remarks and documents in free words. Instructions are no remarks and always stay.
        paths: Folders of this machine, which often hold a person's name.
    """

    names: bool = False
    notes: bool = False
    paths: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A session file and what of it is wanted.

    Attributes:
        path: The file, finished or not.
        episodes: Numbers of the episodes; none means all.
    """

    path: Path
    episodes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """One export.

    Attributes:
        chosen: The sessions.
        format: What they become.
        out: Folder of the result; must not exist or be empty, unless it is this very export.
        keep: What is not redacted.
        discarded: Whether takes that a person marked as not to be used are wanted too.
        cameras: Names of the cameras; none means all. A blind pair has one.
        fps: Pictures per second of videos.
        cut_pauses: Whether videos leave out the spans in which nothing was executed.
    """

    chosen: tuple[Chosen, ...]
    format: Format
    out: Path
    keep: Keep = field(default_factory=Keep)
    discarded: bool = False
    cameras: tuple[str, ...] = ()
    fps: int = 20
    cut_pauses: bool = False

    def fingerprint(self) -> str:
        """Return a hash that is the same as long as the export would be.

        Raises:
            StudioError: If a session file is not there.
        """
        facts = asdict(self) | {"out": "", "version": VERSION}
        try:
            facts["sizes"] = [
                (status.st_size, status.st_mtime_ns)
                for status in (item.path.stat() for item in self.chosen)
            ]
        except OSError as error:
            raise StudioError(f"{error.filename} cannot be read: {error.strerror}.") from error
        return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What an export came to.

    Attributes:
        folder: Where it is.
        files: Number of files.
        bytes: Their size.
        made: Parts that were made this time.
        reused: Parts that had been finished before.
        skipped: What was left out and why, a sentence each.
    """

    folder: Path
    files: int
    bytes: int
    made: int
    reused: int
    skipped: tuple[str, ...] = ()


class Pace:
    """Tells how far a part is, and ends it when it is no longer wanted."""

    def __init__(self, tell: Tell, cancelled: Callable[[], bool]) -> None:
        self._tell, self._cancelled = tell, cancelled
        self._first, self._share, self._words, self._far = 0.0, 1.0, "", 0.0

    def enter(self, first: float, share: float, words: str) -> None:
        """Begin a part that goes from ``first`` to ``first + share`` of the whole."""
        self._first, self._share, self._words, self._far = first, share, words, 0.0
        self.at(0.0)

    def at(self, fraction: float) -> None:
        """Tell how far the part is, 0 to 1; it never goes back, when something is read twice.

        Raises:
            ExportCancelled: If the export was given up.
        """
        self.check()
        self._far = min(max(fraction, self._far), 1.0)
        self._tell(self._first + self._share * self._far, self._words)

    def check(self) -> None:
        """Leave by an exception when the export was given up.

        Raises:
            ExportCancelled: If it was.
        """
        if self._cancelled():
            raise ExportCancelled
