"""Cutting encoded answers into units whose tokens do not depend on each other.

A byte-pair tokenizer may merge a symbol with the bracket, comma or space next to it, so symbols
cannot be encoded on their own. But its merges end somewhere in each separator: a place in the text
where every encoded answer has a border between two tokens separates what is on its two sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.decoding.answer_text import WORDS, AnswerText, Part
from core.types import StudioError

Tokens = tuple[int, ...]


class GrammarError(StudioError):
    """A tokenizer whose answers follow no grammar that can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The tokens of one piece of an answer.

    Attributes:
        part: What it belongs to.
        gap: Number of the gap that it holds; None for fixed wording.
        ways: What it may be: one for wording, one per value for a gap.
    """

    part: Part
    gap: int | None
    ways: tuple[Tokens, ...]


def encode(tokenizer: Any, text: str) -> Tokens:
    """Encode a text without special tokens."""
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def cut_units(tokenizer: Any, answer: AnswerText) -> list[Unit]:
    """Encode answers in which all gaps hold the same value, and cut them where all agree.

    Args:
        tokenizer: A fast tokenizer (it has to know which characters a token stands for).
        answer: Text with gaps.

    Raises:
        GrammarError: If no border separates two gaps, or two values look the same.
    """
    # places are counted through all literals: a literal of n letters has n + 1
    of_literal = np.repeat(
        np.arange(len(answer.literals)), [len(text) + 1 for text in answer.literals]
    )
    first = np.searchsorted(of_literal, np.arange(len(answer.literals)))
    in_literal = np.arange(len(of_literal)) - first[of_literal]
    encoded: list[Tokens] = []
    counts: list[NDArray[np.int64]] = []
    common = np.ones(len(of_literal), dtype=np.bool_)
    for value in range(max(len(words) for words in WORDS.values())):
        text, starts = answer.write([value % len(WORDS[part]) for part in answer.gaps])
        ids, spans = _encode_with_spans(tokenizer, text)
        before, border = _borders(spans, starts[of_literal] + in_literal)
        common &= border
        encoded.append(ids)
        counts.append(before)
    table = np.stack(counts)[:, common]
    literal = of_literal[common].tolist()
    if not common[0] or any(
        len(ids) != count for ids, count in zip(encoded, table[:, -1], strict=True)
    ):
        raise GrammarError("the tokenizer loses the beginning or the end of an answer")
    return [
        _unit(answer, encoded, table[:, [i, i + 1]].tolist(), literal[i], literal[i + 1])
        for i in range(len(literal) - 1)
    ]


def _unit(
    answer: AnswerText, encoded: list[Tokens], spans: list[list[int]], first: int, last: int
) -> Unit:
    """Read what stands between two borders, in the literals ``first`` and ``last``."""
    if last - first > 1:
        raise GrammarError(
            "the tokenizer writes several values of an answer as one token "
            f"('{answer.literals[first + 1]}' does not separate them)"
        )
    ways = tuple(
        dict.fromkeys(ids[start:stop] for ids, (start, stop) in zip(encoded, spans, strict=True))
    )
    part = answer.gaps[first] if last > first else answer.part_of_literal(first)
    expected = len(WORDS[part]) if last > first else 1
    if len(ways) < expected:
        raise GrammarError(f"the tokenizer does not tell all values of an answer's {part} apart")
    if len(ways) > expected:
        raise GrammarError(f"the tokenizer writes an answer's {part} in more ways than it has")
    return Unit(part=part, gap=first if last > first else None, ways=ways)


def _encode_with_spans(tokenizer: Any, text: str) -> tuple[Tokens, NDArray[np.int64]]:
    """Return ids and (T, 2) the characters that each stands for."""
    try:
        made = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        spans = np.array(made["offset_mapping"], dtype=np.int64).reshape(-1, 2)
    except (KeyError, TypeError, NotImplementedError) as error:
        raise GrammarError(
            "the tokenizer does not tell which characters a token stands for; "
            "answers need a fast tokenizer (tokenizer.json)"
        ) from error
    return tuple(made["input_ids"]), spans


def _borders(
    spans: NDArray[np.int64], places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return how many tokens end up to each place, and whether a token ends there and none crosses.

    Starts are only compared, since some tokenizers leave a token's leading space out of its span;
    a character may be split among tokens, each of which then has all of it in its span.
    """
    starts = np.append(spans[:, 0], np.iinfo(np.int64).max)
    ends = np.insert(spans[:, 1], 0, 0)
    count = np.searchsorted(ends, places, side="right") - 1
    return count, (ends[count] == places) & (starts[count] >= places)
