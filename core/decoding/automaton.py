"""The automaton over token ids that says which tokens an answer may have where."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.decoding.answer_text import Part

Way = tuple[tuple[int, ...], int]
"""Tokens, and the state that they lead to."""


class AnswerGrammar:
    """Which tokens may follow in an answer; a state is a plain int, the object never changes.

    Everything is computed beforehand: a question costs one look-up.

    Attributes:
        start: State before the first token of an answer.
        end_ids: Ids that end an answer.
        size: Number of states.
    """

    def __init__(self, edges: list[dict[int, int]], parts: list[Part], *, start: int) -> None:
        """Take the finished automaton of a :class:`Builder`.

        Args:
            edges: For each state, the tokens that may follow and where they lead: to states with
                smaller numbers. State 0 is behind the token that ends an answer.
            parts: What each state's next token belongs to.
            start: State before the first token.
        """
        self.start = start
        self.size = len(edges)
        self._next = edges
        self._parts = parts
        arrays: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._allowed: list[NDArray[np.int64]] = []
        self._forced: list[tuple[int, ...]] = []
        for following in edges:
            ids = tuple(sorted(following))
            self._allowed.append(arrays.setdefault(ids, _read_only(ids)))
            only = len(ids) == 1
            self._forced.append((ids[0], *self._forced[following[ids[0]]]) if only else ())
        self.end_ids = frozenset(
            token for following in edges for token, state in following.items() if state == 0
        )
        self._heads = {
            part: _read_only(
                {token for state, of in enumerate(parts) if of == part for token in edges[state]}
            )
            for part in Part
        }

    def allowed(self, state: int) -> NDArray[np.int64]:
        """Return the ids that may come next, sorted and read-only; none after the end."""
        return self._allowed[state]

    def advance(self, state: int, token: int) -> int:
        """Return the state behind a token.

        Raises:
            ValueError: If the token is not allowed here.
        """
        following = self._next[state].get(token)
        if following is None:
            raise ValueError(f"token {token} is not allowed in state {state} of the answer")
        return following

    def forced(self, state: int) -> tuple[int, ...]:
        """Return the tokens that follow without a choice: up to the next one, or with the end."""
        return self._forced[state]

    def part(self, state: int) -> Part:
        """Return what the next token belongs to."""
        return self._parts[state]

    def head_ids(self, part: Part) -> NDArray[np.int64]:
        """Return all ids that are allowed anywhere in a part, sorted and read-only.

        A head with these rows decides every state of the part, forced ones as well.
        """
        return self._heads[part]

    def is_end(self, state: int) -> bool:
        """Tell whether the answer has ended: the id that ends it was read."""
        return state == 0


class Builder:
    """Makes an automaton from its end to its start; equal states become one."""

    def __init__(self, end_id: int) -> None:
        """Begin with the end.

        Args:
            end_id: Token that ends an answer; it leads to state 0.
        """
        self._edges: list[dict[int, int]] = []
        self._parts: list[Part] = []
        self._known: dict[tuple[Part, frozenset[tuple[int, int]]], int] = {}
        self._state(Part.TEXT, {})
        self.last = self._state(Part.TEXT, {end_id: 0})

    def join(self, part: Part, ways: Iterable[Way]) -> int:
        """Return a state from which each way's tokens lead to its state.

        Where one way is the beginning of another, the state that it leads to is merged into the
        path of the longer one, so that the automaton stays deterministic.

        Args:
            part: What the ways' tokens belong to.
            ways: Tokens and targets.
        """
        ways = list(ways)
        if len(ways) == 1:
            return self._chain(part, *ways[0])
        longer: dict[int, list[Way]] = {}
        reached: set[int] = set()
        for tokens, target in ways:
            if tokens:
                longer.setdefault(tokens[0], []).append((tokens[1:], target))
            else:
                reached.add(target)
        if not longer and len(reached) == 1:
            return reached.pop()
        for state in reached:
            for token, target in self._edges[state].items():
                longer.setdefault(token, []).append(((), target))
        return self._state(part, {token: self.join(part, rest) for token, rest in longer.items()})

    def finish(self, start: int) -> AnswerGrammar:
        """Return the automaton that starts in a state."""
        return AnswerGrammar(self._edges, self._parts, start=start)

    def _chain(self, part: Part, tokens: tuple[int, ...], target: int) -> int:
        for token in reversed(tokens):
            target = self._state(part, {token: target})
        return target

    def _state(self, part: Part, edges: dict[int, int]) -> int:
        number = self._known.setdefault((part, frozenset(edges.items())), len(self._edges))
        if number == len(self._edges):
            self._edges.append(edges)
            self._parts.append(part)
        return number


def _read_only(ids: Iterable[int]) -> NDArray[np.int64]:
    array = np.array(sorted(ids), dtype=np.int64)
    array.setflags(write=False)
    return array
