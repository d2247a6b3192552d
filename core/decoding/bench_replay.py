"""The part of ``bench decoder`` that needs no weights: answers as a released model writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from core.decoding.answer import Answer
from core.decoding.course import GrammarCourse
from core.decoding.drafts import GPU, Costs, Draft, DraftMemory
from core.decoding.grammar import AnswerGrammar, compile_grammar
from core.decoding.heads import Heads
from core.decoding.mask_cost import automaton_cost, lark_grammar, llguidance_cost
from core.decoding.replay import Cycle, count_passes, qwen2_tokenizer, token_streams
from core.decoding.requests import DecodeRequest
from core.model.loading import LoadedModel
from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.answer import parse_answer
from core.protocol.statistics import read_statistics
from core.report import Report
from core.types import StudioError

GRAMMAR_GOAL, DRAFTS_GOAL = 306, 230
"""Passes of a chunk-8 answer (performance.md sections 0 and 2.4)."""

MASK_GOAL_US = 5


def drafted_passes(
    grammar: AnswerGrammar, streams: Sequence[Sequence[int]], costs: Costs = GPU
) -> float:
    """Count the passes of consecutive answers when each is guessed from the one before.

    Args:
        grammar: Of the streams.
        streams: Answers with the id that ends them; the first is only guessed from.
        costs: Of the device.

    Returns:
        Mean passes of all streams but the first.
    """
    course = GrammarCourse(grammar, Heads(torch.zeros(1, 1), restricted=False))
    inputs = {"input_ids": torch.zeros((1, 2), dtype=torch.int64)}
    passes = sum(1 for _ in replayed(grammar, streams, course, inputs, costs))
    return passes / (len(streams) - 1)


def replayed(
    grammar: AnswerGrammar,
    streams: Sequence[Sequence[int]],
    course: GrammarCourse,
    inputs: dict[str, torch.Tensor],
    costs: Costs = GPU,
) -> Iterator[tuple[Answer, Draft]]:
    """Go through the forward passes of consecutive answers that are guessed from each other.

    Nobody knows what a network would choose behind a wrong guess; it is taken to repeat the guess
    that stands there, which teaches nothing. A real one does better (Jacobi decoding).

    Args:
        grammar: Of the streams.
        streams: Answers with the id that ends them; the first is only guessed from.
        course: Of the grammar.
        inputs: The prompt of every answer.
        costs: Of the device.

    Yields:
        The answer and what its next pass reads, before the recorded tokens are taken as found.
    """
    memory = DraftMemory(ids=list(streams[0]))
    for stream in streams[1:]:
        said = dict(_decisions(grammar, stream))
        request = DecodeRequest(
            inputs=inputs, max_new_tokens=len(stream) + 1, grammar=grammar, memory=memory
        )
        answer = Answer(request, course, grammar.end_ids, costs)
        while not answer.done:
            draft = answer.draft()
            yield answer, draft
            found: list[int] = []
            right = True
            for at, place in enumerate(draft.places):
                guess = draft.guesses[at] if at < len(draft.guesses) else None
                known = said[place] if right else guess
                found.append(int(grammar.allowed(place)[0]) if known is None else known)
                right = right and guess == found[-1]
            answer.take(draft, found)
        done = answer.result()
        if [*done.ids, stream[-1]] != list(stream):
            raise AssertionError("guessing changed a replayed answer")


def replay_streams(
    loaded: LoadedModel,
    answers: list[list[int]],
    report: Report,
    tell: Callable[[str], None],
    complete: Path | None = None,
) -> None:
    """Write the model's answers with Qwen2's tokenizer and count passes; adds rows and goals.

    Args:
        loaded: The model that answered.
        answers: Its consecutive reasoning answers.
        report: Gets the rows.
        tell: Told about progress.
        complete: Qwen2's whole ``tokenizer.json``, if it is there. llguidance walks the vocabulary,
            so it needs a whole one; without this one it walks the model's own.
    """
    chunk, dims = int(loaded.config.chunk), _dims(loaded)
    grammar, streams = qwen2_streams(loaded, answers)
    counted = count_passes(grammar, streams)
    drafted = drafted_passes(grammar, streams) if len(streams) > 1 else counted.grammar
    for step, passes in (
        ("plain", counted.plain),
        ("+ grammar", counted.grammar),
        ("+ drafts", drafted),
    ):
        report.add_row(
            answer="Qwen2 replay",
            step=step,
            passes=round(passes, 1),
            tokens_per_pass=round(counted.plain / passes, 2),
        )
    report.add_goal(
        "Qwen2 replay: passes with the grammar",
        counted.grammar,
        "",
        f"<= {GRAMMAR_GOAL}",
        counted.grammar <= GRAMMAR_GOAL,
    )
    report.add_goal(
        "Qwen2 replay: passes with drafts",
        drafted,
        "",
        f"<= {DRAFTS_GOAL}",
        drafted <= DRAFTS_GOAL,
    )
    tell("Qwen2 replay: done")
    costs = [automaton_cost(grammar, streams)]
    whole, written = loaded.tokenizer, [[*ids, loaded.processor.ids.eos] for ids in answers]
    if complete is not None and complete.exists():
        whole, written = qwen2_tokenizer(complete), streams
    else:
        tell("llguidance: with the model's own tokenizer; --tokenizer takes Qwen2's whole one")
    try:
        lark = lark_grammar(whole, chunk=chunk, dims=dims, images=2)
        costs.append(llguidance_cost(whole, lark, written))
    except StudioError as error:
        tell(f"not compared with llguidance: {error}")
    for cost in costs:
        report.add_row(answer="mask", step=cost.name, us_per_token=round(cost.warm, 2))
    mask = costs[0].warm
    report.add_goal("mask cost per token", mask, "us", f"<= {MASK_GOAL_US}", mask <= MASK_GOAL_US)


def qwen2_streams(
    loaded: LoadedModel, answers: Sequence[list[int]]
) -> tuple[AnswerGrammar, list[list[int]]]:
    """Write a model's reasoning answers with Qwen2's tokenizer.

    Args:
        loaded: The model that answered.
        answers: Ids of its answers.

    Returns:
        The grammar of the streams, and the streams with the id that ends them.
    """
    tokenizer = qwen2_tokenizer()
    chunk, dims = int(loaded.config.chunk), _dims(loaded)
    end_id = int(tokenizer.eos_token_id)  # pyright: ignore
    cycles = [_cycle(loaded, ids, chunk, dims) for ids in answers]
    streams = token_streams(tokenizer, cycles, images=2, end_id=end_id)
    grammar = compile_grammar(
        tokenizer, chunk=chunk, dims=dims, images=2, steered=False, end_id=end_id
    )
    return grammar, streams


def _dims(loaded: LoadedModel) -> int:
    config = loaded.config
    return read_statistics(config.norm_stats, config.default_norm_key).dims


def _decisions(grammar: AnswerGrammar, stream: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    state = grammar.start
    for token in stream:
        found.append((state, token))
        state = grammar.advance(state, token)
    return found


def _cycle(loaded: LoadedModel, ids: list[int], chunk: int, dims: int) -> Cycle:
    text = str(loaded.tokenizer.decode(ids, skip_special_tokens=True))
    parsed = parse_answer(text, chunk=chunk, action_dim=dims, expect_depth=True, expect_trace=True)
    assert parsed.depth is not None
    return Cycle(
        codes=parsed.depth.codes,
        trace=np.rint(parsed.traces[0].points),
        bins=np.array([[BIN_OF_SYMBOL[symbol] for symbol in row] for row in parsed.rows]),
    )
