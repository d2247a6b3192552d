"""One answer while it is decoded: what is certain, what the cache lacks, what is decided next."""

from __future__ import annotations

from collections.abc import Sequence

from core.decoding.course import Course, Stretch
from core.decoding.drafts import Costs, Draft, Drafter
from core.decoding.requests import Decoded, DecodeRequest
from core.policy.base import Cancelled


class Answer:
    """The state of one row.

    Attributes:
        request: What was asked.
        course: The course of the answer.
        ids: Certain ids of the answer.
        length: Tokens of the cache's row that are certain.
        done: Whether nothing is left to decide.
    """

    def __init__(
        self, request: DecodeRequest, course: Course, end_ids: frozenset[int], costs: Costs
    ) -> None:
        """Put the answer's certain beginning behind the prompt.

        Args:
            request: What is asked.
            course: The course of its answer.
            end_ids: Ids that end it.
            costs: What guessing costs on the device.

        Raises:
            ValueError: If the prefix is not the beginning of an answer.
        """
        self.request = request
        self.course, self._end_ids = course, end_ids
        self._drafter = Drafter(course, request.memory, costs)
        self._passes = self._guessed = self._held = 0
        self._error: Exception | None = None
        self.done = False
        self.ids: list[int] = []
        prompt = request.inputs["input_ids"]
        # The last token of the prompt is read together with the answer's beginning.
        self._certain = [int(prompt[0, -1])]
        self.length = prompt.shape[1] - 1
        self._stretch = self._begin()

    def check(self) -> None:
        """End the answer if that was asked for."""
        cancelled = self.request.cancelled
        if cancelled is not None and cancelled():
            self._error, self.done = Cancelled(), True

    def draft(self) -> Draft:
        """Return the tokens of the next forward pass."""
        room = self.request.max_new_tokens - len(self.ids)
        return self._drafter.draft(self._certain, self._stretch, room)

    def take(self, draft: Draft, found: list[int], shares: Sequence[float] = ()) -> None:
        """Keep what the network confirmed, and the first choice that differs.

        Args:
            draft: What it was asked.
            found: Its choice for each of the draft's places.
            shares: Probability of each choice among the allowed; for the log of decisions only.
        """
        held, guesses, ids = 0, draft.guesses, self.ids
        known, decided = len(ids), list[int]()
        for place, token in zip(draft.places, found, strict=True):
            stretch = self.course.after(place, token)
            if token not in self._end_ids:
                decided.append(len(ids))
            self._accept(token, stretch)
            right = held < len(guesses) and token == guesses[held]
            held += right
            if self.done or not right:
                break
        last = min(held, len(draft.places) - 1)
        self.length += draft.at[last] + 1
        self._passes += 1
        self._guessed += len(guesses)
        self._held += held
        self._drafter.learn(draft, found, held)
        if self.request.decisions is not None:
            self.request.decisions.add(decided, shares)
        if self.request.on_tokens is not None and len(ids) > known:
            self.report()

    def report(self) -> None:
        """Tell the callback; an exception in it ends this answer."""
        if self.request.on_tokens is None or not self.ids:
            return
        try:
            self.request.on_tokens(self.ids)
        except Exception as error:  # it belongs to the one who asked
            self._error, self.done = error, True

    def result(self) -> Decoded:
        """Return what came of it; a complete answer is remembered."""
        if self._error is None:
            self._drafter.finish(self.ids)
        return Decoded(
            ids=self.ids,
            passes=self._passes,
            guessed=self._guessed,
            held=self._held,
            error=self._error,
        )

    def _begin(self) -> Stretch:
        """Walk the prefix, or what the answer begins with without a choice."""
        stretch, prefix = self.course.start, self.request.prefix
        self._extend(stretch.tokens)
        while len(self.ids) < len(prefix) and not stretch.ended:
            token = prefix[len(self.ids)]
            if not self.course.fits(stretch.place, token) or token in self._end_ids:
                raise ValueError(f"token {token} of the prefix is not allowed there")
            stretch = self.course.after(stretch.place, token)
            self._extend((token, *stretch.tokens))
        if tuple(self.ids[: len(prefix)]) != tuple(prefix):
            raise ValueError("the prefix is not the beginning of an answer")
        self.done = stretch.ended or self._full()
        return stretch

    def _accept(self, token: int, stretch: Stretch) -> None:
        self._certain = []
        self._stretch = stretch
        ended = token in self._end_ids
        self._extend(stretch.tokens if ended else (token, *stretch.tokens))
        self.done = stretch.ended or self._full()

    def _extend(self, tokens: tuple[int, ...]) -> None:
        self._certain += tokens
        self.ids += tokens

    def _full(self) -> bool:
        most = self.request.max_new_tokens
        del self.ids[most:]
        return len(self.ids) >= most
