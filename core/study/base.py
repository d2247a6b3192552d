"""The database of one study: opened, locked to its file, written in whole transactions.

SQLite in WAL mode with full synchronisation: when a call that writes has returned, what it wrote
survives a killed process and a lost supply. One connection writes; it may be used from any one
thread at a time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.study import audit, schema
from core.study.plan import StudyPlan
from core.study.study_file import digest_of, parse_study
from core.types import StudioError

BACKUPS_KEPT = 10
BUSY_S = 10.0


def study_folder(file: Path) -> Path:
    """Return the folder beside a study file that holds its database and videos."""
    return file.with_name(f"{file.stem}.study")


class StudyBase:
    """An open database."""

    def __init__(self, folder: Path) -> None:
        """Open the database of a study, or make it.

        Args:
            folder: Folder of the study; made when it is missing.

        Raises:
            StudioError: If it cannot be written, is damaged, or is from a newer program.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(
                folder / "study.db",
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as error:
            raise StudioError(f"The study's folder {folder} cannot be used: {error}.") from error
        self.connection.row_factory = sqlite3.Row
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.connection.close()
            raise StudioError(
                f"The database {folder / 'study.db'} cannot be read ({error}); take the newest "
                f"copy from {folder / 'backups'} instead."
            ) from error
        except StudioError:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # what a withdrawal erases must not stay in free pages
        ):
            self.connection.execute(f"PRAGMA {pragma}")
        version = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if 0 < version < len(schema.MIGRATIONS):
            self.backup()
        schema.migrate(self.connection)

    def __enter__(self) -> StudyBase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def videos(self) -> Path:
        """Folder of the videos."""
        return self.folder / "videos"

    def video(self, rollout: str) -> Path:
        """Return the file of a rollout."""
        return self.videos / f"{rollout}.mp4"

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection]:
        """Change the database: all of it or nothing, on the disk when the block is left."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, if there is one."""
        return self.connection.execute(query, values).fetchone()

    def lock(self, text: str, reason: str = "") -> int:
        """Lock the study to a file's text; a changed text becomes a new revision.

        Args:
            text: The study file.
            reason: Why it was changed; needed once somebody has taken part.

        Returns:
            The revision that holds from now on, from 1.

        Raises:
            StudioError: If it was changed without a reason after the first participant began.
        """
        sha256 = digest_of(text)
        last = self.one("SELECT revision, sha256 FROM study ORDER BY revision DESC LIMIT 1")
        if last is not None and last["sha256"] == sha256:
            return int(last["revision"])
        started = self.one("SELECT 1 FROM participant LIMIT 1") is not None
        if last is not None and started and not reason.strip():
            raise StudioError(
                "The study file was changed after the first participant began. Put it back as it "
                "was, or say why with --revise 'REASON': it becomes a new revision, which the "
                "report names."
            )
        revision = 1 if last is None else int(last["revision"]) + 1
        with self.write() as connection:
            connection.execute(
                "INSERT INTO study VALUES(?, ?, ?, ?, ?)",
                (revision, sha256, text, reason.strip(), time.time()),
            )
            audit.append(
                connection, "experimenter", "lock", revision=revision, sha256=sha256, reason=reason
            )
        return revision

    def plan(self) -> StudyPlan:
        """Return the study as it is locked.

        Raises:
            StudioError: If nothing is locked yet.
        """
        last = self.one("SELECT text FROM study ORDER BY revision DESC LIMIT 1")
        if last is None:
            raise StudioError("This study has not begun; start it with 'study run'.")
        return parse_study(last["text"], "the locked study")

    def backup(self) -> Path:
        """Write a whole copy of the database; the oldest copies go.

        Raises:
            StudioError: If it cannot be written.
        """
        folder = self.folder / "backups"
        now = time.time_ns()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now // 10**9))
        target = folder / f"study-{stamp}-{now // 1000 % 10**6:06d}.db"
        try:
            folder.mkdir(exist_ok=True)
            self.connection.execute("VACUUM INTO ?", (str(target),))
            for old in sorted(folder.glob("study-*.db"))[:-BACKUPS_KEPT]:
                old.unlink()
        except (OSError, sqlite3.Error) as error:
            raise StudioError(f"The study could not be copied to {target}: {error}.") from error
        return target

    def drop_old_backups(self) -> None:
        """Replace all copies by one of today, because what was withdrawn must not stay in them."""
        fresh = self.backup()
        for old in fresh.parent.glob("study-*.db"):
            if old != fresh:
                old.unlink()

    def close(self) -> None:
        """Close the database."""
        with closing(self.connection):
            pass
