"""What a participant says about an item; nothing is changed, a correction is a further answer."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass

from core.study import audit
from core.study.base import StudyBase
from core.study.items import Item
from core.study.votes import Outcome
from core.types import StudioError

MAX_REASON = 2000
CAUSES = (
    "A video did not play",
    "Both videos looked the same",
    "The task could not be understood",
    "I was interrupted",
    "Something else",
)
"""Why an item can be invalid; the reason in words may say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    Attributes:
        outcome: A is the left one; None only when it is invalid.
        progress_left: Percent of the task, asked before the comparison.
        progress_right: Likewise of the right one.
        confidence: 1 (a guess) to 3 (certain).
        reason: In the participant's words.
        invalid: Why the item cannot be judged; empty when it can.
        decision_s: From the unlocked question to the answer [s].
    """

    outcome: Outcome | None
    progress_left: float | None = None
    progress_right: float | None = None
    confidence: int | None = None
    reason: str = ""
    invalid: str = ""
    decision_s: float | None = None

    def __post_init__(self) -> None:
        if (self.outcome is None) != bool(self.invalid):
            raise ValueError("an answer has either an outcome or a cause why it has none")
        if len(self.reason) > MAX_REASON:
            raise ValueError(f"a reason has at most {MAX_REASON} characters")


def give(base: StudyBase, item: Item, answer: Answer) -> int:
    """Write an answer down; when this returns, it is on the disk.

    Returns:
        Its number.

    Raises:
        StudioError: If the item has not been watched, or was answered already.
    """
    if not answer.invalid and not watched(base, item):
        raise StudioError("Both videos have to be watched to the end before they are judged.")
    return _add(base, item, answer, None)


def correct(base: StudyBase, item: Item, answer: Answer) -> int:
    """Replace the answer to an item by a further one, which names the one it replaces.

    Raises:
        StudioError: If there is none to correct.
    """
    last = current(base, item)
    if last is None:
        raise StudioError("This item has no answer that could be corrected.")
    return _add(base, item, answer, last)


def current(base: StudyBase, item: Item) -> int | None:
    """Return the number of the answer that holds for an item, if it was answered."""
    row = base.one(
        "SELECT id FROM answer WHERE item = ? AND id NOT IN "
        "(SELECT supersedes FROM answer WHERE supersedes IS NOT NULL)",
        item.number,
    )
    return None if row is None else int(row["id"])


def watched(base: StudyBase, item: Item) -> bool:
    """Whether both sides of an item were watched to the end."""
    rows = base.rows("SELECT DISTINCT side FROM view WHERE item = ? AND complete", item.number)
    sides = {row["side"] for row in rows}
    return "both" in sides or {"left", "right"} <= sides


def _add(base: StudyBase, item: Item, answer: Answer, supersedes: int | None) -> int:
    values = asdict(answer) | {"outcome": answer.outcome and str(answer.outcome)}
    with base.write() as connection:
        if supersedes is None and current(base, item) is not None:
            raise StudioError("This item was answered already.")
        cursor = connection.execute(
            "INSERT INTO answer(item, outcome, progress_left, progress_right, confidence, reason, "
            "invalid, decision_s, at, salt, supersedes) VALUES(:item, :outcome, :progress_left, "
            ":progress_right, :confidence, :reason, :invalid, :decision_s, :at, :salt, "
            ":supersedes)",
            values
            | {
                "item": item.number,
                "at": time.time(),
                "salt": secrets.token_hex(16),
                "supersedes": supersedes,
            },
        )
        number = int(cursor.lastrowid or 0)
        row = base.one("SELECT * FROM answer WHERE id = ?", number)
        assert row is not None, "it was just written"
        audit.append(
            connection,
            item.participant,
            "answer",
            answer=number,
            item=item.number,
            supersedes=supersedes,
            digest=audit.answer_digest(dict(row)),
        )
    return number
