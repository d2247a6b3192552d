from __future__ import annotations

import threading

import pytest

from core.policy.base import Cancelled
from core.policy.worker import MAX_QUEUED, Worker
from core.types import Reasoning, StudioError

ANSWER = Reasoning(request_id=0, text="")


def test_answers_and_errors_reach_the_one_who_asked():
    def fail(_cancelled):
        raise ZeroDivisionError

    with Worker() as worker:
        assert worker.submit("a", lambda _: ANSWER).future.result(5) is ANSWER
        with pytest.raises(ZeroDivisionError):
            worker.submit("a", fail).future.result(5)
        assert worker.submit("a", lambda _: ANSWER).future.result(5) is ANSWER


def test_owners_take_turns():
    gate, order = threading.Event(), []

    def work(name):
        def run(_cancelled):
            gate.wait(5)
            order.append(name)
            return ANSWER

        return run

    with Worker() as worker:
        jobs = [worker.submit(name[0], work(name)) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
        gate.set()
        for job in jobs:
            job.future.result(5)
    assert sorted(order) == ["a1", "a2", "a3", "b1", "b2", "c1"]
    assert order.index("b1") < order.index("a3")
    assert order.index("c1") < order.index("a3")
    assert order.index("c1") < order.index("b2")


def test_a_cancelled_job_that_answers_all_the_same_is_cancelled():
    started, gate = threading.Event(), threading.Event()

    def run(cancelled):
        started.set()
        gate.wait(5)
        assert cancelled()
        return ANSWER

    with Worker() as worker:
        job = worker.submit("a", run)
        waiting = worker.submit("a", lambda _: ANSWER)
        assert started.wait(5)
        job.cancel()
        waiting.cancel()
        assert waiting.future.cancelled()
        gate.set()
        with pytest.raises(Cancelled):
            job.future.result(5)


def test_queues_are_short_and_cancelled_jobs_make_room():
    started, gate = threading.Event(), threading.Event()

    def run(_cancelled):
        started.set()
        gate.wait(5)
        return ANSWER

    with Worker() as worker:
        worker.submit("a", run)
        assert started.wait(5)
        waiting = [worker.submit("a", run) for _ in range(MAX_QUEUED - 1)]
        with pytest.raises(StudioError, match="waiting already"):
            worker.submit("a", run)
        worker.submit("b", run)
        waiting[0].cancel()
        worker.submit("a", run)
        gate.set()


def test_closing_cancels_everything():
    started = threading.Event()

    def run(cancelled):
        started.set()
        while not cancelled():
            started.wait(0.001)
        raise Cancelled

    worker = Worker()
    jobs = [worker.submit("a", run), worker.submit("a", run)]
    assert started.wait(5)
    worker.close()
    assert isinstance(jobs[0].future.exception(5), Cancelled)
    assert jobs[1].future.cancelled()
    with pytest.raises(StudioError, match="shutting down"):
        worker.submit("a", run)
