"""Long work outside the event loop, with progress, a way to cancel, and nothing left behind.

A :class:`Task` is what a person sees of it: a title, how far it is, and a way to give it up.
:meth:`Tasks.run` makes one around a function in a thread of the pool; :meth:`Tasks.follow` makes
one for work that somebody else does, such as a program that loads a model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from app.workers import sentence_of

SHOWN_AFTER_MS = 300
"""Work that is done by then is not worth a word."""

THREADS = 2


class TaskCancelled(Exception):
    """The person gave the work up; raised by :meth:`Work.check`."""


class Work:
    """What the function in the pool gets: it tells how far it is and asks whether to go on."""

    def __init__(self, stirred: Callable[[], None]) -> None:
        self._stirred = stirred
        self._lock = threading.Lock()
        self._news: tuple[float | None, str] | None = None
        self._cancelled = threading.Event()

    def progress(self, fraction: float | None, words: str = "") -> None:
        """Tell how far it is.

        Args:
            fraction: 0 to 1, or None when that is not known.
            words: What is being done, as a short phrase.
        """
        with self._lock:  # one slot, latest wins: a fast loop must not fill the event queue
            fresh, self._news = self._news is None, (fraction, words)
        if fresh:
            self._stirred()

    def cancelled(self) -> bool:
        """Whether the result is no longer wanted."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Leave by an exception when the result is no longer wanted.

        Raises:
            TaskCancelled: If it was cancelled.
        """
        if self.cancelled():
            raise TaskCancelled

    def give_up(self) -> None:
        """Ask the function to end; callable from any thread."""
        self._cancelled.set()

    def take_news(self) -> tuple[float | None, str] | None:
        """Take the newest word about the progress."""
        with self._lock:
            news, self._news = self._news, None
        return news


class Task(QObject):
    """Long work as a person sees it.

    Attributes:
        title: What is done, such as "Opening the session".
        words: The part that is under way.
        fraction: 0 to 1, or None while it is not known.
        running: Whether it still goes on.
    """

    changed = Signal()
    ended = Signal()
    overdue = Signal(object)
    """It has been going on for a while; carries the task itself."""

    def __init__(self, title: str, cancel: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.title, self.words = title, ""
        self.fraction: float | None = None
        self.running = True
        self._cancel = cancel
        self._clock = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._clock.timeout.connect(self._is_late)
        self._clock.start()

    @property
    def cancellable(self) -> bool:
        """Whether it can be given up."""
        return self._cancel is not None

    def tell(self, fraction: float | None, words: str = "") -> None:
        """Take in how far it is."""
        self.fraction = None if fraction is None else min(max(fraction, 0.0), 1.0)
        self.words = words
        self.changed.emit()

    def cancel(self) -> None:
        """Give it up; nothing happens when it has ended or cannot be given up."""
        if self.running and self._cancel is not None:
            self._cancel()
            self.end()

    def end(self) -> None:
        """It is over, however it ended."""
        if self.running:
            self.running = False
            self._clock.stop()
            self.ended.emit()

    @Slot()
    def _is_late(self) -> None:
        self.overdue.emit(self)


class _Relay(QObject):
    """Brings what happens in the pool to the thread of the window."""

    stirred = Signal(int)
    done = Signal(int, object)
    failed = Signal(int, str)


class _Job:
    """One function in the pool with those who wait for it."""

    def __init__(self, task: Task, work: Work, done: Any, failed: Any) -> None:
        self.task, self.work = task, work
        self.done, self.failed = done, failed


class Tasks(QObject):
    """All long work of the window."""

    shown = Signal(object)
    """A :class:`Task` that has been going on for a while and deserves to be seen."""

    def __init__(self, parent: QObject | None = None, *, threads: int = THREADS) -> None:
        """Make a pool.

        Args:
            parent: Owner.
            threads: With one, functions run in the order in which they were given.
        """
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._numbers = count(1)
        self._jobs: dict[int, _Job] = {}
        self._relay = _Relay()
        self._relay.stirred.connect(self._stirred)
        self._relay.done.connect(self._done)
        self._relay.failed.connect(self._failed)

    def run(
        self,
        title: str,
        function: Callable[[Work], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        *,
        cancellable: bool = True,
    ) -> Task:
        """Run a function in the pool.

        Args:
            title: What it does, such as "Opening the session".
            function: Gets a :class:`Work`; runs in a thread of the pool.
            done: Gets the result, in this thread; not called when it was cancelled.
            failed: Gets a sentence when it failed, in this thread; not called when cancelled.
            cancellable: Whether the person may give it up.

        Returns:
            The task; its ``cancel`` drops the result whether or not the function looks up.
        """
        number = next(self._numbers)
        work = Work(lambda: self._relay.stirred.emit(number))

        def give_up() -> None:
            self._jobs.pop(number, None)
            work.give_up()

        task = self.follow(title, give_up if cancellable else None)
        self._jobs[number] = _Job(task, work, done, failed)
        relay = self._relay

        def perform() -> None:
            try:
                work.check()
                result = function(work)
                work.check()
            except TaskCancelled:
                return
            except Exception as error:
                relay.failed.emit(number, sentence_of(error))
            else:
                relay.done.emit(number, result)

        self._pool.start(perform)
        return task

    def follow(self, title: str, cancel: Callable[[], None] | None = None) -> Task:
        """Show work that somebody else does; whoever asks for it tells and ends it.

        Args:
            title: What is done.
            cancel: Gives it up; None when that is not possible.
        """
        task = Task(title, cancel)
        task.overdue.connect(self.shown)
        return task

    def shutdown(self) -> None:
        """Give up what can be given up and wait for the threads; nobody is called afterwards."""
        for job in list(self._jobs.values()):
            if job.task.cancellable:
                job.work.give_up()
            job.task.end()
        self._jobs.clear()
        self._pool.waitForDone()

    @Slot(int)
    def _stirred(self, number: int) -> None:
        job = self._jobs.get(number)
        news = job.work.take_news() if job is not None else None
        if job is not None and news is not None:
            job.task.tell(*news)

    @Slot(int, object)
    def _done(self, number: int, result: object) -> None:
        if (job := self._jobs.pop(number, None)) is not None:
            job.task.end()
            job.done(result)

    @Slot(int, str)
    def _failed(self, number: int, sentence: str) -> None:
        if (job := self._jobs.pop(number, None)) is not None:
            job.task.end()
            job.failed(sentence)
