"""The audit: a list in which every entry vouches for the one before.

Each entry's hash covers its own content and the hash of the entry before it, so an entry cannot be
changed, dropped or slipped in without breaking all that follow. An answer's content is not in the
list: only a salted digest of it, so that withdrawal can erase the one and keep the other.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from typing import Any

START = "0" * 64


def digest(values: dict[str, Any], salt: str = "") -> str:
    """Return the SHA-256 of values, however they were ordered."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((salt + text).encode()).hexdigest()


def append(connection: sqlite3.Connection, actor: str, what: str, **detail: Any) -> None:
    """Add an entry, within the caller's transaction.

    Args:
        connection: The database.
        actor: Participant's code, "experimenter" or "program".
        what: What happened, such as "consent".
        detail: Plain values; nothing that a withdrawal would have to erase.
    """
    last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (int(last[0]) + 1, str(last[1])) if last else (1, START)
    at = time.time()
    text = json.dumps(detail, sort_keys=True, ensure_ascii=False)
    connection.execute(
        "INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?, ?)",
        (seq, at, actor, what, text, previous, _hash(seq, at, actor, what, text, previous)),
    )


def first_fault(connection: sqlite3.Connection) -> str:
    """Look for the first thing that does not fit; an empty text when all is well."""
    previous, expected = START, 1
    for seq, at, actor, what, detail, before, hashed in connection.execute(
        "SELECT seq, at, actor, what, detail, previous, hash FROM audit ORDER BY seq"
    ):
        if seq != expected or before != previous:
            return f"Entry {expected} of the audit is missing."
        if hashed != _hash(seq, at, actor, what, detail, before):
            return f"Entry {seq} of the audit ('{what}') was changed."
        previous, expected = hashed, expected + 1
    told = {
        json.loads(detail)["answer"]: json.loads(detail)["digest"]
        for (detail,) in connection.execute("SELECT detail FROM audit WHERE what = 'answer'")
    }
    rows = connection.execute(
        "SELECT answer.*, participant.withdrawn_at AS withdrawn FROM answer "
        "JOIN item ON item.id = answer.item JOIN participant ON participant.code = item.participant"
    ).fetchall()
    for row in rows:
        values = dict(row)
        withdrawn = values.pop("withdrawn")
        number = values["id"]
        if number not in told:
            return f"Answer {number} is not in the audit."
        if withdrawn is None and told[number] != answer_digest(values):
            return f"Answer {number} was changed after it was given."
    if missing := set(told) - {int(row["id"]) for row in rows}:
        return f"Answer {min(missing)} is in the audit but not among the answers."
    return ""


def answer_digest(row: dict[str, Any]) -> str:
    """Return the digest of a row of the table of answers."""
    values = {name: value for name, value in row.items() if name not in ("id", "salt")}
    return digest(values, str(row["salt"]))


def _hash(seq: int, at: float, actor: str, what: str, detail: str, previous: str) -> str:
    entry = json.dumps([seq, repr(at), actor, what, detail, previous], ensure_ascii=False)
    return hashlib.sha256(entry.encode()).hexdigest()
