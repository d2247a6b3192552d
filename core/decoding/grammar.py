"""Compiling the grammar of answers for whatever tokenizer a checkpoint has.

A small model that knows the right values can still lose count of a hundred depth tokens; a large
one spends a third of its forward passes on tokens that could not be others. The grammar serves
both. It is made of whole encoded answers: encoding each symbol on its own gives other tokens than
the model was trained on in most chunks (performance.md section 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.decoding.answer_text import WORDS, AnswerText, Part, answer_text
from core.decoding.automaton import AnswerGrammar, Builder
from core.decoding.units import GrammarError, Tokens, Unit, cut_units, encode
from core.types import MAX_TRACE_POINTS

__all__ = ["AnswerGrammar", "GrammarError", "Part", "compile_grammar"]

PROOFS = 30
"""Random answers that are compared with the tokenizer after compiling, in each direction."""


def compile_grammar(
    tokenizer: Any, *, chunk: int, dims: int, images: int, steered: bool, end_id: int
) -> AnswerGrammar:
    """Make the automaton of all answers to one kind of prompt; takes some tenths of a second.

    Args:
        tokenizer: The checkpoint's tokenizer, a fast one of transformers.
        chunk: Rows of an action chunk.
        dims: Values of a row.
        images: Images in the prompt: the wording depends on it.
        steered: Whether the prompt is a steered one: actions only.
        end_id: Id that ends an answer.

    Raises:
        GrammarError: If the automaton would not accept exactly the tokenizer's own answers.
        StudioError: If there are no images or no actions.
    """
    lengths = [0] if steered else range(1, MAX_TRACE_POINTS + 1)
    answers = [
        answer_text(chunk=chunk, dims=dims, images=images, steered=steered, points=points)
        for points in lengths
    ]
    grammar = _build(cut_units(tokenizer, answers[-1]), answers[-1], end_id)
    _prove(grammar, tokenizer, answers)
    return grammar


def _build(units: list[Unit], answer: AnswerText, end_id: int) -> AnswerGrammar:
    """Chain the units of the answer with the longest trace; a shorter one leaves it earlier."""
    builder = Builder(end_id)
    in_trace = [gap for gap, part in enumerate(answer.gaps) if part is Part.TRACE]
    ending_gap, heights = (in_trace[-1], in_trace[1:-1:2]) if in_trace else (None, [])
    endings: list[tuple[Tokens, int]] = []
    state = builder.last
    for unit in reversed(units):
        ways = [(tokens, state) for tokens in unit.ways]
        if unit.gap is not None and unit.gap == ending_gap:
            endings = ways
        elif unit.gap in heights:
            ways = [*ways, *endings]
        state = builder.join(unit.part, ways)
    return builder.finish(state)


def _prove(grammar: AnswerGrammar, tokenizer: Any, answers: list[AnswerText]) -> None:
    """Compare with the tokenizer: random answers are accepted, random walks are its own.

    Raises:
        GrammarError: If one is not.
    """
    rng = np.random.default_rng(0)
    for number in range(PROOFS):
        answer = answers[number % len(answers)]
        text, _ = answer.write([int(rng.integers(len(WORDS[part]))) for part in answer.gaps])
        ids = encode(tokenizer, text)
        if not _accepts(grammar, ids) or _decode(tokenizer, ids) != text.strip():
            raise GrammarError("the tokenizer joins values of an answer across their separators")
        walk = _wander(grammar, rng)
        if encode(tokenizer, f" {_decode(tokenizer, walk)}") != walk:
            raise GrammarError("the tokenizer writes a value differently next to some others")


def _accepts(grammar: AnswerGrammar, ids: Tokens) -> bool:
    state = grammar.start
    try:
        for token in ids:
            state = grammar.advance(state, token)
    except ValueError:
        return False
    return grammar.end_ids.issuperset(grammar.allowed(state).tolist())


def _wander(grammar: AnswerGrammar, rng: np.random.Generator) -> Tokens:
    """Choose at random to the end; without the id that ends the answer."""
    state, ids = grammar.start, []
    while not grammar.is_end(state):
        choices = grammar.allowed(state)
        ids.append(int(choices[rng.integers(len(choices))]))
        state = grammar.advance(state, ids[-1])
    return tuple(ids[:-1])


def _decode(tokenizer: Any, ids: Tokens) -> str:
    text = tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return str(text).strip()
