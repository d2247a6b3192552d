"""The list of action rows at the end of an answer.

Nothing is mended: a list whose brackets do not fit may have lost or gained rows, and is refused.
"""

from __future__ import annotations

from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.answer_error import AnswerError, AnswerFault
from core.protocol.grammar import COMMA, LIST_START, NESTED, ROW

Rows = tuple[tuple[str, ...], ...]


def read_rows(tail: str) -> Rows:
    """Read the action list at the end of an answer.

    Args:
        tail: The answer from behind its depth map and traces.

    Returns:
        The rows of cells, unchecked.

    Raises:
        AnswerError: If the list is missing, cut off, or not the last thing in the answer.
    """
    opening = LIST_START.search(tail)
    if opening is None:
        raise AnswerError(AnswerFault.TRUNCATED, "The answer ends before its actions.")
    if "]" in tail[: opening.start()]:
        raise AnswerError(AnswerFault.FORMAT, "The answer closes a list that it never opened.")
    listing = tail[opening.start() :].strip().removesuffix(".").rstrip()
    if not listing.endswith("]"):
        raise AnswerError(
            AnswerFault.TRUNCATED, "The answer's action list is cut off or not the last thing said."
        )
    if not listing.startswith("["):
        raise AnswerError(AnswerFault.FORMAT, "The answer's action list has no opening bracket.")
    nested = NESTED.match(listing)
    inside = listing[:-1].rstrip()
    if nested is None and inside.endswith("]"):
        raise AnswerError(
            AnswerFault.FORMAT, "The answer's action list closes more brackets than it opens."
        )
    if nested is not None and not inside.endswith("]"):
        raise AnswerError(AnswerFault.TRUNCATED, "The answer's action list is cut off.")
    rows = _split_rows(listing if nested is None else inside[nested.end() :])
    if nested is None and len(rows) > 1:
        raise AnswerError(AnswerFault.FORMAT, "The answer's action rows are not in one list.")
    return rows


def _split_rows(inner: str) -> Rows:
    rows: list[tuple[str, ...]] = []
    position = 0
    while True:
        row = ROW.match(inner, position)
        if row is None:
            raise AnswerError(AnswerFault.FORMAT, "The answer's action list is not made of rows.")
        rows.append(tuple(cell.strip() for cell in row[1].split(",")))
        position = row.end()
        if position == len(inner):
            return tuple(rows)
        comma = COMMA.match(inner, position)
        if comma is None:
            raise AnswerError(
                AnswerFault.FORMAT, "The answer has text between or after its action rows."
            )
        position = comma.end()


def check_rows(rows: Rows, chunk: int, action_dim: int) -> None:
    """Make sure that rows are as many and as long as asked for, and all symbols known.

    Raises:
        AnswerError: Naming the first row that does not fit.
    """
    for number, row in enumerate(rows, start=1):
        if len(row) != action_dim:
            raise AnswerError(
                AnswerFault.ROWS,
                f"Action row {number} has {len(row)} values; it should have {action_dim}.",
            )
        for symbol in row:
            if symbol not in BIN_OF_SYMBOL:
                raise AnswerError(
                    AnswerFault.SYMBOL,
                    f"Action row {number} holds '{symbol[:20]}', which is no action symbol.",
                )
    if len(rows) != chunk:
        raise AnswerError(
            AnswerFault.ROWS, f"The answer has {len(rows)} action rows; it should have {chunk}."
        )
