"""When each token of an answer was decided, and how sure the network was."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class DecisionLog:
    """Filled while an answer is decoded; tokens that leave no choice are no decisions.

    Attributes:
        at: Index of each decided token in the answer, ascending.
        moments: ``time.perf_counter()`` when its forward pass had been read [s]; the tokens that
            one pass decides share it.
        confidence: Probability of the token among those that were allowed there, 0..1.
    """

    at: list[int] = field(default_factory=list[int])
    moments: list[float] = field(default_factory=list[float])
    confidence: list[float] = field(default_factory=list[float])

    def add(self, at: list[int], confidence: Sequence[float]) -> None:
        """Take in what one pass has decided.

        Args:
            at: Indices of the decided tokens.
            confidence: At least as many probabilities; those behind are of guesses that fell.
        """
        self.at += at
        self.confidence += confidence[: len(at)]
        self.moments += [time.perf_counter()] * len(at)
