"""Participants: random codes that stand for nobody, consent, the end, and leaving early."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from core.study import audit
from core.study.base import StudyBase
from core.study.plan import Consent
from core.types import StudioError

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""None that is read as another one."""

CODE_LENGTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One participant.

    Attributes:
        code: Random; nobody's name is anywhere in the study.
        number: Running number from 0; the order of the items follows from it.
        simulated: Whether it is a program.
        consented: Version of the consent that was agreed to; empty before.
        finished: Whether the end was reached.
        withdrawn: Whether the participant left and took the answers back.
    """

    code: str
    number: int
    simulated: bool
    consented: str
    finished: bool
    withdrawn: bool


def enrol(base: StudyBase, *, simulated: bool = False, code: str = "") -> Participant:
    """Add a participant.

    Args:
        base: The study.
        simulated: Whether it is a program; such a study's report says so.
        code: For simulations only; otherwise drawn at random.
    """
    with base.write() as connection:
        taken = {row["code"] for row in base.rows("SELECT code FROM participant")}
        while not code or code in taken:
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        number = len(taken)
        connection.execute(
            "INSERT INTO participant(code, number, simulated, started_at) VALUES(?, ?, ?, ?)",
            (code, number, int(simulated), time.time()),
        )
        audit.append(connection, code, "enrol", number=number, simulated=simulated)
    return find(base, code)


def find(base: StudyBase, code: str) -> Participant:
    """Return a participant by code; small letters and blanks are forgiven.

    Raises:
        StudioError: If there is none.
    """
    code = code.strip().upper().replace(" ", "").replace("-", "")
    row = base.one("SELECT * FROM participant WHERE code = ?", code)
    if row is None:
        raise StudioError(f"There is no participant with the code {code}; look at it once more.")
    return Participant(
        code=row["code"],
        number=row["number"],
        simulated=bool(row["simulated"]),
        consented=row["consent_version"] or "",
        finished=row["finished_at"] is not None,
        withdrawn=row["withdrawn_at"] is not None,
    )


def unfinished(base: StudyBase) -> list[Participant]:
    """Return those who agreed and neither finished nor withdrew, the latest first."""
    rows = base.rows(
        "SELECT code FROM participant WHERE consented_at IS NOT NULL AND finished_at IS NULL "
        "AND withdrawn_at IS NULL ORDER BY number DESC"
    )
    return [find(base, row["code"]) for row in rows]


def consent(base: StudyBase, code: str, given: Consent) -> None:
    """Note that a participant agreed to a version of the consent."""
    with base.write() as connection:
        connection.execute(
            "UPDATE participant SET consent_version = ?, consented_at = ? WHERE code = ?",
            (given.version, time.time(), code),
        )
        audit.append(
            connection,
            code,
            "consent",
            version=given.version,
            text=audit.digest({"text": given.text}),
        )


def finish(base: StudyBase, code: str) -> None:
    """Note that a participant came to the end; a copy of the database is kept."""
    with base.write() as connection:
        connection.execute(
            "UPDATE participant SET finished_at = ? WHERE code = ? AND finished_at IS NULL",
            (time.time(), code),
        )
        audit.append(connection, code, "finish")
    base.backup()


def withdraw(base: StudyBase, code: str, actor: str = "") -> int:
    """Let a participant leave and take everything back that was said.

    What remains is a tombstone: that somebody took part, how many items were shown and answered,
    and when. Outcomes, progress, reasons, instructions and drawn lines are erased from the
    database, its log and its copies.

    Args:
        base: The study.
        code: Who leaves.
        actor: Who does it, if not the participant.

    Returns:
        Number of answers whose content was erased.
    """
    find(base, code)
    own = "item IN (SELECT id FROM item WHERE participant = ?)"
    with base.write() as connection:
        connection.execute(
            "UPDATE participant SET withdrawn_at = ? WHERE code = ? AND withdrawn_at IS NULL",
            (time.time(), code),
        )
        erased = connection.execute(
            "UPDATE answer SET outcome = NULL, progress_left = NULL, progress_right = NULL, "
            "confidence = NULL, reason = '', invalid = '', decision_s = NULL, salt = '' "
            f"WHERE {own}",
            (code,),
        ).rowcount
        connection.execute(
            "UPDATE prompt SET instruction = '', trace = '' WHERE participant = ?", (code,)
        )
        # Videos that were made for these words stay, without the words.
        connection.execute(
            "UPDATE rollout SET instruction = '' WHERE id IN (SELECT rollout FROM showing JOIN "
            "item ON item.id = showing.item JOIN prompt ON prompt.participant = item.participant "
            "AND prompt.position = item.position WHERE item.participant = ?)",
            (code,),
        )
        audit.append(connection, actor or code, "withdraw", participant=code, answers=erased)
    base.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.drop_old_backups()
    return erased
