"""One thread that runs the inferences of all connections, in turn.

Each owner (connection) has a short queue of its own; the owners take turns, so nobody who asks a
lot can starve another. The socket loop never runs a model and a model never waits for a socket.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from core.policy.base import Cancelled
from core.types import Reasoning, StudioError

logger = logging.getLogger(__name__)

MAX_QUEUED = 4
"""Requests that one owner may have waiting or running."""

Work = Callable[[Callable[[], bool]], Reasoning]
"""Gets a function that tells whether the request was cancelled; returns the answer."""


class Job:
    """One request on its way through the worker.

    Attributes:
        future: Gets the answer, ``Cancelled`` or another error.
    """

    def __init__(self, work: Work) -> None:
        self.future: Future[Reasoning] = Future()
        self._work = work
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the request to end: at once when it waits, within one token when it runs."""
        self._cancelled.set()
        if self.future.cancel():
            logger.debug("a waiting request was cancelled")

    def run(self) -> None:
        """Do the work, unless it was cancelled while it waited."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            answer = self._work(self._cancelled.is_set)
            if self._cancelled.is_set():
                raise Cancelled
        except BaseException as error:  # whatever it is, it belongs to the one who asked
            self.future.set_exception(error)
        else:
            self.future.set_result(answer)


class Worker:
    """The thread; a context manager that ends it."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._running: tuple[Hashable, Job] | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="inference", daemon=True)
        self._thread.start()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, owner: Hashable, work: Work) -> Job:
        """Queue some work.

        Raises:
            StudioError: If the owner has too many requests waiting, or the worker has ended.
        """
        job = Job(work)
        with self._changed:
            if self._closing:
                raise StudioError("The policy server is shutting down.")
            queue = deque(old for old in self._queues.get(owner, ()) if not old.future.done())
            waiting = len(queue)
            if self._running is not None and self._running[0] == owner:
                waiting += 1
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
            if self._running is not None:
                jobs.append(self._running[1])
            self._changed.notify()
        for job in jobs:
            job.cancel()
        self._thread.join(timeout_s)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._changed.wait_for(lambda: self._closing or self._queues)
                if self._closing:
                    return
                owner, queue = self._queues.popitem(last=False)
                job = queue.popleft()
                if queue:
                    self._queues[owner] = queue  # at the end: the others come first
                self._running = (owner, job)
            job.run()
