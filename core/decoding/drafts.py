"""Guessing the next tokens from the previous answer of the same conversation.

Pictures of consecutive cycles are alike, and so are the answers. A guess costs a forward pass a few
more tokens and never changes an answer: it is kept only where the network chooses the same token.
Guesses belong to places of the course, so that a shorter trace moves no depth cell and no action. A
guess behind a wrong one is replaced by what the network chose there (Jacobi decoding with a warm
start, performance.md section 2.4).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from core.decoding.course import Course, Stretch, walk

FLOOR = 0.2
"""Parts of an answer in which a smaller share of the guesses holds are not drafted."""

PROBE = 0.4
"""Share that a part is at least given credit for at the beginning of an answer."""

LEARNING = 0.08
"""Weight of one guess in the running share."""


@dataclass(slots=True, eq=False)
class DraftMemory:
    """What a conversation remembers from its previous answer of one kind.

    Attributes:
        ids: The answer.
        shares: Share of the guesses that held lately, by part of the answer.
    """

    ids: list[int] = field(default_factory=list)
    shares: dict[Hashable, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What guessing costs on a device.

    Attributes:
        longest: Most tokens of one forward pass behind the prompt.
        token: Time of one more token in a pass, as a share of a pass with one token.
    """

    longest: int
    token: float


CPU, GPU = Costs(longest=32, token=0.035), Costs(longest=128, token=0.001)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """The tokens of one forward pass, and what they decide.

    Attributes:
        tokens: Certain tokens that are not in the cache yet, then guesses with what they force.
        at: Index of the token before each decision.
        places: The decisions.
        guesses: Guessed tokens of the first decisions; one fewer than decisions, or as many when
            the guesses reach the end of the answer.
    """

    tokens: list[int]
    at: list[int]
    places: list[int]
    guesses: list[int]


class Drafter:
    """Guesses for one answer."""

    def __init__(self, course: Course, memory: DraftMemory | None, costs: Costs) -> None:
        """Start from the previous answer.

        Args:
            course: The course of the answer.
            memory: The previous answer; None drafts nothing.
            costs: What guessing costs.
        """
        self._course, self._costs, self._memory = course, costs, memory
        self._guesses = dict(walk(course, memory.ids)) if memory is not None else {}
        self._shares = (
            {part: max(share, PROBE) for part, share in memory.shares.items()} if memory else {}
        )

    def draft(self, certain: list[int], stretch: Stretch, room: int) -> Draft:
        """Put guesses behind certain tokens.

        Args:
            certain: Tokens that are not in the cache yet, at least one.
            stretch: Where they lead to; it has not ended.
            room: Most tokens that may be guessed.
        """
        tokens, place = list(certain), stretch.place
        draft = Draft(tokens, [len(tokens) - 1], [place], [])
        course, known = self._course, self._guesses
        room = min(room, self._window(place)) + len(tokens)
        while (guess := known.get(place)) is not None and len(tokens) < room:
            stretch = course.after(place, guess)
            draft.guesses.append(guess)
            if stretch.ended:
                break
            tokens.append(guess)
            tokens += stretch.tokens
            place = stretch.place
            draft.at.append(len(tokens) - 1)
            draft.places.append(place)
        return draft

    def learn(self, draft: Draft, found: list[int], held: int) -> None:
        """Take in what the network chose.

        Args:
            draft: What it was asked.
            found: Its choice for each of the draft's places.
            held: How many guesses from the first on it confirmed.
        """
        if self._memory is None:
            return
        guessed = len(draft.guesses)
        if guessed:
            part = self._course.part(draft.places[0])
            share = self._shares.get(part, PROBE)
            for _ in range(held):
                share += LEARNING * (1.0 - share)
            if held < guessed:
                share -= LEARNING * share
            self._shares[part] = share
        for place, token in zip(draft.places[held + 1 :], found[held + 1 :], strict=True):
            self._guesses[place] = token

    def finish(self, ids: list[int]) -> None:
        """Remember a complete answer for the next one."""
        if self._memory is not None:
            self._memory.ids = list(ids)
            self._memory.shares = self._shares

    def _window(self, place: int) -> int:
        share = self._shares.get(self._course.part(place), PROBE)
        return best_window(round(share, 2), self._costs)


@lru_cache(maxsize=256)
def best_window(share: float, costs: Costs) -> int:
    """Return how many tokens to guess when a share of the guesses holds.

    The number with the most accepted tokens per time, if guesses held independently.
    """
    if share < FLOOR:
        return 0
    best, most = 0, 1.0
    expected, chain = 1.0, 1.0
    for window in range(1, costs.longest):
        chain *= share
        expected += chain
        if (rate := expected / (1.0 + costs.token * window)) > most:
            best, most = window, rate
    return best
