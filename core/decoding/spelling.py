"""What tokens look like as text, and where in the text of an answer each of them begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_HALF = "\ufffd"
"""What a tokenizer writes for the bytes of an incomplete character."""


class Spelling:
    """The tokenizer as a reader of answers; what it has spelt once it remembers."""

    def __init__(self, tokenizer: Any) -> None:
        """Wrap a tokenizer of transformers."""
        self._tokenizer = tokenizer
        self._lengths: dict[tuple[int, ...], int] = {}
        self._whole: dict[int, bool] = {}

    def token(self, token_id: int) -> str:
        """Return the vocabulary's entry of an id."""
        return str(self._tokenizer.convert_ids_to_tokens(token_id))

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of ids without special tokens."""
        text = self._tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    def starts(self, ids: Sequence[int]) -> list[int]:
        """Return the character of the text at which each token begins.

        Some tokenizers split a character among tokens; each of those begins at that character.
        """
        found: list[int] = []
        at = first = 0
        while first < len(ids):
            behind = first + 1
            if not self._is_whole(ids[first]):
                while behind < len(ids) and not self._is_whole(ids[behind]):
                    behind += 1
            run = tuple(ids[first:behind])
            for count in range(len(run)):
                # with byte fallback one byte more can make the characters before it unreadable
                length = max(self._length(run[:count]), found[-1] - at if found else 0)
                found.append(at + length)
            at += self._length(run)
            first = behind
        return found

    def _is_whole(self, token_id: int) -> bool:
        whole = self._whole.get(token_id)
        if whole is None:
            whole = self._whole[token_id] = _HALF not in self.text((token_id,))
        return whole

    def _length(self, ids: tuple[int, ...]) -> int:
        """Return the number of complete characters."""
        if not ids:
            return 0
        length = self._lengths.get(ids)
        if length is None:
            length = self._lengths[ids] = len(self.text(ids).rstrip(_HALF))
        return length
