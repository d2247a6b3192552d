"""The output head, restricted to the rows that can be chosen.

A place in the answer's grammar allows some hundred tokens of a vocabulary of up to 150,000, and the
head's rows for the others need not be read. The rows of each part of an answer are copied once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """How to choose a token at one place of an answer.

    Attributes:
        head: Number of the head that decides here.
        mask: Number of the head's mask; 0 allows all its rows.
    """

    head: int
    mask: int


class Head:
    """Some rows of the output head, and masks over them."""

    def __init__(self, weight: Tensor, ids: NDArray[np.int64] | None) -> None:
        """Copy the rows.

        Args:
            weight: (vocabulary, hidden) weights of the full head.
            ids: Rows to keep, sorted; None keeps the full head without a copy.
        """
        self._ids = None if ids is None else ids
        rows = None if ids is None else torch.from_numpy(ids.copy()).to(weight.device)
        self._weight = weight if rows is None else weight.detach()[rows].contiguous()
        self._names = None if ids is None else ids.tolist()
        self._masks = weight.detach().new_zeros((1, len(weight if ids is None else ids)))
        self._numbers: dict[bytes, int] = {}

    def mask(self, allowed: NDArray[np.int64]) -> int:
        """Return the number of the mask that allows these of the ids, made when it is new."""
        if len(allowed) == self._masks.shape[1]:
            return 0
        key = allowed.tobytes()
        number = self._numbers.get(key)
        if number is None:
            places = allowed if self._ids is None else self._ids.searchsorted(allowed)
            row = torch.full_like(self._masks[:1], float("-inf"))
            row[0, places.tolist()] = 0.0
            number = self._numbers[key] = len(self._masks)
            self._masks = torch.cat([self._masks, row])
        return number

    def choose(self, hidden: Tensor, masks: list[int]) -> list[int]:
        """Return the likeliest allowed id for each row of hidden states; ties go to the lowest.

        Args:
            hidden: (n, hidden).
            masks: Number of the mask of each row.
        """
        return self._name(self._logits(hidden, masks))

    def weigh(self, hidden: Tensor, masks: list[int]) -> tuple[list[int], list[float]]:
        """Return what :meth:`choose` does, and the probability of each id among the allowed."""
        logits = self._logits(hidden, masks)
        shares = logits.softmax(-1, dtype=torch.float32).amax(-1)
        return self._name(logits), shares.tolist()

    def _logits(self, hidden: Tensor, masks: list[int]) -> Tensor:
        logits = F.linear(hidden, self._weight)
        if any(masks):
            logits += self._masks[masks[0]] if len(masks) == 1 else self._masks[masks]
        return logits

    def _name(self, logits: Tensor) -> list[int]:
        places = logits.argmax(-1).tolist()
        ids = self._names
        return places if ids is None else [ids[place] for place in places]


class Heads:
    """All heads of a network by what they choose among; each is made when it is first needed."""

    def __init__(self, weight: Tensor, *, restricted: bool = True) -> None:
        """Start with the full head as number 0.

        Args:
            weight: (vocabulary, hidden).
            restricted: Make heads with fewer rows; else the full head decides under masks.
        """
        self._weight, self._restricted = weight, restricted
        self._heads = [Head(weight, None)]
        self._numbers: dict[bytes, int] = {}

    def choice(self, ids: NDArray[np.int64], allowed: NDArray[np.int64]) -> Choice:
        """Return how to choose among ``allowed`` with a head of the rows ``ids``."""
        key = ids.tobytes()
        number = self._numbers.get(key) if self._restricted else 0
        if number is None:
            number = self._numbers[key] = len(self._heads)
            self._heads.append(Head(self._weight, ids))
        return Choice(number, self._heads[number].mask(allowed))

    def choose(
        self, hidden: Tensor, choices: list[Choice], *, weighed: bool = False
    ) -> tuple[list[int], list[float]]:
        """Return an id for each row of hidden states (n, hidden).

        Args:
            hidden: Hidden states.
            choices: How to choose at each.
            weighed: Also return the probability of each id among those allowed in its place;
                else the second list is empty.
        """
        first = choices[0].head
        if all(choice.head == first for choice in choices):
            return self._one(first, hidden, [choice.mask for choice in choices], weighed)
        ids, shares = [0] * len(choices), [0.0] * len(choices) if weighed else []
        for head in {choice.head for choice in choices}:
            at = [i for i, choice in enumerate(choices) if choice.head == head]
            found, sure = self._one(head, hidden[at], [choices[i].mask for i in at], weighed)
            for number, i in enumerate(at):
                ids[i] = found[number]
                if weighed:
                    shares[i] = sure[number]
        return ids, shares

    def _one(
        self, head: int, hidden: Tensor, masks: list[int], weighed: bool
    ) -> tuple[list[int], list[float]]:
        if weighed:
            return self._heads[head].weigh(hidden, masks)
        return self._heads[head].choose(hidden, masks), []
