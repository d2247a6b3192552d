"""Long work: progress, cancel, errors, and a window that closes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QThread

from app.task import Task, Tasks, Work
from core.types import StudioError


@pytest.fixture
def tasks(qapp: Any) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    made.shutdown()


class Ends:
    """Collects what becomes of a task."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.faults: list[str] = []
        self.threads: list[QThread] = []

    def done(self, result: Any) -> None:
        self.results.append(result)
        self.threads.append(QThread.currentThread())

    def failed(self, sentence: str) -> None:
        self.faults.append(sentence)


def test_result_and_progress_arrive_in_this_thread(qtbot: Any, tasks: Tasks) -> None:
    ends, seen = Ends(), []
    heard, go_on = threading.Event(), threading.Event()

    def work(handle: Work) -> int:
        handle.progress(0.25, "first half")
        heard.set()
        go_on.wait(10)
        handle.progress(7.0, "too much")
        return 42

    task = tasks.run("Counting", work, ends.done, ends.failed)
    task.changed.connect(lambda: seen.append((task.fraction, task.words)))
    heard.wait(10)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(0.25, "first half")]
    go_on.set()
    qtbot.waitUntil(lambda: ends.results == [42])
    assert not task.running
    assert seen[-1] == (1.0, "too much")
    assert ends.threads == [QThread.currentThread()]


def test_many_words_do_not_fill_the_event_queue(qtbot: Any, tasks: Tasks) -> None:
    ends, seen = Ends(), []

    def work(handle: Work) -> str:
        for step in range(5000):
            handle.progress(step / 5000, str(step))
        return "done"

    task = tasks.run("Counting", work, ends.done, ends.failed)
    task.changed.connect(lambda: seen.append(task.words))
    tasks._pool.waitForDone()
    qtbot.waitUntil(lambda: ends.results == ["done"])
    assert seen == ["4999"]


def test_an_error_is_a_sentence(qtbot: Any, tasks: Tasks) -> None:
    ends = Ends()

    def work(handle: Work) -> None:
        raise StudioError("The file is empty; choose another one.")

    task = tasks.run("Opening", work, ends.done, ends.failed)
    qtbot.waitUntil(lambda: bool(ends.faults))
    assert ends.faults == ["The file is empty; choose another one."]
    assert not task.running
    assert not ends.results


def test_cancel_ends_the_function_and_drops_its_result(qtbot: Any, tasks: Tasks) -> None:
    ends, left, started = Ends(), threading.Event(), threading.Event()

    def work(handle: Work) -> str:
        started.set()
        while not handle.cancelled():
            left.wait(0.001)
        left.set()
        return "nobody wants this"

    task = tasks.run("Waiting", work, ends.done, ends.failed)
    started.wait(10)
    task.cancel()
    assert not task.running
    assert left.wait(10)
    tasks._pool.waitForDone()
    later = Ends()
    tasks.run("Next", lambda handle: "next", later.done, later.failed)
    qtbot.waitUntil(lambda: later.results == ["next"])
    assert not ends.results
    assert not ends.faults


def test_cancelled_before_it_began_never_runs(qtbot: Any, tasks: Tasks) -> None:
    gate, ran, ends = threading.Event(), [], Ends()
    for _ in range(2):  # both threads are busy
        tasks.run("Busy", lambda handle: gate.wait(10), ends.done, ends.failed)
    tasks.run("Late", lambda handle: ran.append(1), ends.done, ends.failed).cancel()
    gate.set()
    qtbot.waitUntil(lambda: len(ends.results) == 2)
    tasks._pool.waitForDone()
    assert not ran


def test_what_cannot_be_cancelled_says_so(qtbot: Any, tasks: Tasks) -> None:
    gate, ends = threading.Event(), Ends()
    task = tasks.run(
        "Saving", lambda handle: gate.wait(10), ends.done, ends.failed, cancellable=False
    )
    assert not task.cancellable
    task.cancel()
    assert task.running
    gate.set()
    qtbot.waitUntil(lambda: ends.results == [True])


def test_closing_waits_for_the_threads_and_calls_nobody(qtbot: Any) -> None:
    tasks, ends, running = Tasks(), Ends(), threading.Event()
    left: list[str] = []

    def work(handle: Work) -> None:
        running.set()
        while not handle.cancelled():
            threading.Event().wait(0.001)
        left.append("left")

    task = tasks.run("Endless", work, ends.done, ends.failed)
    running.wait(10)
    tasks.shutdown()
    assert left == ["left"]
    assert not task.running
    qtbot.wait(1)
    assert not ends.results
    assert not ends.faults


def test_only_long_work_is_shown(qtbot: Any, tasks: Tasks) -> None:
    shown: list[Task] = []
    tasks.shown.connect(shown.append)
    short, long = tasks.follow("Short"), tasks.follow("Long")
    short.end()
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [long]
    long.end()


def test_followed_work_is_given_up_by_its_owner(qtbot: Any, tasks: Tasks) -> None:
    given_up: list[str] = []
    task = tasks.follow("Loading", lambda: given_up.append("loading"))
    assert task.cancellable
    task.tell(0.5, "half")
    task.cancel()
    task.cancel()
    assert given_up == ["loading"]
    assert not task.running
