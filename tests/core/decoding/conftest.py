"""Tokenizers of all kinds that answers may be written with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors, trainers
from tokenizers import decoders as token_decoders
from transformers import PreTrainedTokenizerFast

from core.decoding.answer_text import WORDS, Part, answer_text
from core.decoding.grammar import AnswerGrammar, compile_grammar
from core.model.tokens import load_tokenizer
from training.tokenizer import build_tokenizer

END = "<|endoftext|>"
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(*, regex: str | None, trim: bool) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE on some answers, as GPT-2 (no regex of its own) or OLMo 2 have it."""
    bpe = Tokenizer(models.BPE())
    levels: list = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex is None)]
    if regex is not None:
        levels.insert(0, pre_tokenizers.Split(Regex(regex), "isolated"))
    bpe.pre_tokenizer = pre_tokenizers.Sequence(levels)
    bpe.decoder = token_decoders.ByteLevel()
    bpe.post_processor = processors.ByteLevel(trim_offsets=trim)
    rng = np.random.default_rng(3)
    answer = answer_text(chunk=8, dims=7, images=2, steered=False, points=5)
    corpus = [
        answer.write([int(rng.integers(len(WORDS[part]))) for part in answer.gaps])[0]
        for _ in range(30)
    ]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(corpus, trainer)
    bpe.add_special_tokens([END])
    depth = ("<DEPTH_START>", "<DEPTH_END>", *WORDS[Part.DEPTH])
    bpe.add_tokens([AddedToken(text, normalized=True) for text in depth])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=END, clean_up_tokenization_spaces=False
    )


def letters() -> PreTrainedTokenizerFast:
    """Make a tokenizer whose tokens are single characters or bytes, and depth tokens."""
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    vocabulary |= {chr(code): len(vocabulary) + code - 32 for code in range(32, 127)}
    words = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    words.decoder = token_decoders.Sequence([token_decoders.ByteFallback(), token_decoders.Fuse()])
    words.add_tokens([AddedToken(text, normalized=False) for text in WORDS[Part.DEPTH]])
    words.add_special_tokens([END])
    return PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token=END, clean_up_tokenization_spaces=False
    )


@pytest.fixture(scope="session")
def qwen2() -> PreTrainedTokenizerFast:
    path = Path(__file__).parents[2] / "data" / "tokenizer" / "qwen2_answers.json"
    return load_tokenizer(path, {"eos_token": END})


@pytest.fixture(scope="session", params=["own", "qwen2", "gpt2", "olmo2", "letters"])
def tokenizer(request, qwen2) -> PreTrainedTokenizerFast:
    makers = {
        "own": build_tokenizer,
        "qwen2": lambda: qwen2,
        "gpt2": lambda: byte_level(regex=None, trim=True),
        "olmo2": lambda: byte_level(regex=CL100K, trim=False),
        "letters": letters,
    }
    return makers[request.param]()


def compiled(tokenizer, *, chunk=8, images=2, steered=False) -> AnswerGrammar:
    end = tokenizer.eos_token_id
    return compile_grammar(
        tokenizer, chunk=chunk, dims=7, images=images, steered=steered, end_id=end
    )


@pytest.fixture(scope="session")
def thinking(tokenizer) -> AnswerGrammar:
    """Grammar of reasoning answers with three rows about two images."""
    return compiled(tokenizer, chunk=3)


@pytest.fixture(scope="session")
def steering(tokenizer) -> AnswerGrammar:
    """Grammar of steered answers with three rows about two images."""
    return compiled(tokenizer, chunk=3, steered=True)
