"""What has come back for the questions of one message; used by the client alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.policy.base import Cancelled
from core.policy.comparison import ItemResult, ItemStage, Question, Result
from core.policy.messages import Message, reading, reasoning_from_message
from core.policy.openpi import answer_from_openpi
from core.types import Reasoning, StudioError


class Conversation:
    """One message to a server and what came back for it.

    Attributes:
        results: What each question came to so far, by its index.
    """

    def __init__(
        self,
        serial: int,
        questions: Sequence[Question],
        on_stage: ItemStage | None = None,
        on_result: ItemResult | None = None,
    ) -> None:
        """Prepare.

        Args:
            serial: Number of the message on its connection.
            questions: What was asked; a single one has no index on the wire.
            on_stage: Told how far each answer is.
            on_result: Told what each question came to.
        """
        self.serial = serial
        self.results: dict[int, Result] = {}
        self._questions = questions
        self._on_stage, self._on_result = on_stage, on_result
        self._known: dict[int, Reasoning] = {}

    @property
    def size(self) -> int:
        """How many questions were asked."""
        return len(self._questions)

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will come."""
        return len(self.results) == len(self._questions)

    def read(self, message: Any) -> None:
        """Take in one message of our own server; those of an older request are dropped.

        Raises:
            Cancelled: If the request was cancelled.
            StudioError: If the message is damaged, or the request as a whole was refused.
        """
        with reading("server's message"):
            studio = message["studio"]
            part = studio.get("answer") or studio.get("stage") or studio
            if part.get("request_id") != self.serial:
                return
            index = self._index(studio)
            if "error" in studio:
                self._refused(studio, index)
                return
            if index is None or index in self.results:
                raise StudioError("The policy server answers a question that was not asked.")
            reasoning = reasoning_from_message(part, self._known.get(index))
            self._known[index] = reasoning
        shown = replace(reasoning, request_id=self._questions[index].request_id)
        if "answer" in studio:
            self._finish(index, shown)
        elif self._on_stage is not None:
            self._on_stage(index, shown)

    def read_plain(self, message: Any, seconds: float) -> None:
        """Take in the answer of a plain openpi server to a single question."""
        chunk, depth = answer_from_openpi(message)
        answer = Reasoning(
            request_id=self._questions[0].request_id,
            text="",
            depth=depth,
            chunk=chunk,
            timings={"actions": seconds, "total": seconds},
        )
        self._finish(0, answer)

    def _index(self, studio: Message) -> int | None:
        """Return which question this is about; None is all of them."""
        given = studio.get("item")
        if given is None:
            return 0 if len(self._questions) == 1 else None
        if isinstance(given, bool) or not isinstance(given, int):
            raise TypeError("the item is no whole number")
        if not 0 <= given < len(self._questions):
            raise IndexError(f"there is no item {given}")
        return given

    def _refused(self, studio: Message, index: int | None) -> None:
        error = Cancelled() if studio.get("cancelled") else StudioError(str(studio["error"]))
        if studio.get("item") is None or index is None or isinstance(error, Cancelled):
            raise error
        if index not in self.results:
            self._finish(index, error)

    def _finish(self, index: int, result: Result) -> None:
        self.results[index] = result
        if self._on_result is not None:
            self._on_result(index, result)
