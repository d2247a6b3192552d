"""The reference decoder with a look at how close its decisions were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.decoding.grammar import AnswerGrammar
from core.decoding.greedy import decode_greedily
from core.model.modeling import MolmoActForActionReasoning

EPSILON = 1e-3
"""Gap between the two likeliest logits below which rounding may decide, in float32. Measured
differences between the engine's and the reference's logits stay below a fifth of it (tested)."""


def watched_reference(
    model: MolmoActForActionReasoning,
    inputs: Mapping[str, Tensor],
    *,
    end_ids: frozenset[int],
    max_new_tokens: int,
    grammar: AnswerGrammar | None = None,
) -> tuple[list[int], list[float]]:
    """Decode as :func:`core.decoding.greedy.decode_greedily` does.

    Returns:
        The ids, and for each decision (the end included) the gap between the two likeliest
        allowed logits; infinite where there is no choice.
    """
    seen: list[Tensor] = []

    def watched(**step: Any) -> Any:
        result = model(**step)
        seen.append(result.logits[0, -1])
        return result

    ids = decode_greedily(
        watched, inputs, end_ids=end_ids, max_new_tokens=max_new_tokens, grammar=grammar
    )
    gaps: list[float] = []
    state = 0 if grammar is None else grammar.start
    for at, logits in enumerate(seen):
        if grammar is not None:
            logits = logits[torch.tensor(grammar.allowed(state), device=logits.device)]
            state = grammar.advance(state, ids[at]) if at < len(ids) else state
        best = logits.topk(min(2, len(logits))).values.tolist()
        gaps.append(best[0] - best[1] if len(best) > 1 else float("inf"))
    return ids, gaps


def same_up_to_rounding(ids: list[int], wanted: list[int], gaps: list[float]) -> bool:
    """Tell whether ids are the reference's, or leave them first where rounding may decide."""
    if ids == wanted:
        return True
    pairs = enumerate(zip(ids, wanted, strict=False))
    first = next((at for at, (own, other) in pairs if own != other), min(len(ids), len(wanted)))
    return first < len(gaps) and gaps[first] < EPSILON
