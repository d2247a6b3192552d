"""Token ids of training sequences, assembled from templates.

Every sentence comes from :mod:`core.protocol` and every id from the checkpoint's tokenizer; only
the slots (depth codes, coordinates, action symbols) are filled in here, by table, because
tokenising a few hundred texts per step would cost more than the step. A test compares the result
with plain tokenisation of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from core.model.tokens import token_ids
from core.protocol.action_codec import rows_text
from core.protocol.prompts import reasoning_answer, steered_answer, trace_text
from core.types import DEPTH_CODES
from training.labels import CHUNK
from training.tokenizer import VALUE_TEXTS

IMAGES = 2
SOFT_ACTION_DIMS = (0, 1, 2)
"""Translation gets soft labels; rotation never moves and the gripper is either open or closed."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """One encoded answer.

    Attributes:
        ids: (T,) token ids, end of text included.
        group: (T,) index of the slot's ordinal group, -1 elsewhere.
        value: (T,) 0..255 (or a depth code) of a slot.
        soft: (T,) whether a soft label fits.
    """

    ids: Ids
    group: Ids
    value: Ids
    soft: NDArray[np.bool_]


class AnswerEncoder:
    """Encodes prompts and answers with one tokenizer.

    Attributes:
        groups: (5, 256) ids: action symbols, the same after ", ", integers, the same after ", ",
            depth codes (only 128, then repeated).
    """

    SYMBOL, NEXT_SYMBOL, INTEGER, NEXT_INTEGER, DEPTH = range(5)

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        """Look up the slots' ids.

        Raises:
            ValueError: If the tokenizer does not have one token for each of them.
        """
        self.tokenizer = tokenizer
        self._ids = token_ids(tokenizer)
        self.end = self._ids.eos
        texts = [[group[value % len(group)] for value in range(256)] for group in VALUE_TEXTS]
        self.groups = np.array([[self._single(text) for text in group] for group in texts])
        self._group_of = np.full(len(tokenizer), -1)
        for index, ids in enumerate(self.groups):
            self._group_of[ids] = index

    def text(self, text: str) -> Ids:
        """Return the ids of a text."""
        return np.array(self.tokenizer(text, add_special_tokens=False).input_ids, dtype=np.int64)

    def prefix(self, patches: int) -> Ids:
        """Return the ids before the prompt: BOS and two numbered image blocks of n patches."""
        own = self._ids
        block = [own.image_start, *[own.image_patch] * patches, own.image_end]
        ids = [own.bos]
        for number in range(1, IMAGES + 1):
            ids += [*self.text(f"Image {number}").tolist(), *block]
        return np.array(ids, dtype=np.int64)

    def prompt(self, text: str) -> Ids:
        """Return the ids of a user text in its chat frame."""
        return self._prompt(text)

    def steered(self, bins: Ids) -> Answer:
        """Encode the answer to a steered prompt from (8, 7) action bins."""
        return self._fill(self._steered_template(), actions=bins)

    def reasoning(self, codes: Ids, trace: Ids, bins: Ids) -> Answer:
        """Encode a full answer from (100,) depth codes, an (L, 2) trace and (8, 7) bins."""
        template = self._reasoning_template(len(trace))
        return self._fill(template, depth=codes, trace=trace, actions=bins)

    def trace(self, trace: Ids) -> Answer:
        """Encode an answer that is only an (L, 2) trace."""
        return self._fill(self._trace_template(len(trace)), trace=trace)

    def _single(self, text: str) -> int:
        ids = self.text(text)
        if len(ids) != 1:
            raise ValueError(f"the tokenizer splits '{text}' into {len(ids)} tokens; expected one")
        return int(ids[0])

    @lru_cache(maxsize=4096)  # noqa: B019 - the encoder lives as long as the training
    def _prompt(self, text: str) -> Ids:
        return self.text(f"User: {text} Assistant:")

    @lru_cache(maxsize=16)  # noqa: B019
    def _steered_template(self) -> Ids:
        return self.text(f" {steered_answer(rows_text(np.zeros((CHUNK, 7), dtype=int)))}")

    @lru_cache(maxsize=16)  # noqa: B019
    def _reasoning_template(self, length: int) -> Ids:
        zeros = np.zeros((length, 2), dtype=int)
        rows = rows_text(np.zeros((CHUNK, 7), dtype=int))
        codes = np.zeros(DEPTH_CODES, dtype=int)
        return self.text(f" {reasoning_answer(codes, [zeros], rows, IMAGES)}")

    @lru_cache(maxsize=16)  # noqa: B019
    def _trace_template(self, length: int) -> Ids:
        return self.text(f" {trace_text(np.zeros((length, 2), dtype=int))}")

    def _fill(
        self,
        template: Ids,
        *,
        depth: Ids | None = None,
        trace: Ids | None = None,
        actions: Ids | None = None,
    ) -> Answer:
        """Put values into a template's slots; they stand in reading order."""
        group = self._group_of[template]
        value = np.zeros(len(template), dtype=np.int64)
        soft = np.zeros(len(template), dtype=bool)
        is_action = (group == self.SYMBOL) | (group == self.NEXT_SYMBOL)
        is_coordinate = (group == self.INTEGER) | (group == self.NEXT_INTEGER)
        if depth is not None:
            value[group == self.DEPTH] = depth
        if trace is not None:
            value[is_coordinate] = trace.reshape(-1)
            soft |= is_coordinate
        if actions is not None:
            value[is_action] = actions.reshape(-1)
            soft[is_action] = np.isin(np.arange(actions.size) % 7, SOFT_ACTION_DIMS)
        ids = np.where(group >= 0, self.groups[group, value], template)
        return Answer(
            ids=np.append(ids, self.end),
            group=np.append(group, -1),
            value=np.append(value, 0),
            soft=np.append(soft, False),
        )


ROW_WEIGHTS = (8.0, 5.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5)
"""Weight of each row's translation: the first rows are executed, later ones follow from them."""

FIXED_WEIGHT = 0.1


def slot_weights(answer: Answer) -> NDArray[np.float32]:
    """Return the weight of each token of an answer within its sort, (T,) float32.

    Without it three tokens in 56 decide where the arm goes, and the rest drowns them.
    """
    weights = np.ones(len(answer.ids), dtype=np.float32)
    slots = np.nonzero((answer.group == 0) | (answer.group == 1))[0]
    if len(slots):
        grid = np.full((CHUNK, 7), FIXED_WEIGHT, dtype=np.float32)
        grid[:, : len(SOFT_ACTION_DIMS)] = np.array(ROW_WEIGHTS)[:, None]
        grid[:, 6] = 0.3 * np.array(ROW_WEIGHTS)
        weights[slots] = grid.reshape(-1)
    return weights


def asking_positions(answer: Answer) -> NDArray[np.int64]:
    """Return the indices of tokens before which the model has to look at the pictures.

    These are the answer's first token (the prompt has just ended), the first point of its trace
    and the first translation. Without the last, what a full answer does hangs on a hundred depth
    tokens' distance from the prompt.
    """
    symbols = np.nonzero((answer.group == 0) | (answer.group == 1))[0][:3]
    integers = np.nonzero((answer.group == 2) | (answer.group == 3))[0][:2]
    return np.unique(np.concatenate([[0], integers, symbols])).astype(np.int64)
