"""The thread that asks the policy; what it is asked, and which answers still matter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.workers import finish_thread, sentence_of, start_thread
from core.policy.base import Cancelled
from core.policy.comparison import Question, ask_in_turn
from core.types import Observation, Reasoning, StudioError, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """One question to the policy.

    Attributes:
        request_id: Number that the answer carries.
        observation: What it is about.
        trace: The drawn trace to follow, or None.
    """

    request_id: int
    observation: Observation
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Several questions to the policy about one observation.

    Attributes:
        observation: What they are about.
        questions: The questions; each answer carries its question's number.
    """

    observation: Observation
    questions: tuple[Question, ...]

    @property
    def request_ids(self) -> frozenset[int]:
        """Numbers of the questions."""
        return frozenset(question.request_id for question in self.questions)


class _PolicyWorker(QObject):
    connected = Signal(object)
    lost = Signal(str)
    done = Signal(object)
    failed = Signal(int, str)
    staged = Signal()

    def __init__(self, make_client: Callable[[str, str | None], Any]) -> None:
        super().__init__()
        self._make_client = make_client
        self._lock = threading.Lock()
        self._wanted: frozenset[int] = frozenset()
        self._partials: dict[int, Reasoning] = {}
        self.client: Any = None

    def want(self, *request_ids: int) -> None:
        """Name the only requests whose answers still matter; callable from any thread."""
        with self._lock:
            self._wanted = frozenset(request_ids)
            self._partials = {}

    def take_partials(self) -> list[Reasoning]:
        """Take the newest partial answer of each request; callable from any thread."""
        with self._lock:
            partials, self._partials = self._partials, {}
        return list(partials.values())

    def _is_stale(self, request_ids: frozenset[int]) -> bool:
        with self._lock:
            return request_ids.isdisjoint(self._wanted)

    def _keep_partial(self, stage: Reasoning) -> None:
        # One slot each, latest wins: a fast decoder must not fill the event queue of the window.
        with self._lock:
            if stage.request_id not in self._wanted:
                return
            fresh = not self._partials
            self._partials[stage.request_id] = stage
        if fresh:
            self.staged.emit()

    @Slot(str, str)
    def connect_to(self, url: str, token: str) -> None:
        self.close()
        try:
            self.client = self._make_client(url, token or None)
            self.connected.emit(self.client.capabilities)
        except Exception as error:
            self.client = None
            self.lost.emit(sentence_of(error))

    @Slot(object)
    def ask(self, request: PolicyRequest) -> None:
        asked = frozenset({request.request_id})
        if self._is_stale(asked):
            return
        if self.client is None:
            self.failed.emit(request.request_id, "No policy is connected; start or restart it.")
            return
        try:
            answer = self.client.infer(
                request.observation,
                request.trace,
                request_id=request.request_id,
                on_stage=self._keep_partial,
                cancelled=lambda: self._is_stale(asked),
            )
        except Cancelled:
            return
        except Exception as error:
            self.failed.emit(request.request_id, sentence_of(error))
        else:
            self.done.emit(answer)

    @Slot(object)
    def compare(self, comparison: Comparison) -> None:
        """Ask for several plans; each comes as soon as it is there."""
        questions, open_ids = comparison.questions, set(comparison.request_ids)
        if self._is_stale(comparison.request_ids):
            return

        def take(item: int, result: Reasoning | StudioError) -> None:
            request_id = questions[item].request_id
            open_ids.discard(request_id)
            if isinstance(result, Reasoning):
                self.done.emit(result)
            else:
                self.failed.emit(request_id, sentence_of(result))

        try:
            if self.client is None:
                raise StudioError("No policy is connected; start or restart it.")
            together = getattr(self.client, "compare", None) or partial(ask_in_turn, self.client)
            together(
                comparison.observation,
                questions,
                on_stage=lambda _item, stage: self._keep_partial(stage),
                on_result=take,
                cancelled=lambda: self._is_stale(comparison.request_ids),
            )
        except Cancelled:
            return
        except Exception as error:
            sentence = sentence_of(error)
            for request_id in sorted(open_ids):
                self.failed.emit(request_id, sentence)

    @Slot()
    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None and hasattr(client, "close"):
            with suppress(OSError, StudioError):
                client.close()


class PolicyLink(QObject):
    """Asks the policy from a thread of its own; only the newest request counts."""

    connected = Signal(object)
    lost = Signal(str)
    staged = Signal(object)
    answered = Signal(object)
    failed = Signal(int, str)
    _connect = Signal(str, str)
    _ask = Signal(object)
    _compare = Signal(object)

    def __init__(
        self, make_client: Callable[[str, str | None], Any], parent: QObject | None = None
    ) -> None:
        """Start the thread.

        Args:
            make_client: Gets address and token, returns a connected policy client (it may have
                ``close``); called in the worker's thread.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._worker = _PolicyWorker(make_client)
        self._thread = start_thread(self._worker, "policy")
        self._worker.connected.connect(self.connected)
        self._worker.lost.connect(self.lost)
        self._worker.done.connect(self.answered)
        self._worker.failed.connect(self.failed)
        self._worker.staged.connect(self._take_partials)
        self._connect.connect(self._worker.connect_to)
        self._ask.connect(self._worker.ask)
        self._compare.connect(self._worker.compare)

    @property
    def alive(self) -> bool:
        """Whether the connection stands; asked again and again, so it only looks."""
        return bool(getattr(self._worker.client, "is_connected", True))

    def open(self, url: str, token: str | None = None) -> None:
        """Connect, or connect anew."""
        self._connect.emit(url, token or "")

    def ask(self, request: PolicyRequest) -> None:
        """Ask; an earlier question that is still open is cancelled."""
        self._worker.want(request.request_id)
        self._ask.emit(request)

    def compare(self, comparison: Comparison) -> None:
        """Ask several questions together; each answer comes as one of its own."""
        self._worker.want(*comparison.request_ids)
        self._compare.emit(comparison)

    def cancel(self) -> None:
        """Give up the open questions."""
        self._worker.want()

    @Slot()
    def _take_partials(self) -> None:
        for answer in self._worker.take_partials():
            self.staged.emit(answer)

    def shutdown(self) -> None:
        """Cancel, end the thread and close the connection."""
        self.cancel()
        finish_thread(self._thread, self._worker)
