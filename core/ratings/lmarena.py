"""Votes as CSV in LMArena's columns, which FastChat's notebooks, evalica and others read.

Read are ``model_a``, ``model_b`` and ``winner`` (model_a, model_b, tie, "tie (bothbad)"; also
both_bad); if they are there ``judge``, ``question_id`` and ``tstamp`` or ``timestamp``; and our own
further columns. Model A is the one on the left.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.study.votes import Outcome, Shown, Vote, VoteKind
from core.types import StudioError

COLUMNS = (
    "question_id", "model_a", "model_b", "winner", "judge", "tstamp", "first_shown", "kind",
    "scene", "instruction", "progress_a", "progress_b", "confidence", "decision_s", "weight",
)  # fmt: skip
_NEEDED = ("model_a", "model_b", "winner")
_WINNERS = {
    Outcome.A: "model_a",
    Outcome.B: "model_b",
    Outcome.TIE: "tie",
    Outcome.BOTH_BAD: "tie (bothbad)",
}
_OUTCOMES = {word: outcome for outcome, word in _WINNERS.items()} | {
    "both_bad": Outcome.BOTH_BAD,
    "bothbad": Outcome.BOTH_BAD,
    "tie (both bad)": Outcome.BOTH_BAD,
}
_SIDES = {"model_a": Shown.LEFT, "model_b": Shown.RIGHT, "": None}
MOST_BYTES = 512 * 2**20
MOST_NAME = 200


def write_votes(votes: Sequence[Vote]) -> str:
    """Return votes as CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for vote in votes:
        first = (
            {Shown.LEFT: "model_a", Shown.RIGHT: "model_b"}.get(vote.first) if vote.first else ""
        )
        writer.writerow(
            [
                vote.item,
                vote.left,
                vote.right,
                _WINNERS[vote.outcome],
                vote.participant,
                repr(vote.at),
                first,
                vote.kind.value,
                vote.scene,
                vote.instruction,
                _text(vote.progress_left),
                _text(vote.progress_right),
                _text(vote.confidence),
                _text(vote.decision_s),
                repr(vote.weight),
            ]
        )
    return text.getvalue()


def read_votes(path: Path) -> tuple[list[Vote], bool]:
    """Read a CSV file.

    Returns:
        The votes, and whether the file says who voted. If it does not, every vote is held to be
        another person's.

    Raises:
        StudioError: With the line and what is wrong with it.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StudioError(f"'{path}' is larger than {MOST_BYTES >> 20} MiB; it was not read.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StudioError(f"'{path}' cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise StudioError(f"'{path}' is not text in UTF-8; save it as CSV in UTF-8.") from error
    return parse_votes(text, path.name)


def parse_votes(text: str, source: str) -> tuple[list[Vote], bool]:
    """Read CSV text; see ``read_votes``.

    Args:
        text: The whole file.
        source: Its name, for messages.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        names = reader.fieldnames or ()
        if missing := [name for name in _NEEDED if name not in names]:
            raise StudioError(
                f"{source} has no column '{missing[0]}'; needed are {', '.join(_NEEDED)}, and "
                "'judge' for honest intervals."
            )
        votes = list(_votes(reader, source))
    except csv.Error as error:
        raise StudioError(f"{source}, line {reader.line_num}: {error}.") from error
    return votes, "judge" in names


def _votes(reader: csv.DictReader[str], source: str) -> Iterator[Vote]:
    for row in reader:
        where = f"{source}, line {reader.line_num}"
        given = {name: (value or "").strip() for name, value in row.items() if name is not None}
        outcome = _OUTCOMES.get(given["winner"].lower())
        if outcome is None:
            raise StudioError(
                f"{where}: the winner is '{given['winner'][:40]}'; expected model_a, model_b, tie "
                "or tie (bothbad)."
            )
        first = given.get("first_shown", "")
        if first not in _SIDES:
            raise StudioError(f"{where}: first_shown is '{first[:40]}'; expected model_a, model_b.")
        kind = given.get("kind") or VoteKind.NORMAL.value
        if kind not in list(VoteKind):
            known = ", ".join(VoteKind)
            raise StudioError(f"{where}: the kind is '{kind[:40]}'; expected one of: {known}.")
        confidence = _number(given, "confidence", where)
        at = given.get("tstamp") or given.get("timestamp") or "0"
        weight = _number(given, "weight", where)
        try:
            yield Vote(
                participant=given.get("judge", f"line {reader.line_num}") or "unnamed",
                item=given.get("question_id") or f"line {reader.line_num}",
                left=_name(given, "model_a", where),
                right=_name(given, "model_b", where),
                first=_SIDES[first],
                outcome=outcome,
                weight=1.0 if weight is None else weight,
                kind=VoteKind(kind),
                scene=given.get("scene", ""),
                instruction=given.get("instruction", ""),
                progress_left=_number(given, "progress_a", where),
                progress_right=_number(given, "progress_b", where),
                confidence=None if confidence is None else round(confidence),
                decision_s=_number(given, "decision_s", where),
                at=_number({"tstamp": at}, "tstamp", where) or 0.0,
            )
        except ValueError as error:
            raise StudioError(f"{where}: {error}.") from error


def _name(given: Mapping[str, str], column: str, where: str) -> str:
    name = given[column]
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise StudioError(
            f"{where}: {column} is {name[:40]!r}; expected a name of 1 to {MOST_NAME} characters."
        )
    return name


def _number(given: Mapping[str, str], column: str, where: str) -> float | None:
    text = given.get(column, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise StudioError(f"{where}: {column} is '{text[:40]}'; expected a number.")
    return value


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
