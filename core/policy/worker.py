"""One thread that runs the inferences of all connections, in turn or several together.

Each owner (connection) has a short queue of its own; the owners take turns, so nobody who asks a
lot can starve another. A batch has at most one request of each owner, or requests that the owner
asked together. The socket loop never runs a model and a model never waits for a socket.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from core.policy.base import Cancelled, PolicyRequest
from core.policy.status import Tally
from core.types import Reasoning, StudioError

logger = logging.getLogger(__name__)

MAX_QUEUED = 4
"""Requests that one owner may have waiting or running; those asked together count once."""

AnswerAll = Callable[[Sequence[PolicyRequest]], Sequence[Reasoning | BaseException]]
"""Gets requests that go together; returns an answer or an error for each."""


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
        self,
        answer_all: AnswerAll,
        *,
        max_batch: int = 1,
        together: int = 1,
        tally: Tally | None = None,
    ) -> None:
        """Start the thread.

        Args:
            answer_all: Asks the policy; called in the thread.
            max_batch: Most requests that it is given at once.
            together: Most requests of one owner, asked together, that it is given at once; may be
                more than ``max_batch``.
            tally: Told how each request ended.
        """
        self._answer_all, self._max_batch, self._together = answer_all, max_batch, together
        self._tally = tally or Tally()
        self._queues: OrderedDict[Hashable, deque[list[Job]]] = OrderedDict()
        self._running: dict[Hashable, list[Job]] = {}
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
            running = sum(len(jobs) for jobs in self._running.values())
            return sum(not job.future.done() for job in self._waiting()), running

    def submit(self, owner: Hashable, request: PolicyRequest) -> Job:
        """Queue a request.

        Raises:
            StudioError: If the owner has too many requests waiting, or the worker has ended.
        """
        return self.submit_together(owner, [request])[0]

    def submit_together(self, owner: Hashable, requests: Sequence[PolicyRequest]) -> list[Job]:
        """Queue requests that are best answered at once; they wait as one.

        Raises:
            StudioError: If the owner has too many requests waiting, or the worker has ended.
        """
        jobs = [Job(request) for request in requests]
        with self._changed:
            if self._closing:
                raise StudioError("The policy server is shutting down.")
            old = self._queues.get(owner, ())
            queue = deque(group for group in old if not all(job.future.done() for job in group))
            waiting = len(queue) + (owner in self._running)
            if waiting >= MAX_QUEUED:
                raise StudioError(
                    f"{waiting} requests of this connection are waiting already; cancel one or "
                    "wait for an answer."
                )
            for job in jobs:
                job.future.add_done_callback(partial(self._count, job))
            queue.append(jobs)
            self._queues[owner] = queue
            self._changed.notify()
        return jobs

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel everything and end the thread."""
        with self._changed:
            self._closing = True
            jobs = [*self._waiting(), *(job for group in self._running.values() for job in group)]
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
                jobs = [job for group in self._running.values() for job in group]
            if jobs:
                self._answer(jobs)

    def _take(self) -> dict[Hashable, list[Job]]:
        """Take the next of each owner whose turn it is, as far as there is room.

        The lock is held.
        """
        taken: dict[Hashable, list[Job]] = {}
        room = self._max_batch
        for owner in list(self._queues):
            queue = self._queues[owner]
            while queue:
                jobs = queue.popleft()
                group, rest = jobs[: self._together], jobs[self._together :]
                if taken and len(group) > room:  # it comes first the next time
                    queue.appendleft(jobs)
                    return taken
                if rest:
                    queue.appendleft(rest)
                # False for those that were cancelled while they waited
                group = [job for job in group if job.future.set_running_or_notify_cancel()]
                if group:
                    taken[owner] = group
                    room -= len(group)
                    break
            del self._queues[owner]
            if queue:
                self._queues[owner] = queue  # at the end: the others come first
            if room <= 0:
                break
        return taken

    def _waiting(self) -> list[Job]:
        """Return all jobs in the queues; the lock is held."""
        return [job for queue in self._queues.values() for jobs in queue for job in jobs]

    def _answer(self, jobs: list[Job]) -> None:
        self._tally.note_batch(len(jobs))
        try:
            answers = self._answer_all([job.request for job in jobs])
        except BaseException as error:  # the thread has to live on
            answers = [error] * len(jobs)
        for job, answer in zip(jobs, answers, strict=True):
            job.finish(answer)

    def _count(self, job: Job, future: Future[Reasoning]) -> None:
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or isinstance(error, Cancelled):
            self._tally.note_failure(cancelled=True)
        elif error is not None:
            self._tally.note_failure(cancelled=False)
        else:
            self._tally.note_answer(time.monotonic() - job.since)
