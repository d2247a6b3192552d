"""``main.py bench decoder``: what each step of the decoding engine is worth.

The steps run in turn on the same recorded observations, so that a busy machine slows all of them
alike; ratios are medians over pairs measured one after the other. Only prompts whose free answer
follows the grammar are timed: there, Hugging Face's ``generate``, the free loop and the constrained
steps all write the same ids, which is asserted before anything is timed. Steps with a grammar are
compared with the reference decoder under the same grammar.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch

from core.decoding.bench_inputs import Prompt, recorded_prompts
from core.decoding.bench_replay import replay_streams
from core.decoding.decision_log import DecisionLog
from core.decoding.drafts import DraftMemory
from core.decoding.engine import DecodingEngine
from core.decoding.requests import DecodeRequest
from core.decoding.watched import same_up_to_rounding, watched_reference
from core.model.loading import LoadedModel, load_checkpoint
from core.policy.server import EMBEDDED_MODEL
from core.report import Report
from core.types import StudioError

HUGGING_FACE, LOOKUP = "HF generate", "HF prompt lookup"
STEPS = ("autoregressive", "+ grammar", "+ restricted head", "+ drafts", "+ confidence")
LOOKUP_TOKENS = 10
MOST = 320
GOAL, NOISE = 3.0, 0.97

QWEN2_WHOLE = Path(__file__).parents[3] / "shared" / "golden" / "tokenizer" / "tokenizer.json"
"""Where the developers' machines have it; 7 MB, so it is not in the repository."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A prompt that is timed.

    Attributes:
        prompt: The prompt.
        ids: Its answer.
        gaps: How close each decision was.
        memory: What a conversation remembers when it comes to this prompt.
    """

    prompt: Prompt
    ids: list[int]
    gaps: list[float]
    memory: DraftMemory


class Ladder:
    """The ways to decode an answer, from Hugging Face's to the whole engine."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.model = loaded.model
        self.end_ids = frozenset({loaded.processor.ids.eos})
        self._pad = loaded.processor.ids.pad
        self._full = DecodingEngine(loaded.model, end_ids=self.end_ids, restricted=False)
        self._engine = DecodingEngine(loaded.model, end_ids=self.end_ids)
        self._passes = 0
        loaded.model.model.transformer.register_forward_hook(self._count)

    def run(self, name: str, case: Case) -> tuple[list[int], int]:
        """Decode in one way; returns the ids and the number of forward passes."""
        if name in (HUGGING_FACE, LOOKUP):
            return self._generate(case.prompt, lookup=name == LOOKUP)
        plain = DecodeRequest(inputs=case.prompt.inputs, max_new_tokens=MOST)
        memory = DraftMemory(ids=case.memory.ids, shares=case.memory.shares)
        grammar = case.prompt.grammar
        engine, request = {
            STEPS[0]: (self._full, plain),
            STEPS[1]: (self._full, _with(plain, grammar=grammar)),
            STEPS[2]: (self._engine, _with(plain, grammar=grammar)),
            STEPS[3]: (self._engine, _with(plain, grammar=grammar, memory=memory)),
            STEPS[4]: (
                self._engine,
                _with(plain, grammar=grammar, memory=memory, decisions=DecisionLog()),
            ),
        }[name]
        done = engine.decode(request)
        return done.ids, done.passes

    def remember(self, prompt: Prompt, memory: DraftMemory) -> list[int]:
        """Decode with guesses and keep the answer in ``memory``."""
        request = DecodeRequest(
            inputs=prompt.inputs, max_new_tokens=MOST, grammar=prompt.grammar, memory=memory
        )
        return self._engine.decode(request).ids

    def _generate(self, prompt: Prompt, *, lookup: bool) -> tuple[list[int], int]:
        self._passes = 0
        extra: dict[str, Any] = {"prompt_lookup_num_tokens": LOOKUP_TOKENS} if lookup else {}
        with torch.inference_mode():
            sequence = self.model.generate(  # pyright: ignore
                **prompt.inputs,
                max_new_tokens=MOST,
                do_sample=False,
                pad_token_id=self._pad,
                **extra,
            )
        assert isinstance(sequence, torch.Tensor)
        ids = sequence[0, prompt.inputs["input_ids"].shape[1] :].tolist()
        return (ids[:-1] if ids and ids[-1] in self.end_ids else ids), self._passes

    def _count(self, *_: Any) -> None:
        self._passes += 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench decoder``."""
    parser.add_argument("--repeats", type=int, default=20, help="rounds over all steps")
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help="checkpoint folder")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        default=QWEN2_WHOLE,
        help="Qwen2's whole tokenizer.json, to compare with llguidance",
    )
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_bench_decoder(arguments: argparse.Namespace) -> int:
    """Run ``main.py bench decoder``; returns 0 when it ran, whether or not goals are reached.

    Raises:
        StudioError: If steps disagree about the ids, or no answer can be compared.
    """
    if arguments.repeats < 1:
        raise StudioError(f"--repeats is {arguments.repeats}; at least one round is needed")
    torch.set_num_threads(max(arguments.threads, 1))
    report = Report(f"main.py bench decoder --repeats {arguments.repeats}")

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    loaded = load_checkpoint(arguments.model, torch.float32)
    prompts, ladder = recorded_prompts(loaded), Ladder(loaded)
    answers: list[list[int]] = []
    for steered in (False, True):
        kind = "steered" if steered else "reasoning"
        own = [prompt for prompt in prompts if prompt.steered == steered]
        cases, closest = find_cases(ladder, own, kind, tell)
        if not steered:
            answers = [case.ids for case in cases]
        measure(ladder, cases, kind, arguments.repeats, report, tell)
        report.add_row(answer=kind, step="closest call", logit_gap=closest)
    replay_streams(loaded, answers, report, tell, arguments.tokenizer)
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def find_cases(
    ladder: Ladder, prompts: list[Prompt], kind: str, tell: Tell
) -> tuple[list[Case], float]:
    """Return the prompts to time: those whose free and constrained answers are the same.

    Returns:
        The cases, and the smallest gap between two likeliest logits that was met.

    Raises:
        StudioError: If the engine gives other ids, or no free answer follows the grammar.
    """
    cases: list[Case] = []
    closest, left_out = float("inf"), 0
    memory = DraftMemory()
    for prompt in prompts:
        if prompt.cycle == 0:
            memory = DraftMemory()
        before = DraftMemory(ids=memory.ids, shares=memory.shares)
        given = {"end_ids": ladder.end_ids, "max_new_tokens": MOST}
        wanted, gaps = watched_reference(
            ladder.model, prompt.inputs, grammar=prompt.grammar, **given
        )
        free, _ = watched_reference(ladder.model, prompt.inputs, **given)
        closest = min(closest, *gaps)
        if not same_up_to_rounding(ladder.remember(prompt, memory), wanted, gaps):
            raise StudioError(f"{kind}: the engine's answer is not the reference's")
        if prompt.cycle == 0:
            continue
        if free != wanted:
            left_out += 1
            continue
        cases.append(Case(prompt=prompt, ids=wanted, gaps=gaps, memory=before))
    tell(f"{kind}: {len(cases)} free answers follow the grammar, {left_out} do not")
    if not cases:
        raise StudioError(f"{kind}: no free answer of this model follows the grammar")
    return cases, closest


def measure(
    ladder: Ladder, cases: list[Case], kind: str, repeats: int, report: Report, tell: Tell
) -> None:
    """Time the steps in turn; adds their rows and the goals.

    Raises:
        StudioError: If a step gives other ids than the reference.
    """
    names = (HUGGING_FACE, LOOKUP, *STEPS)
    times: dict[str, list[float]] = {name: [] for name in names}
    passes: dict[str, list[int]] = {name: [] for name in names}
    differ = 0
    for repeat in range(repeats):
        case = cases[repeat % len(cases)]
        for name in names:
            started = time.perf_counter()
            ids, count = ladder.run(name, case)
            times[name].append(time.perf_counter() - started)
            if not same_up_to_rounding(ids, case.ids, case.gaps):
                raise StudioError(f"{kind}: '{name}' gives other ids than the reference")
            passes[name].append(count)
            differ += ids != case.ids
        if (repeat + 1) % 5 == 0:
            tell(f"{kind}: round {repeat + 1} of {repeats}")
    tokens = sum(len(cases[repeat % len(cases)].ids) + 1 for repeat in range(repeats))
    for name in names:
        report.add_row(
            answer=kind,
            step=name,
            passes=round(sum(passes[name]) / repeats, 1),
            tokens_per_pass=round(tokens / sum(passes[name]), 2),
            wall_ms=round(median(times[name]) * 1e3, 1),
            faster=round(_ratio(times[HUGGING_FACE], times[name]), 2),
        )
    report.add_goal(f"{kind}: answers with other ids", differ, "", "0", differ == 0)
    whole = _ratio(times[HUGGING_FACE], times[STEPS[-1]])
    report.add_goal(
        f"{kind}: engine against HF generate", whole, "x", f">= {GOAL:g}", whole >= GOAL
    )
    order = (HUGGING_FACE, *STEPS)
    least = min(_ratio(times[a], times[b]) for a, b in pairwise(order))
    goal = f">= 1 (noise: {NOISE})"
    report.add_goal(f"{kind}: least gain of a step", least, "x", goal, least >= NOISE)


def _ratio(slow: list[float], fast: list[float]) -> float:
    return median(a / b for a, b in zip(slow, fast, strict=True))


def _with(request: DecodeRequest, **changes: Any) -> DecodeRequest:
    return DecodeRequest(inputs=request.inputs, max_new_tokens=request.max_new_tokens, **changes)
