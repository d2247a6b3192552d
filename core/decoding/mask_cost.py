"""What it costs to ask a grammar for the next tokens: ours, and llguidance's for comparison.

llguidance is a general engine in Rust that vLLM and others use. It walks the vocabulary with a
parser of the text, so its answer also holds tokens that spell the right text in pieces that the
model never saw; ours holds the tokenizer's own pieces only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from core.decoding.answer_text import WORDS, Part, answer_text
from core.decoding.grammar import AnswerGrammar
from core.protocol.prompts import DEPTH_END, DEPTH_START
from core.types import MAX_TRACE_POINTS, StudioError

REPEATS = 5
_NUMBER = "[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCost:
    """Processor time per token, for the mask and for taking the token [µs].

    Attributes:
        name: Whose grammar.
        first: The first time over all answers: whatever is made lazily is made here.
        warm: The median of the later times.
    """

    name: str
    first: float
    warm: float


def automaton_cost(grammar: AnswerGrammar, streams: Sequence[Sequence[int]]) -> MaskCost:
    """Measure the automaton on whole answers.

    Args:
        grammar: Of the streams' tokenizer and kind of prompt.
        streams: Ids of whole answers, with the end id.
    """

    def walk(stream: Sequence[int]) -> None:
        state = grammar.start
        for token in stream:
            grammar.allowed(state)
            state = grammar.advance(state, token)

    return _measure("automaton", walk, streams)


def llguidance_cost(tokenizer: Any, lark: str, streams: Sequence[Sequence[int]]) -> MaskCost:
    """Measure llguidance on whole answers, masks written as bits into one array.

    Args:
        tokenizer: The complete tokenizer: the cost grows with the vocabulary.
        lark: From :func:`lark_grammar`.
        streams: Ids of whole answers, with the end id.

    Raises:
        StudioError: If llguidance is not installed, or refuses the grammar or an answer.
    """
    try:
        from llguidance import LLMatcher
        from llguidance.hf import from_tokenizer
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
    except ImportError as error:
        raise StudioError(
            "Comparing grammars needs llguidance: pip install 'steering-studio[bench]'."
        ) from error
    vocabulary = from_tokenizer(tokenizer)
    fresh = LLMatcher(vocabulary, LLMatcher.grammar_from_lark(lark), log_level=0)
    mask = allocate_token_bitmask(1, vocabulary.vocab_size)

    def walk(stream: Sequence[int]) -> None:
        matcher = fresh.deep_copy()
        for token in stream:
            fill_next_token_bitmask(matcher, mask)
            matcher.consume_token(token)
        if matcher.is_error() or not matcher.is_stopped():
            reason = matcher.get_error().partition("\n")[0]
            raise StudioError(f"llguidance does not follow the answer: {reason or 'it goes on'}")

    return _measure("llguidance", walk, streams)


def lark_grammar(tokenizer: Any, *, chunk: int, dims: int, images: int) -> str:
    """Write the grammar of reasoning answers in llguidance's variant of Lark.

    Depth tokens are named by id, since llguidance takes every token in angle brackets for special.

    Args:
        tokenizer: Tells the ids of the depth tokens.
        chunk: Rows of an action chunk, at least two.
        dims: Values of a row, at least two.
        images: Images in the prompt.
    """
    answer = answer_text(chunk=chunk, dims=dims, images=images, steered=False, points=1)
    count = {part: answer.gaps.count(part) for part in Part}
    before, between = answer.literals[0], answer.literals[count[Part.DEPTH]]
    behind = answer.literals[count[Part.DEPTH] + count[Part.TRACE]]
    depth = sorted(tokenizer.convert_tokens_to_ids(list(WORDS[Part.DEPTH])))
    start, end = (tokenizer.convert_tokens_to_ids(tag) for tag in (DEPTH_START, DEPTH_END))
    literals = {
        "BEFORE": before.removesuffix(DEPTH_START),
        "BETWEEN": between.removeprefix(DEPTH_END),
        "BEHIND": behind.removeprefix("]"),
        "LAST": answer.literals[-1],
    }
    symbols = " | ".join(_quoted(symbol) for symbol in WORDS[Part.ACTION])
    rules = [
        f"start: BEFORE <[{start}]> depth{{{count[Part.DEPTH]}}} <[{end}]> BETWEEN trace BEHIND "
        f'row ("], [" row){{{chunk - 1}}} LAST',
        f"depth: <[{','.join(map(str, depth))}]>",
        f'trace: point "]" (", [" point "]"){{0,{MAX_TRACE_POINTS - 1}}}',
        'point: NUMBER ", " NUMBER',
        f'row: SYMBOL (", " SYMBOL){{{dims - 1}}}',
        f"NUMBER: /{_NUMBER}/",
        f"SYMBOL: {symbols}",
        *(f"{name}: {_quoted(text)}" for name, text in literals.items()),
    ]
    return "\n".join(rules) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _measure(
    name: str, walk: Callable[[Sequence[int]], None], streams: Sequence[Sequence[int]]
) -> MaskCost:
    tokens = sum(map(len, streams))
    times: list[float] = []
    for _ in range(REPEATS + 1):
        started = time.thread_time()
        for stream in streams:
            walk(stream)
        times.append((time.thread_time() - started) / tokens * 1e6)
    return MaskCost(name=name, first=times[0], warm=median(times[1:]))
