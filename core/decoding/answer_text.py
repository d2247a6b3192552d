"""Answers with gaps: the fixed wording, and where values stand in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.prompts import depth_text, reasoning_answer, steered_answer, trace_text
from core.types import CODEBOOK_SIZE, DEPTH_CODES, TRACE_MAX


class Part(StrEnum):
    """What a place in an answer belongs to.

    Separators between two values of one part belong to that part; ``TEXT`` is the wording around.
    """

    TEXT = "text"
    DEPTH = "depth"
    TRACE = "trace"
    ACTION = "action"


WORDS: dict[Part, tuple[str, ...]] = {
    Part.DEPTH: tuple(f"<DEPTH_{code}>" for code in range(CODEBOOK_SIZE)),
    Part.TRACE: tuple(str(value) for value in range(int(TRACE_MAX) + 1)),
    Part.ACTION: tuple(SYMBOLS),
}
"""What a gap may hold: depth tokens, whole numbers, action symbols."""

_GAPS = {Part.DEPTH: "\ue000", Part.TRACE: "\ue001", Part.ACTION: "\ue002"}
_PARTS = {gap: part for part, gap in _GAPS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """The text of an answer with its leading space, cut at its gaps.

    Attributes:
        literals: N + 1 fixed texts; some are empty.
        gaps: The parts of the N gaps between them.
    """

    literals: tuple[str, ...]
    gaps: tuple[Part, ...]

    def write(self, values: Sequence[int]) -> tuple[str, NDArray[np.int64]]:
        """Fill the gaps.

        Args:
            values: N indices into the ``WORDS`` of each gap's part.

        Returns:
            The text, and (N + 1,) the index of the character at which each literal starts.
        """
        pieces = [self.literals[0]]
        for part, value, literal in zip(self.gaps, values, self.literals[1:], strict=True):
            pieces += (WORDS[part][value], literal)
        starts = np.cumsum([0, *map(len, pieces)])[:-1]
        return "".join(pieces), starts[::2]

    def part_of_literal(self, index: int) -> Part:
        """Return what a literal belongs to: the part on both its sides, or the wording."""
        around = self.gaps[max(index - 1, 0) : index + 1]
        return around[0] if len(around) == 2 and around[0] == around[1] else Part.TEXT


def answer_text(*, chunk: int, dims: int, images: int, steered: bool, points: int) -> AnswerText:
    """Lay out the answer to a prompt.

    Args:
        chunk: Rows of actions.
        dims: Values of a row.
        images: Images in the prompt; the wording depends on it.
        steered: Whether it answers a steered prompt: actions only.
        points: Length of the trace.

    Raises:
        StudioError: If there are no images or no actions, or the length is not 1 to 5.
    """
    rows = rows_text(np.zeros((chunk, dims), dtype=np.int64))
    rows = rows.replace(SYMBOLS[0], _GAPS[Part.ACTION])
    if steered:
        text = steered_answer(rows)
    else:
        codes, trace = np.zeros(DEPTH_CODES, dtype=np.int64), np.zeros((points, 2))
        text = reasoning_answer(codes, [trace], rows, images)
        for part, written in ((Part.DEPTH, depth_text(codes)), (Part.TRACE, trace_text(trace))):
            text = text.replace(written, written.replace(WORDS[part][0], _GAPS[part]))
    pieces = re.split(f"([{''.join(_PARTS)}])", f" {text}")
    return AnswerText(literals=tuple(pieces[::2]), gaps=tuple(_PARTS[gap] for gap in pieces[1::2]))
