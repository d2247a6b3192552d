"""What the decoding engine is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from core.decoding.decision_log import DecisionLog
from core.decoding.drafts import DraftMemory
from core.decoding.grammar import AnswerGrammar

TokensCallback = Callable[[list[int]], None]
"""Called after each forward pass with all ids so far (the live list: copy it to keep it)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodeRequest:
    """One answer to be decoded.

    Attributes:
        inputs: What the processor made of one prompt, on the model's device: ``input_ids`` (1, T)
            int64 without padding, and the pictures. Requests of a batch that share this very
            mapping share the reading of the prompt.
        max_new_tokens: Where to stop an answer that does not end.
        grammar: Tells which tokens may follow; None allows all.
        prefix: Ids that the answer begins with, whatever the network thinks of them. With a
            grammar, ids that it allows.
        memory: Previous answer of the same conversation and kind, to guess from; gets this one.
            None guesses nothing.
        on_tokens: Told about new ids; the end token is not reported.
        decisions: Gets when and how surely each token was decided, before ``on_tokens`` is told.
            None keeps nothing. It never changes an answer.
        cancelled: Polled before each forward pass; true ends this answer and no other.
    """

    inputs: Mapping[str, Tensor]
    max_new_tokens: int
    grammar: AnswerGrammar | None = None
    prefix: tuple[int, ...] = ()
    memory: DraftMemory | None = None
    on_tokens: TokensCallback | None = None
    decisions: DecisionLog | None = None
    cancelled: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """An answer, complete or ended early.

    Attributes:
        ids: The answer with its prefix, without the end token.
        passes: Forward passes that it took part in.
        guessed: Tokens that were guessed.
        held: Guesses that the network confirmed.
        error: :class:`core.policy.base.Cancelled`, or what a callback raised; None if complete.
    """

    ids: list[int]
    passes: int
    guessed: int
    held: int
    error: Exception | None = None


def fork(request: DecodeRequest, prefixes: Sequence[Sequence[int]]) -> list[DecodeRequest]:
    """Return requests that continue one prompt behind different beginnings of its answer.

    In a batch the prompt is read once. Callbacks, memory and the log of decisions stay with the
    given request; put others into the returned ones where they are wanted.

    Args:
        request: The prompt.
        prefixes: Beginnings, such as the answer up to the end of an edited trace.
    """
    plain = replace(request, memory=None, on_tokens=None, decisions=None, cancelled=None)
    return [replace(plain, prefix=tuple(prefix)) for prefix in prefixes]
