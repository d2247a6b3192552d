"""Prompts of the recorded lab sequences for the embedded model, and what the reference says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.decoding.bench_inputs import Prompt, recorded_prompts
from core.decoding.grammar import AnswerGrammar
from core.decoding.watched import watched_reference
from core.model.loading import LoadedModel, load_checkpoint
from core.policy.server import EMBEDDED_MODEL

MOST = 260


@lru_cache(maxsize=1)
def loaded() -> LoadedModel:
    return load_checkpoint(EMBEDDED_MODEL)


@lru_cache(maxsize=1)
def prompts() -> tuple[Prompt, ...]:
    return tuple(recorded_prompts(loaded()))


@dataclass(frozen=True)
class Said:
    """The reference's answer."""

    prompt: Prompt
    ids: list[int]
    gaps: list[float]

    @property
    def grammar(self) -> AnswerGrammar:
        return self.prompt.grammar


@lru_cache(maxsize=32)
def said(episode: int, cycle: int, steered: bool, free: bool = False) -> Said:
    prompt = next(
        p for p in prompts() if (p.episode, p.cycle, p.steered) == (episode, cycle, steered)
    )
    ids, gaps = watched_reference(
        loaded().model,
        prompt.inputs,
        end_ids=frozenset({loaded().processor.ids.eos}),
        max_new_tokens=MOST,
        grammar=None if free else prompt.grammar,
    )
    return Said(prompt, ids, gaps)
