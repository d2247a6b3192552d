"""Having a checkpoint write answers: which grammar, which guesses, how long, how decoded."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from enum import StrEnum

import numpy as np
from torch import Tensor

from core.decoding.decision_log import DecisionLog
from core.decoding.drafts import DraftMemory
from core.decoding.engine import DecodingEngine
from core.decoding.grammar import AnswerGrammar, GrammarError, Part, compile_grammar
from core.decoding.greedy import decode_greedily
from core.decoding.requests import Decoded, DecodeRequest
from core.model.loading import LoadedModel
from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.prompts import reasoning_answer, steered_answer
from core.types import (
    CODEBOOK_SIZE,
    DEPTH_CODES,
    MAX_TRACE_POINTS,
    TRACE_MAX,
    Reasoning,
    StudioError,
    Trace,
)

logger = logging.getLogger(__name__)

SPARE_TOKENS = 16
"""Room beyond the longest answer that fits the protocol."""

MAX_MEMORIES = 64
"""Conversations whose last answers are kept."""


class Decoding(StrEnum):
    """How answers are decoded.

    Members:
        EXACT: Along the grammar, with guesses from the previous answer. The same answers as
            CONSTRAINED in fewer forward passes.
        CONSTRAINED: Along the grammar.
        REFERENCE: Token by token, whatever the network wants to write.
    """

    EXACT = "exact"
    CONSTRAINED = "constrained"
    REFERENCE = "reference"


class AnswerWriter:
    """Decodes the answers of one checkpoint; not for several threads at once."""

    def __init__(
        self, loaded: LoadedModel, *, dims: int, decoding: Decoding = Decoding.EXACT
    ) -> None:
        """Prepare a checkpoint.

        Args:
            loaded: Model, processor and tokenizer.
            dims: Values of an action row.
            decoding: How answers are decoded.
        """
        self._loaded, self._dims, self._decoding = loaded, dims, decoding
        self._chunk = int(loaded.config.chunk)
        self._end_ids = frozenset({loaded.processor.ids.eos})
        self._longest = _longest_answers(loaded, self._chunk, dims)
        self._grammars: dict[tuple[int, bool], AnswerGrammar | None] = {}
        self._memories: OrderedDict[tuple[Hashable, int, bool], DraftMemory] = OrderedDict()
        self._engine: DecodingEngine | None = None
        if decoding is not Decoding.REFERENCE:
            self._engine = DecodingEngine(loaded.model, end_ids=self._end_ids)

    def prepare(self, images: int) -> None:
        """Compile the grammars of answers about so many images."""
        for steered in (False, True):
            self._grammar(images, steered=steered)

    def request(
        self,
        inputs: Mapping[str, Tensor],
        *,
        images: int,
        steered: bool,
        session: Hashable,
        on_tokens: Callable[[list[int]], None],
        decisions: DecisionLog | None = None,
        cancelled: Callable[[], bool] | None,
    ) -> DecodeRequest:
        """Describe an answer.

        Args:
            inputs: The prompt.
            images: Images in it.
            steered: Whether it is a steered one.
            session: Conversation whose previous answer of the kind is guessed from.
            on_tokens: Told about new ids.
            decisions: Gets when and how surely tokens were decided.
            cancelled: Polled before each forward pass.

        Raises:
            StudioError: If the prompt is longer than the model can read.
        """
        return DecodeRequest(
            inputs=inputs,
            max_new_tokens=self._room(int(inputs["input_ids"].shape[1]), steered=steered),
            grammar=self._grammar(images, steered=steered),
            memory=self._memory((session, images, steered)),
            on_tokens=on_tokens,
            decisions=decisions,
            cancelled=cancelled,
        )

    def write(self, requests: Sequence[DecodeRequest]) -> list[Decoded]:
        """Decode answers; a fault of one is in its own result."""
        if self._engine is not None:
            return self._engine.decode_batch(requests)
        return [self._write_plainly(request) for request in requests]

    def up_to_actions(
        self, plan: Reasoning, trace: Trace, request: DecodeRequest
    ) -> tuple[int, ...]:
        """Return the beginning of an answer: the depth tokens of a plan, then another trace.

        Args:
            plan: A complete answer with depth.
            trace: What to put in place of its traces.
            request: What the plan was asked with.

        Raises:
            StudioError: If the plan is incomplete, or answers have no grammar here.
        """
        grammar = request.grammar
        if grammar is None:
            raise StudioError("Comparing plans needs the grammar; use --decoding exact.")
        if plan.depth is None or plan.chunk is None:
            raise StudioError(f"The model's own answer is incomplete: {plan.error}")
        rows = rows_text(np.zeros((self._chunk, self._dims), dtype=int))
        points = np.rint(trace.points).astype(int)
        images = next(count for (count, _), known in self._grammars.items() if known is grammar)
        text = reasoning_answer(plan.depth.codes, [points], rows, images)
        state, ids = grammar.start, self._loaded.processor.encode_text(f" {text}")
        for at, token in enumerate(ids):
            if grammar.part(state) is Part.ACTION and len(grammar.allowed(state)) > 1:
                return tuple(ids[:at])
            state = grammar.advance(state, token)
        raise StudioError("The trace leaves no room for actions; draw fewer points.")

    def _write_plainly(self, request: DecodeRequest) -> Decoded:
        try:
            ids = decode_greedily(
                self._loaded.model,
                request.inputs,
                end_ids=self._end_ids,
                max_new_tokens=request.max_new_tokens,
                on_token=request.on_tokens,
                cancelled=request.cancelled,
                decisions=request.decisions,
            )
        except Exception as error:  # cancelled, or it belongs to the one who asked
            return Decoded(ids=[], passes=0, guessed=0, held=0, error=error)
        return Decoded(ids=ids, passes=len(ids) + 1, guessed=0, held=0)

    def _memory(self, key: tuple[Hashable, int, bool]) -> DraftMemory | None:
        """Return a conversation's memory; a new one starts with the newest answer of its kind."""
        if self._decoding is not Decoding.EXACT:
            return None
        memory = self._memories.pop(key, None)
        if memory is None:
            alike = (m for k, m in reversed(self._memories.items()) if k[1:] == key[1:])
            other = next(alike, DraftMemory())
            memory = DraftMemory(ids=list(other.ids), shares=dict(other.shares))
        self._memories[key] = memory
        if len(self._memories) > MAX_MEMORIES:
            self._memories.popitem(last=False)
        return memory

    def _room(self, length: int, *, steered: bool) -> int:
        """Return how many tokens the answer may have after a prompt of ``length``."""
        limit = int(self._loaded.config.llm_config.max_position_embeddings)
        if length >= limit:
            raise StudioError(
                f"Images and instruction make {length} tokens, the model reads {limit}; use a "
                "shorter instruction or smaller images."
            )
        return min(self._longest[steered], limit - length)

    def _grammar(self, images: int, *, steered: bool) -> AnswerGrammar | None:
        """Return the grammar of answers about so many images, made at the first request."""
        if self._decoding is Decoding.REFERENCE:
            return None
        kind = (images, steered)
        if kind not in self._grammars:
            self._grammars[kind] = None
            try:
                self._grammars[kind] = compile_grammar(
                    self._loaded.tokenizer,
                    chunk=self._chunk,
                    dims=self._dims,
                    images=images,
                    steered=steered,
                    end_id=self._loaded.processor.ids.eos,
                )
            except GrammarError as error:
                logger.warning("answers are decoded without a grammar: %s", error)
        return self._grammars[kind]


def _longest_answers(loaded: LoadedModel, chunk: int, dims: int) -> dict[bool, int]:
    """Return the tokens that the longest answer takes: steered (True) and reasoning (False).

    About 512 for a reasoning answer with 8 rows in the released tokenizers, whose action symbols
    take two to four tokens each.
    """
    encode = loaded.processor.encode_text
    longest = max(range(len(SYMBOLS)), key=lambda bin_: len(encode(f", {SYMBOLS[bin_]}")))
    actions = rows_text(np.full((chunk, dims), longest))
    trace = np.full((MAX_TRACE_POINTS, 2), TRACE_MAX)
    codes = np.full(DEPTH_CODES, CODEBOOK_SIZE - 1)
    texts = {True: steered_answer(actions), False: reasoning_answer(codes, [trace], actions, 2)}
    return {steered: len(encode(f" {text}")) + SPARE_TOKENS for steered, text in texts.items()}
