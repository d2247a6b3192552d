"""Which tokens an answer may have where, for tokenizers that write every value as one token.

A small model that knows the right values can still lose count of a hundred depth tokens. The
skeleton is made of whole encoded answers of :mod:`core.protocol.prompts`: fixed tokens are forced,
and a slot takes only the values that fit there. Tokenizers that split symbols (the released ones)
have no skeleton; their answers are decoded freely.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.prompts import reasoning_answer, steered_answer
from core.types import CODEBOOK_SIZE, DEPTH_CODES, MAX_TRACE_POINTS

Encode = Callable[[str], list[int]]


class AnswerSkeleton:
    """Tells which ids may follow, for one chunk size and number of images."""

    def __init__(self, encode: Encode, end: int, *, chunk: int, dims: int, images: int) -> None:
        """Encode the templates.

        Args:
            encode: Text to ids, without special tokens.
            end: Id that ends an answer.
            chunk: Rows of an action chunk.
            dims: Values of a row.
            images: Images in the prompt.

        Raises:
            ValueError: If the tokenizer does not write every value as one token.
        """
        texts = {
            "symbol": list(SYMBOLS),
            "next symbol": [f", {symbol}" for symbol in SYMBOLS],
            "integer": [str(value) for value in range(256)],
            "next integer": [f", {value}" for value in range(256)],
            "depth": [f"<DEPTH_{code}>" for code in range(CODEBOOK_SIZE)],
        }
        self._slots: dict[int, list[int]] = {}
        self._members: dict[int, frozenset[int]] = {}
        for group in texts.values():
            ids = [_single(encode(text)) for text in group]
            self._slots |= dict.fromkeys(ids, ids)
            self._members |= dict.fromkeys(ids, frozenset(ids))
        rows = rows_text(np.zeros((chunk, dims), dtype=int))
        codes = np.zeros(DEPTH_CODES, dtype=int)
        self._steered = [*encode(f" {steered_answer(rows)}"), end]
        self._reasoning = {
            length: [
                *encode(f" {reasoning_answer(codes, [np.zeros((length, 2), int)], rows, images)}"),
                end,
            ]
            for length in range(1, MAX_TRACE_POINTS + 1)
        }

    def allowed(self, ids: list[int], *, steered: bool) -> list[int]:
        """Return the ids that may follow.

        Args:
            ids: Answer so far, made by following this skeleton.
            steered: Whether the prompt was a steered one.
        """
        if steered:
            return self._at(self._steered, len(ids))
        fitting = [t for t in self._reasoning.values() if self._fits(t, ids)]
        result: dict[int, None] = {}
        for template in fitting:
            result |= dict.fromkeys(self._at(template, len(ids)))
        return list(result)

    def _at(self, template: list[int], index: int) -> list[int]:
        token = template[min(index, len(template) - 1)]
        return self._slots.get(token, [token])

    def _fits(self, template: list[int], ids: list[int]) -> bool:
        if len(ids) >= len(template):
            return False
        return all(
            token == wanted or token in self._members.get(wanted, ())
            for token, wanted in zip(ids, template, strict=False)
        )


def skeleton_for(tokenizer: Any, *, chunk: int, dims: int, images: int) -> AnswerSkeleton | None:
    """Build the skeleton, or return None for a tokenizer that splits values.

    Args:
        tokenizer: The checkpoint's tokenizer.
        chunk: Rows of an action chunk.
        dims: Values of a row.
        images: Images in the prompt.
    """

    def encode(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    try:
        return AnswerSkeleton(
            encode, int(tokenizer.eos_token_id), chunk=chunk, dims=dims, images=images
        )
    except ValueError:
        return None


def _single(ids: list[int]) -> int:
    if len(ids) != 1:
        raise ValueError(f"a value takes {len(ids)} tokens")
    return ids[0]
