"""Why an answer was refused."""

from __future__ import annotations

from enum import StrEnum

from core.types import StudioError


class AnswerFault(StrEnum):
    """What is wrong with an answer."""

    EMPTY = "empty"
    DEPTH = "depth"
    TRACE = "trace"
    TRUNCATED = "truncated"
    ROWS = "rows"
    SYMBOL = "symbol"
    FORMAT = "format"


class AnswerError(StudioError):
    """An answer that does not parse; it yields no motion.

    Attributes:
        kind: What is wrong with it.
    """

    def __init__(self, kind: AnswerFault, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
