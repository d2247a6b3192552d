"""The tokenizer of a checkpoint and the ids of the tokens with a meaning.

Ids are always read from the tokenizer: the depth tokens' ids differ between base tokenizers, the
picture tokens' ids follow the vocabulary's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from core.types import CODEBOOK_SIZE, StudioError

END_OF_TEXT = "<|endoftext|>"


class TokenizerError(StudioError):
    """A tokenizer that lacks what MolmoAct needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIds:
    """Ids of the tokens that are more than text.

    Attributes:
        bos: Put first in every prompt (the end-of-text token for tokenizers without one).
        eos: Ends an answer.
        pad: Fills the left of shorter prompts.
        image_start: ``<im_start>``.
        image_end: ``<im_end>``.
        image_patch: ``<im_patch>``; a picture vector is added at each.
        image_column: ``<im_col>``; ends a row of patches.
        depth_start: ``<DEPTH_START>``.
        depth_end: ``<DEPTH_END>``.
        depth_codes: ``<DEPTH_0>`` to ``<DEPTH_127>``, in order.
    """

    bos: int
    eos: int
    pad: int
    image_start: int
    image_end: int
    image_patch: int
    image_column: int
    depth_start: int
    depth_end: int
    depth_codes: tuple[int, ...]


def token_ids(tokenizer: PreTrainedTokenizerFast) -> TokenIds:
    """Read the ids from a tokenizer.

    Raises:
        TokenizerError: A token is missing.
    """
    vocabulary = tokenizer.get_vocab()

    def find(token: str) -> int:
        if token not in vocabulary:
            raise TokenizerError(f"the tokenizer has no '{token}'; it is not one of MolmoAct's")
        return vocabulary[token]

    eos = tokenizer.eos_token_id
    if not isinstance(eos, int):
        eos = find(END_OF_TEXT)
    bos, pad = tokenizer.bos_token_id, tokenizer.pad_token_id
    return TokenIds(
        bos=bos if isinstance(bos, int) else eos,
        eos=eos,
        pad=pad if isinstance(pad, int) else eos,
        image_start=find("<im_start>"),
        image_end=find("<im_end>"),
        image_patch=find("<im_patch>"),
        image_column=find("<im_col>"),
        depth_start=find("<DEPTH_START>"),
        depth_end=find("<DEPTH_END>"),
        depth_codes=tuple(find(f"<DEPTH_{code}>") for code in range(CODEBOOK_SIZE)),
    )


def load_tokenizer(
    path: Path, settings: dict[str, Any] | None = None, generation: dict[str, Any] | None = None
) -> PreTrainedTokenizerFast:
    """Load ``tokenizer.json``.

    Args:
        path: The file.
        settings: Contents of ``tokenizer_config.json``, for the names of the special tokens.
        generation: Contents of ``generation_config.json``, for their ids when ``settings`` is
            silent.

    Raises:
        TokenizerError: The file is missing or is no tokenizer.
    """
    if not path.is_file():
        raise TokenizerError(f"'{path}' is missing; a checkpoint needs its tokenizer")
    try:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(path), clean_up_tokenization_spaces=False, padding_side="left"
        )
    except Exception as error:  # the Rust library raises plain Exception for any bad file
        raise TokenizerError(f"'{path}' is no tokenizer: {error}") from error
    for role in ("eos", "bos", "pad"):
        token = (settings or {}).get(f"{role}_token")
        token = token.get("content") if isinstance(token, dict) else token
        if token is None:
            number = (generation or {}).get(f"{role}_token_id")
            token = tokenizer.convert_ids_to_tokens(number) if isinstance(number, int) else None
        if isinstance(token, str):
            setattr(tokenizer, f"{role}_token", token)
    return tokenizer
