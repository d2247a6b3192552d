"""The embedded model's tokenizer: small, lossless, and with one token for every symbol.

A byte-fallback vocabulary can spell any instruction; on top of it stand, as whole tokens, the fixed
sentences of prompts and answers, each action symbol, each depth token, each integer 0..255, and the
words of the lab. Symbols and integers exist a second time with the separator ", " in front of them,
which nearly halves a chunk. The text stays the same as MolmoAct's.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from core.protocol.action_symbols import SYMBOLS
from core.protocol.prompts import (
    DEPTH_END,
    DEPTH_START,
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
)
from core.types import CODEBOOK_SIZE, DEPTH_CODES
from robot.sim.layout import COLOURS
from training.instructions import pointing_question, trace_question

END_OF_TEXT = "<|endoftext|>"
IMAGE_TOKENS = ("<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<|image|>", "<im_low>")
"""Special image tokens, in the order of the released tokenizer, from the vocabulary's end on."""

WORDS = (  # noqa: SIM905 - a quote around each word hides the words
    "pick grab lift take get grasp raise fetch hold up the a an one object thing item block cube "
    "cylinder can box something any anything please now and it that of from table to put place "
    "set lay move on onto top next beside by side right another other plate flat brick could you"
).split()
VALUE_TEXTS: tuple[tuple[str, ...], ...] = (
    SYMBOLS,
    tuple(f", {symbol}" for symbol in SYMBOLS),
    tuple(str(value) for value in range(256)),
    tuple(f", {value}" for value in range(256)),
    tuple(f"<DEPTH_{code}>" for code in range(CODEBOOK_SIZE)),
)
"""Every value that is one token: action symbols and integers, each also after ", ", depth codes."""

VOCABULARY_MULTIPLE = 64
_GAP = "\x00"


def template_pieces() -> list[str]:
    """Return the fixed pieces of every prompt and answer, for one and for two images."""
    pieces: dict[str, None] = {}
    codes, trace = [0] * DEPTH_CODES, [[0, 0]]
    for images in (1, 2):
        texts = [
            f"User: {reasoning_prompt(_GAP, images)}",
            f"User: {steered_prompt(_GAP, images)}",
            f" {reasoning_answer(codes, [trace], _GAP, images)}",
            f" {steered_answer(_GAP)}",
        ]
        depth = DEPTH_START + "<DEPTH_0>" * DEPTH_CODES + DEPTH_END
        for text in texts:
            for piece in text.replace(depth, _GAP).replace("[[0, 0]]", _GAP).split(_GAP):
                pieces[piece] = None
        pieces[f"Image {images}"] = None
    for text in (pointing_question(_GAP), trace_question(_GAP)):
        for piece in f"User: {text}".split(_GAP):
            pieces[piece] = None
    return [piece for piece in pieces if len(piece) > 1] + [" Assistant:"]


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Build the tokenizer; the same call gives the same ids."""
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    for code in range(32, 127):
        vocabulary[chr(code)] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    words = [*WORDS, *COLOURS]
    symbols, next_symbols, integers, next_integers, codes = VALUE_TEXTS
    plain = [
        *template_pieces(),
        *(word for word in words if len(word) > 1),
        *(f" {word}" for word in words),
        *(word.capitalize() for word in WORDS[:9]),
        "[[",
        "], [",
        "]]",
        ", ",
        *integers,
        *next_integers,
        *symbols,
        *next_symbols,
        DEPTH_START,
        DEPTH_END,
        *codes,
    ]
    tokenizer.add_special_tokens([_token(END_OF_TEXT, special=True)])
    tokenizer.add_tokens([_token(text) for text in dict.fromkeys(plain)])
    missing = -tokenizer.get_vocab_size() % VOCABULARY_MULTIPLE
    tokenizer.add_special_tokens(
        [_token(f"|<EXTRA_TOKENS_{index}>|", special=True) for index in range(missing)]
    )
    tokenizer.add_special_tokens([_token(text, special=True) for text in IMAGE_TOKENS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def vocabulary_size(tokenizer: PreTrainedTokenizerFast) -> int:
    """Return the number of tokens that can be generated: all but the image tokens."""
    return len(tokenizer) - len(IMAGE_TOKENS)


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Write tokenizer.json and its configuration into a folder."""
    tokenizer = build_tokenizer()
    tokenizer.save_pretrained(str(folder))
    return tokenizer


def _token(text: str, *, special: bool = False) -> AddedToken:
    return AddedToken(text, normalized=False, special=special)
