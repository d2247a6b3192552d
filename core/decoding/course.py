"""The course of an answer: its decisions, and the tokens between them that leave no choice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decoding.grammar import AnswerGrammar
from core.decoding.heads import Choice, Heads

FULL_HEAD = Choice(0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What follows a decision.

    Attributes:
        tokens: The tokens without a choice up to the next decision, without the end token.
        place: The next decision; also set, but meaningless, when the answer has ended.
        ended: Whether the answer is over.
    """

    tokens: tuple[int, ...]
    place: int
    ended: bool


class FreeCourse:
    """Every token is a decision among the whole vocabulary; a place is a number of tokens."""

    start = Stretch((), 0, False)

    def __init__(self, end_ids: frozenset[int], vocabulary: int) -> None:
        self._end_ids, self._vocabulary = end_ids, vocabulary

    def choice(self, place: int) -> Choice:
        """Return how the token at a place is chosen."""
        return FULL_HEAD

    def part(self, place: int) -> Hashable:
        """Return what the token at a place belongs to."""
        return None

    def fits(self, place: int, token: int) -> bool:
        """Tell whether a token may stand at a place."""
        return 0 <= token < self._vocabulary

    def after(self, place: int, token: int) -> Stretch:
        """Return what follows a token chosen at a place."""
        return Stretch((), place + 1, token in self._end_ids)


class GrammarCourse:
    """The course that a grammar leaves; a place is a state of it with a choice."""

    def __init__(self, grammar: AnswerGrammar, heads: Heads) -> None:
        """Follow a grammar.

        Args:
            grammar: Which tokens may follow.
            heads: Makes the heads that decide.
        """
        self._grammar, self._heads = grammar, heads
        self._choices: dict[int, Choice] = {}
        self._stretches: dict[int, Stretch] = {}
        self.start = self._from(grammar.start)

    def choice(self, place: int) -> Choice:
        """Return how the token at a place is chosen."""
        choice = self._choices.get(place)
        if choice is None:
            ids = self._grammar.head_ids(self._grammar.part(place))
            choice = self._heads.choice(ids, self._grammar.allowed(place))
            self._choices[place] = choice
        return choice

    def part(self, place: int) -> Hashable:
        """Return what the token at a place belongs to."""
        return self._grammar.part(place)

    def fits(self, place: int, token: int) -> bool:
        """Tell whether a token may stand at a place."""
        return _holds(self._grammar.allowed(place), token)

    def after(self, place: int, token: int) -> Stretch:
        """Return what follows a token chosen at a place."""
        grammar = self._grammar
        if token in grammar.end_ids:
            return Stretch((), place, True)
        return self._from(grammar.advance(place, token))

    def _from(self, state: int) -> Stretch:
        stretch = self._stretches.get(state)
        if stretch is None:
            tokens, place = self._grammar.forced(state), state
            for token in tokens:
                place = self._grammar.advance(place, token)
            ended = bool(tokens) and tokens[-1] in self._grammar.end_ids
            stretch = Stretch(tokens[:-1] if ended else tokens, place, ended)
            self._stretches[state] = stretch
        return stretch


Course = FreeCourse | GrammarCourse


def walk(course: Course, ids: list[int] | tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the decisions (place, token) of an answer, as far as it follows the course."""
    found: list[tuple[int, int]] = []
    stretch, at = course.start, 0
    while True:
        behind = at + len(stretch.tokens)
        if stretch.ended or tuple(ids[at:behind]) != stretch.tokens or behind >= len(ids):
            return found
        token = ids[behind]
        if not course.fits(stretch.place, token):
            return found
        found.append((stretch.place, token))
        stretch, at = course.after(stretch.place, token), behind + 1


def _holds(ids: NDArray[np.int64], token: int) -> bool:
    at = int(ids.searchsorted(token))
    return at < len(ids) and int(ids[at]) == token
