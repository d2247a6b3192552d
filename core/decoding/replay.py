"""Recorded answers written with another tokenizer, and what decoding them would cost.

How many forward passes an answer takes depends on its tokens, not on the model's weights. So what
the lab's small model said can be written as a released model would write it, and its passes counted
without having that model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from core.decoding.grammar import AnswerGrammar
from core.model.tokens import END_OF_TEXT, load_tokenizer
from core.protocol.action_codec import bins_of, rows_text
from core.protocol.prompts import reasoning_answer, steered_answer
from core.protocol.statistics import NormStats
from core.types import Reasoning, StudioError

QWEN2 = Path(__file__).parents[2] / "tests" / "data" / "tokenizer" / "qwen2_answers.json"
"""Qwen2's tokenizer as far as answers need it; a complete one gives the same ids."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cycle:
    """What one answer says.

    Attributes:
        codes: (100,) depth codes 0..127.
        trace: (L, 2) trace points, whole numbers 0..255.
        bins: (N, D) action bins 0..255.
    """

    codes: NDArray[np.integer]
    trace: NDArray[np.number]
    bins: NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """Forward passes per answer, the mean over some answers; the prompt's own pass is the first.

    Attributes:
        plain: One per token, with the one that ends the answer.
        grammar: One per choice; tokens without a choice come along with the next pass.
        forced: Share of the tokens that leave no choice, 0..1.
    """

    plain: float
    grammar: float
    forced: float


def cycle_of(reasoning: Reasoning, stats: NormStats) -> Cycle:
    """Take the values out of a complete reasoning.

    Args:
        reasoning: With depth, a trace and actions.
        stats: The statistics that its actions were decoded with.

    Raises:
        StudioError: If a part is missing.
    """
    if reasoning.depth is None or not reasoning.traces or reasoning.chunk is None:
        raise StudioError("only a complete reasoning can be replayed: depth, trace and actions")
    return Cycle(
        codes=reasoning.depth.codes,
        trace=np.rint(reasoning.traces[-1].points),
        bins=bins_of(reasoning.chunk.actions, stats),
    )


def token_streams(
    tokenizer: Any, cycles: Sequence[Cycle], *, images: int, end_id: int, steered: bool = False
) -> list[list[int]]:
    """Write answers as a model with this tokenizer would.

    Args:
        tokenizer: Such as the one in ``QWEN2``.
        cycles: What the answers say.
        images: Images in the prompts.
        end_id: Id that ends an answer; put behind each.
        steered: Whether to write answers to steered prompts: actions only.

    Raises:
        StudioError: If a value is out of its range.
    """
    streams: list[list[int]] = []
    for cycle in cycles:
        rows = rows_text(cycle.bins)
        if steered:
            text = steered_answer(rows)
        else:
            text = reasoning_answer(cycle.codes, [cycle.trace], rows, images)
        ids = tokenizer(f" {text}", add_special_tokens=False)["input_ids"]
        streams.append([*ids, end_id])
    return streams


def count_passes(grammar: AnswerGrammar, streams: Sequence[Sequence[int]]) -> Passes:
    """Count the forward passes that decoding the streams takes.

    Args:
        grammar: Of the streams' tokenizer and kind of prompt.
        streams: Whole answers with the id that ends them, at least one.

    Raises:
        ValueError: If a stream does not follow the grammar.
    """
    tokens = choices = 0
    for stream in streams:
        state = grammar.start
        for token in stream:
            choices += len(grammar.allowed(state)) > 1
            state = grammar.advance(state, token)
        tokens += len(stream)
    return Passes(
        plain=tokens / len(streams), grammar=choices / len(streams), forced=1 - choices / tokens
    )


def qwen2_tokenizer(path: Path = QWEN2) -> PreTrainedTokenizerFast:
    """Load Qwen2's tokenizer in the 7B-D layout.

    Raises:
        StudioError: If the file is missing or is no tokenizer.
    """
    return load_tokenizer(path, {"eos_token": END_OF_TEXT})
