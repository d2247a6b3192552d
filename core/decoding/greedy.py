"""Plain greedy decoding with a key/value cache: one token per forward pass.

The reference for every faster decoder: same weights, same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache

from core.decoding.decision_log import DecisionLog
from core.decoding.grammar import AnswerGrammar
from core.policy.base import Cancelled

TokenCallback = Callable[[list[int]], None]
"""Called after each token with all ids so far (the live list: copy it to keep it)."""


@torch.inference_mode()
def decode_greedily(
    model: Callable[..., Any],
    inputs: Mapping[str, Tensor],
    *,
    end_ids: Collection[int],
    max_new_tokens: int,
    on_token: TokenCallback | None = None,
    cancelled: Callable[[], bool] | None = None,
    grammar: AnswerGrammar | None = None,
    decisions: DecisionLog | None = None,
) -> list[int]:
    """Continue one prompt with the most likely token until the model ends its answer.

    Args:
        model: MolmoAct: called with the ``inputs`` first, then with single tokens; its results
            have ``logits`` (1, T, vocabulary).
        inputs: What the processor made of one prompt: ``input_ids`` (1, T) int64 without padding,
            and the pictures.
        end_ids: Ids that end an answer.
        max_new_tokens: Where to stop an answer that does not end.
        on_token: Told about each token; the end token is not reported.
        cancelled: Polled before each forward pass.
        grammar: Tells which tokens may follow; default: all.
        decisions: Gets when and how surely each token was chosen among several.

    Returns:
        The new ids, without the end token.

    Raises:
        Cancelled: If ``cancelled`` returned true.
    """
    ids: list[int] = []
    cache = DynamicCache()
    step: dict[str, Any] = dict(inputs)
    step.pop("attention_mask", None)  # one prompt without padding needs no mask
    position = step["input_ids"].shape[1]
    state = 0 if grammar is None else grammar.start
    while len(ids) < max_new_tokens:
        if cancelled is not None and cancelled():
            raise Cancelled
        result = model(**step, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logits, choices = result.logits[:, -1], None if grammar is None else grammar.allowed(state)
        newest = _pick(logits, choices)
        token = int(newest.item())
        if grammar is not None:
            state = grammar.advance(state, token)
        if token in end_ids:
            break
        if decisions is not None and (choices is None or len(choices) > 1):
            decisions.add([len(ids)], [_share(logits, token, choices)])
        ids.append(token)
        if on_token is not None:
            on_token(ids)
        where = torch.full((1, 1), position, device=newest.device)
        step = {"input_ids": newest, "position_ids": where}
        position += 1
    return ids


def _pick(logits: Tensor, choices: NDArray[np.int64] | None) -> Tensor:
    """Return the likeliest id of logits (1, vocabulary), (1, 1) int64, among the choices."""
    if choices is None:
        return logits.argmax(dim=-1, keepdim=True)
    ids = torch.tensor(choices, device=logits.device)
    return ids[logits[:, ids].argmax(dim=-1, keepdim=True)]


def _share(logits: Tensor, token: int, choices: NDArray[np.int64] | None) -> float:
    """Return the probability of a token among the choices, from logits (1, vocabulary)."""
    at = token
    if choices is not None:
        logits = logits[:, torch.tensor(choices, device=logits.device)]
        at = int(choices.searchsorted(token))
    return float(logits.softmax(-1, dtype=torch.float32)[0, at])
