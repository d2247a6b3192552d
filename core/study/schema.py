"""The tables of a study's database and how an older file is brought up to date.

Answers, items, views and the audit are only ever added to; triggers refuse anything else, except
that a participant who withdraws has the answers' content erased.
"""

from __future__ import annotations

import sqlite3

from core.types import StudioError

_TABLES = """
CREATE TABLE study(
    revision INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, text TEXT NOT NULL,
    reason TEXT NOT NULL, at REAL NOT NULL) STRICT;
CREATE TABLE participant(
    code TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, simulated INTEGER NOT NULL,
    started_at REAL NOT NULL, consent_version TEXT, consented_at REAL,
    finished_at REAL, withdrawn_at REAL) STRICT;
CREATE TABLE rollout(
    id TEXT PRIMARY KEY, alias TEXT NOT NULL, scene TEXT NOT NULL, instruction TEXT NOT NULL,
    sha256 TEXT NOT NULL, progress REAL, fault TEXT NOT NULL, recipe TEXT NOT NULL,
    at REAL NOT NULL) STRICT;
CREATE TABLE prompt(
    participant TEXT NOT NULL REFERENCES participant(code), position INTEGER NOT NULL,
    scene TEXT NOT NULL, instruction TEXT NOT NULL, trace TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY(participant, position)) STRICT;
CREATE TABLE item(
    id INTEGER PRIMARY KEY, participant TEXT NOT NULL REFERENCES participant(code),
    position INTEGER NOT NULL, revision INTEGER NOT NULL REFERENCES study(revision),
    kind TEXT NOT NULL
        CHECK(kind IN ('practice', 'normal', 'shared', 'repeat', 'attention')),
    name TEXT NOT NULL, scene TEXT NOT NULL, left_alias TEXT NOT NULL, right_alias TEXT NOT NULL,
    first TEXT CHECK(first IN ('left', 'right')), original INTEGER, at REAL NOT NULL,
    CHECK(left_alias <> right_alias), UNIQUE(participant, position)) STRICT;
CREATE TABLE showing(
    item INTEGER NOT NULL REFERENCES item(id), side TEXT NOT NULL CHECK(side IN ('left', 'right')),
    rollout TEXT NOT NULL REFERENCES rollout(id), PRIMARY KEY(item, side)) STRICT;
CREATE TABLE view(
    id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(id),
    side TEXT NOT NULL CHECK(side IN ('left', 'right', 'both')),
    started_at REAL NOT NULL, seconds REAL NOT NULL, complete INTEGER NOT NULL) STRICT;
CREATE TABLE answer(
    id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(id),
    outcome TEXT CHECK(outcome IN ('a', 'b', 'tie', 'both_bad')),
    progress_left REAL CHECK(progress_left BETWEEN 0 AND 100),
    progress_right REAL CHECK(progress_right BETWEEN 0 AND 100),
    confidence INTEGER CHECK(confidence BETWEEN 1 AND 3), reason TEXT NOT NULL,
    invalid TEXT NOT NULL, decision_s REAL, at REAL NOT NULL, salt TEXT NOT NULL,
    supersedes INTEGER UNIQUE REFERENCES answer(id)) STRICT;
CREATE TABLE exclusion(
    id INTEGER PRIMARY KEY, participant TEXT NOT NULL REFERENCES participant(code),
    item INTEGER REFERENCES item(id), rule TEXT NOT NULL, actor TEXT NOT NULL,
    at REAL NOT NULL) STRICT;
CREATE TABLE audit(
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL,
    detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
"""

_WITHDRAWN = """(SELECT withdrawn_at FROM participant WHERE code = {of}) IS NOT NULL"""
_OF_ITEM = "(SELECT participant FROM item WHERE id = old.item)"


def _guards() -> str:
    """Write the triggers that keep what was said."""
    parts: list[str] = []
    kept = ("study", "rollout", "prompt", "item", "showing", "view", "answer", "exclusion", "audit")
    for table in (*kept, "participant"):
        parts.append(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never deleted'); END;"
        )
    for table in ("study", "item", "showing", "view", "exclusion", "audit"):
        parts.append(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;"
        )
    for table, of in (("answer", _OF_ITEM), ("prompt", "old.participant")):
        parts.append(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
            f"WHEN NOT {_WITHDRAWN.format(of=of)} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;"
        )
    return "\n".join(parts)


MIGRATIONS = (
    _TABLES,
    _guards() + "\nCREATE INDEX answer_item ON answer(item);"
    "\nCREATE INDEX view_item ON view(item);",
)
"""Script ``n`` brings a file from version ``n`` to ``n + 1``; only ever append."""


def migrate(connection: sqlite3.Connection, scripts: tuple[str, ...] = MIGRATIONS) -> int:
    """Bring a database up to date, one committed step after the other.

    Returns:
        The version it had before.

    Raises:
        StudioError: If it was written by a newer program.
    """
    before = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if before > len(scripts):
        raise StudioError(
            f"This study's database has version {before}, this program knows {len(scripts)}; "
            "open it with the newer program that wrote it."
        )
    for version in range(before, len(scripts)):
        # executescript commits what is open, so the whole step is one script
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{scripts[version]}\nPRAGMA user_version = {version + 1};\nCOMMIT;"
        )
    return before
