"""One thread that runs the inferences of all connections, in turn or several together.

Each owner (connection) has a short queue of its own; the owners take turns, so nobody who asks a
lot can starve another. A batch has at most one request of each owner. The socket loop never runs a
model and a model never waits for a socket.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from core.policy.base import Cancelled, PolicyRequest
from core.policy.status import Tally
from core.types import Reasoning, StudioError

logger = logging.getLogger(__name__)

MAX_QUEUED = 4
"""Requests that one owner may have waiting or running."""

AnswerAll = Callable[[Sequence[PolicyRequest]], Sequence[Reasoning | BaseException]]
"""Gets requests of different owners; returns an answer or an error for each."""


class Job:
    """One request on its way through the worker.

    Attributes:
        future: Gets the answer, ``Cancelled`` or another error.
        request: What is asked; its ``cancelled`` tells whether the job was.
        since: When it was queued [s, monotonic].
    """

    def __init__(self, request: PolicyRequest) -> None:
        self.future: Future[Reasoning] = Future()
        self._cancelled = threading.Event()
        self.request = replace(request, cancelled=self._cancelled.is_set)
        self.since = time.monotonic()

    def cancel(self) -> None:
        """Ask the request to end: at once when it waits, within one token when it runs."""
        self._cancelled.set()
        if self.future.cancel():
            logger.debug("a waiting request was cancelled")

    def finish(self, answer: Reasoning | BaseException) -> None:
        """Hand over what came of it; an answer that nobody wants any more is ``Cancelled``."""
        if self._cancelled.is_set() and not isinstance(answer, BaseException):
            answer = Cancelled()
        if isinstance(answer, BaseException):
            self.future.set_exception(answer)
        else:
            self.future.set_result(answer)


class Worker:
    """The thread; a context manager that ends it."""

    def __init__(
        self, answer_all: AnswerAll, *, max_batch: int = 1, tally: Tally | None = None
    ) -> None:
        """Start the thread.

        Args:
            answer_all: Asks the policy; called in the thread.
            max_batch: Most requests that it is given at once.
            tally: Told how each request ended.
        """
        self._answer_all, self._max_batch = answer_all, max_batch
        self._tally = tally or Tally()
        self._queues: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._running: dict[Hashable, Job] = {}
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="inference", daemon=True)
        self._thread.start()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def load(self) -> tuple[int, int]:
        """How many requests wait and how many are being answered."""
        with self._changed:
            waiting = [job for queue in self._queues.values() for job in queue]
            return sum(not job.future.done() for job in waiting), len(self._running)

    def submit(self, owner: Hashable, request: PolicyRequest) -> Job:
        """Queue a request.

        Raises:
            StudioError: If the owner has too many requests waiting, or the worker has ended.
        """
        job = Job(request)
        job.future.add_done_callback(lambda _: self._count(job))
        with self._changed:
            if self._closing:
                raise StudioError("The policy server is shutting down.")
            queue = deque(old for old in self._queues.get(owner, ()) if not old.future.done())
            waiting = len(queue) + (owner in self._running)
            if waiting >= MAX_QUEUED:
                raise StudioError(
                    f"{waiting} requests of this connection are waiting already; cancel one or "
                    "wait for an answer."
                )
            queue.append(job)
            self._queues[owner] = queue
            self._changed.notify()
        return job

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel everything and end the thread."""
        with self._changed:
            self._closing = True
            jobs = [job for queue in self._queues.values() for job in queue]
            jobs += self._running.values()
            self._changed.notify()
        for job in jobs:
            job.cancel()
        self._thread.join(timeout_s)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._running = {}
                self._changed.wait_for(lambda: self._closing or self._queues)
                if self._closing:
                    return
                self._running = self._take()
                jobs = list(self._running.values())
            if jobs:
                self._answer(jobs)

    def _take(self) -> dict[Hashable, Job]:
        """Take one request each of the owners whose turn it is; the lock is held."""
        taken: dict[Hashable, Job] = {}
        for owner in list(self._queues):
            if len(taken) == self._max_batch:
                break
            queue = self._queues.pop(owner)
            while queue:
                job = queue.popleft()
                # False when it was cancelled while it waited
                if job.future.set_running_or_notify_cancel():
                    taken[owner] = job
                    break
            if queue:
                self._queues[owner] = queue  # at the end: the others come first
        return taken

    def _answer(self, jobs: list[Job]) -> None:
        self._tally.note_batch(len(jobs))
        try:
            answers = self._answer_all([job.request for job in jobs])
        except BaseException as error:  # the thread has to live on
            answers = [error] * len(jobs)
        for job, answer in zip(jobs, answers, strict=True):
            job.finish(answer)

    def _count(self, job: Job) -> None:
        future = job.future
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or isinstance(error, Cancelled):
            self._tally.note_failure(cancelled=True)
        elif error is not None:
            self._tally.note_failure(cancelled=False)
        else:
            self._tally.note_answer(time.monotonic() - job.since)
