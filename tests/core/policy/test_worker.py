from __future__ import annotations

import threading

import numpy as np
import pytest

from core.policy.base import Cancelled, PolicyRequest
from core.policy.status import Tally
from core.policy.worker import MAX_QUEUED, Worker
from core.types import Frame, Observation, Reasoning, StudioError

ANSWER = Reasoning(request_id=0, text="")
FRAME = Frame(camera="front", image=np.zeros((8, 8, 3), np.uint8), t_ns=0)


def asking(instruction="go"):
    return PolicyRequest(observation=Observation(frames=(FRAME,), instruction=instruction))


class Answers:
    """Answers batches once the gate is open; notes what came together."""

    def __init__(self) -> None:
        self.gate, self.started = threading.Event(), threading.Semaphore(0)
        self.batches: list[list[str]] = []

    def __call__(self, requests):
        self.batches.append([request.observation.instruction for request in requests])
        self.started.release()
        while not self.gate.wait(0.002):
            if all(request.cancelled() for request in requests):
                return [Cancelled()] * len(requests)
        return [
            ValueError(text) if (text := request.observation.instruction) == "bad" else ANSWER
            for request in requests
        ]


@pytest.fixture
def answers():
    scripted = Answers()
    yield scripted
    scripted.gate.set()


def test_answers_and_errors_reach_the_one_who_asked(answers):
    answers.gate.set()
    tally = Tally()
    with Worker(answers, tally=tally) as worker:
        assert worker.submit("a", asking()).future.result(5) is ANSWER
        with pytest.raises(ValueError, match="bad"):
            worker.submit("a", asking("bad")).future.result(5)
        assert worker.submit("a", asking()).future.result(5) is ANSWER
    counts = tally.to_dict()
    assert (counts["answered"], counts["failed"], counts["cancelled"]) == (2, 1, 0)
    assert counts["median_s"] >= 0


def test_a_fault_outside_of_any_request_leaves_the_thread_alive():
    faults = [ZeroDivisionError()]

    def answer(requests):
        if faults:
            raise faults.pop()
        return [ANSWER for _ in requests]

    with Worker(answer) as worker:
        with pytest.raises(ZeroDivisionError):
            worker.submit("a", asking()).future.result(5)
        assert worker.submit("a", asking()).future.result(5) is ANSWER


def test_owners_take_turns(answers):
    with Worker(answers) as worker:
        worker.submit("a", asking("a0"))
        assert answers.started.acquire(timeout=5)
        names = ("a1", "a2", "a3", "b1", "c1", "b2")
        jobs = [worker.submit(name[0], asking(name)) for name in names]
        assert worker.load == (6, 1)
        answers.gate.set()
        for job in jobs:
            job.future.result(5)
    assert answers.batches == [["a0"], ["a1"], ["b1"], ["c1"], ["a2"], ["b2"], ["a3"]]


def test_waiting_owners_are_answered_together_but_each_only_once(answers):
    tally = Tally()
    with Worker(answers, max_batch=2, tally=tally) as worker:
        worker.submit("a", asking("a0"))
        assert answers.started.acquire(timeout=5)
        jobs = [worker.submit(name[0], asking(name)) for name in ("a1", "a2", "b1", "c1")]
        answers.gate.set()
        for job in jobs:
            job.future.result(5)
    assert answers.batches == [["a0"], ["a1", "b1"], ["c1", "a2"]]
    assert tally.largest_batch == 2


def test_a_cancelled_request_of_a_batch_leaves_the_others(answers):
    with Worker(answers, max_batch=8) as worker:
        worker.submit("a", asking("a0"))
        assert answers.started.acquire(timeout=5)
        jobs = {name: worker.submit(name[0], asking(name)) for name in ("a1", "b1", "c1", "d1")}
        jobs["b1"].cancel()  # waits: never asked
        assert jobs["b1"].future.cancelled()
        answers.gate.set()
        assert jobs["c1"].future.result(5) is ANSWER
    assert answers.batches == [["a0"], ["a1", "c1", "d1"]]


def test_a_cancelled_job_that_answers_all_the_same_is_cancelled():
    started, gate, tally = threading.Event(), threading.Event(), Tally()

    def answer(requests):
        started.set()
        gate.wait(5)
        assert requests[0].cancelled()
        return [ANSWER]

    with Worker(answer, tally=tally) as worker:
        job = worker.submit("a", asking())
        waiting = worker.submit("a", asking())
        assert started.wait(5)
        job.cancel()
        waiting.cancel()
        assert waiting.future.cancelled()
        gate.set()
        with pytest.raises(Cancelled):
            job.future.result(5)
    assert (tally.answered, tally.cancelled) == (0, 2)


def test_queues_are_short_and_cancelled_jobs_make_room(answers):
    with Worker(answers) as worker:
        worker.submit("a", asking())
        assert answers.started.acquire(timeout=5)
        waiting = [worker.submit("a", asking()) for _ in range(MAX_QUEUED - 1)]
        with pytest.raises(StudioError, match="waiting already"):
            worker.submit("a", asking())
        worker.submit("b", asking())
        waiting[0].cancel()
        worker.submit("a", asking())
        answers.gate.set()


def test_closing_cancels_everything(answers):
    worker = Worker(answers)
    jobs = [worker.submit("a", asking()), worker.submit("a", asking())]
    assert answers.started.acquire(timeout=5)
    worker.close()
    assert isinstance(jobs[0].future.exception(5), Cancelled)
    assert jobs[1].future.cancelled()
    with pytest.raises(StudioError, match="shutting down"):
        worker.submit("a", asking())


def test_requests_asked_together_are_answered_together_and_wait_as_one(answers):
    with Worker(answers, together=3) as worker:
        worker.submit("a", asking("first"))
        assert answers.started.acquire(timeout=5)
        group = worker.submit_together("b", [asking(f"b{i}") for i in range(5)])
        for _ in range(MAX_QUEUED - 1):
            worker.submit("b", asking("later"))
        with pytest.raises(StudioError, match="waiting already"):
            worker.submit("b", asking())
        worker.submit("c", asking("c"))
        group[1].cancel()
        assert worker.load == (4 + MAX_QUEUED - 1 + 1, 1)
        answers.gate.set()
        assert [job.future.result(5) for job in (*group[:1], *group[2:])] == [ANSWER] * 4
    # Three of the five at once, less the cancelled one; then it is the other owner's turn.
    assert answers.batches[:4] == [["first"], ["b0", "b2"], ["c"], ["b3", "b4"]]


def test_a_group_that_does_not_fit_beside_others_comes_next(answers):
    with Worker(answers, max_batch=3, together=5) as worker:
        worker.submit("a", asking("first"))
        assert answers.started.acquire(timeout=5)
        worker.submit("b", asking("b"))
        group = worker.submit_together("c", [asking(f"c{i}") for i in range(5)])
        answers.gate.set()
        assert [job.future.result(5) for job in group] == [ANSWER] * 5
    assert answers.batches == [["first"], ["b"], ["c0", "c1", "c2", "c3", "c4"]]
