"""Several questions in one message: answered each for itself, cancelled together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wire
from core.policy.base import Cancelled
from core.policy.client import RemotePolicy
from core.policy.comparison import (
    MAX_COMPARED,
    Question,
    ask_in_turn,
    questions_from_message,
    questions_to_message,
)
from core.policy.server import PolicyServer
from core.types import Capabilities, Reasoning, StudioError, Trace, TraceSource

DRAWN = Trace(points=np.array([[0.0, 1.5], [255.0, 128.0]]), source=TraceSource.USER)
QUESTIONS = (
    Question(label="model's", request_id=11),
    Question(label="yours", trace=DRAWN, request_id=12),
    Question(label="other words", instruction="take it", request_id=13),
)


class Together:
    """Lets a scripted policy answer several requests at once, and notes how many."""

    def __init__(self, policy) -> None:
        self.policy, self.capabilities = policy, policy.capabilities
        self.batches: list[int] = []
        self.sessions: list[list[str | None]] = []

    def infer(self, *args, **kwargs):
        return self.policy.infer(*args, **kwargs)

    def infer_many(self, requests):
        self.batches.append(len(requests))
        self.sessions.append([request.session for request in requests])
        results = []
        for request in requests:
            try:
                results.append(
                    self.policy.infer(
                        request.observation,
                        request.trace,
                        request_id=request.request_id,
                        on_stage=request.on_stage,
                        cancelled=request.cancelled,
                    )
                )
            except StudioError as error:
                results.append(error)
        return results


def old_server(policy, monkeypatch):
    """A server of ours from before comparisons."""
    from core.policy import session
    from core.policy.greeting import metadata

    def greet(served):
        return metadata(served) | {"studio": {"version": 1}}

    monkeypatch.setattr(session, "metadata", greet)
    return PolicyServer(policy)


def test_questions_survive_the_wire():
    plain = wire.unpack(wire.pack(questions_to_message(QUESTIONS)))
    first, second, third = questions_from_message(plain)
    assert (first.label, first.trace, first.instruction) == ("model's", None, None)
    assert np.array_equal(second.trace.points, DRAWN.points)
    assert third.instruction == "take it"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=6)
            | st.dictionaries(
                st.sampled_from(["label", "trace", "instruction", "points"]) | st.text(), inner
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_a_stranger_compares_is_questions_or_a_sentence(value):
    try:
        questions = questions_from_message(value)
    except StudioError:
        return
    assert 1 <= len(questions) <= MAX_COMPARED
    assert all(isinstance(question, (Question, StudioError)) for question in questions)


def test_all_are_answered_in_one_go_each_with_its_own_words(policy, observation):
    together = Together(policy)
    stages, results = [], []
    policy.gate.clear()  # a fast answer would overtake its stages

    def on_stage(item, stage):
        stages.append((item, stage.request_id))
        policy.gate.set()

    with PolicyServer(together) as server, RemotePolicy(server.url) as remote:
        answers = remote.compare(
            observation,
            QUESTIONS,
            on_stage=on_stage,
            on_result=lambda item, result: results.append((item, result.request_id)),
        )
    assert together.batches == [3]
    assert len(set(together.sessions[0])) == 3
    assert [answer.request_id for answer in answers] == [11, 12, 13]
    assert [answer.prompt for answer in answers] == [observation.instruction] * 2 + ["take it"]
    assert answers[0].steered_by is None
    assert np.array_equal(answers[1].steered_by.points, DRAWN.points)
    assert all(answer.depth_map is not None for answer in answers)
    assert sorted(results) == [(0, 11), (1, 12), (2, 13)]
    assert set(stages) <= {(0, 11), (1, 12), (2, 13)}
    assert stages


def test_a_bad_question_spoils_no_other(policy, observation):
    point = replace(DRAWN, points=DRAWN.points[:1])
    asked = (Question(trace=point), Question(), Question(instruction=" "))
    with PolicyServer(Together(policy)) as server, RemotePolicy(server.url) as remote:
        one, two, three = remote.compare(observation, asked)
    assert "two points" in str(one)
    assert isinstance(two, Reasoning)
    assert "instruction is empty" in str(three)


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("by", ["method", "callback"])
def test_cancelling_cancels_all_questions(policy, observation, batch, by):
    policy.gate.clear()
    asked = threading.Event()
    served = Together(policy) if batch else policy
    with (
        PolicyServer(served) as server,
        RemotePolicy(server.url) as remote,
        ThreadPoolExecutor() as pool,
    ):
        cancelled = asked.is_set if by == "callback" else None
        waiting = pool.submit(remote.compare, observation, QUESTIONS, cancelled=cancelled)
        assert policy.started.acquire(timeout=5)
        asked.set()
        if by == "method":
            remote.cancel()
        with pytest.raises(Cancelled):
            waiting.result(timeout=5)
        assert policy.ended.acquire(timeout=5)
        policy.gate.set()
        assert remote.infer(observation, request_id=8).request_id == 8


def test_a_policy_without_batches_answers_one_by_one_behind_our_server(policy, observation):
    arrived = []
    with PolicyServer(policy) as server, RemotePolicy(server.url) as remote:
        answers = remote.compare(
            observation, QUESTIONS, on_result=lambda item, _result: arrived.append(item)
        )
    assert [answer.request_id for answer in answers] == [11, 12, 13]
    assert arrived == [0, 1, 2]
    assert policy.order == [observation.instruction] * 2 + ["take it"]


def test_an_old_server_is_asked_one_by_one(policy, observation, monkeypatch):
    results, stages = [], []
    policy.gate.clear()

    def on_stage(item, stage):
        stages.append((item, stage.request_id))
        policy.gate.set()

    point = Question(trace=replace(DRAWN, points=DRAWN.points[:1]), request_id=14)
    with old_server(policy, monkeypatch) as server, RemotePolicy(server.url) as remote:
        answers = remote.compare(
            observation,
            (*QUESTIONS, point),
            on_stage=on_stage,
            on_result=lambda item, _result: results.append(item),
        )
    assert [answer.request_id for answer in answers[:3]] == [11, 12, 13]
    assert "two points" in str(answers[3])
    assert results == [0, 1, 2, 3]
    assert (0, 11) in stages


@pytest.mark.parametrize("by", ["method", "callback"])
def test_cancelling_ends_questions_that_are_asked_in_turn(policy, observation, monkeypatch, by):
    policy.gate.clear()
    asked = threading.Event()
    with (
        old_server(policy, monkeypatch) as server,
        RemotePolicy(server.url) as remote,
        ThreadPoolExecutor() as pool,
    ):
        waiting = pool.submit(remote.compare, observation, QUESTIONS, cancelled=asked.is_set)
        assert policy.started.acquire(timeout=5)
        if by == "method":
            remote.cancel()
        else:
            asked.set()
        with pytest.raises(Cancelled):
            waiting.result(timeout=5)
        policy.gate.set()
        assert remote.infer(observation).chunk is not None
    assert len(policy.order) == 2


def test_where_no_trace_is_followed_only_the_drawn_ones_are_refused(policy, observation):
    policy.capabilities = replace(policy.capabilities, trace_in=False)
    with PolicyServer(policy) as server, RemotePolicy(server.url) as remote:
        own, yours, words = remote.compare(observation, QUESTIONS)
    assert isinstance(own, Reasoning)
    assert "cannot follow a drawn trace" in str(yours)
    assert isinstance(words, Reasoning)


@pytest.mark.parametrize("count", [0, MAX_COMPARED + 1])
def test_a_comparison_of_nothing_or_too_much_is_refused(server, observation, policy, count):
    with RemotePolicy(server.url) as remote, pytest.raises(StudioError, match="1 to 5 questions"):
        remote.compare(observation, [Question()] * count)
    with pytest.raises(StudioError, match="1 to 5 questions"):
        ask_in_turn(policy, observation, [Question()] * count)
    assert not policy.seen


def test_a_server_that_dies_ends_the_comparison_in_a_sentence(policy, observation):
    policy.gate.clear()
    server = PolicyServer(policy)
    with RemotePolicy(server.url) as remote, ThreadPoolExecutor() as pool:
        waiting = pool.submit(remote.compare, observation, QUESTIONS)
        assert policy.started.acquire(timeout=5)
        server.close()
        with pytest.raises(StudioError, match=r"shutting down|went away|cancelled"):
            waiting.result(timeout=5)


def test_the_greeting_says_how_many_may_be_compared(policy):
    from core.policy.greeting import metadata, read_greeting

    message = wire.unpack(wire.pack(metadata(policy)))
    assert read_greeting(message, "ws://there").compares == MAX_COMPARED
    for odd in (None, True, -1, 99, "5", [5]):
        message["studio"]["compare"] = odd
        assert read_greeting(message, "ws://there").compares == 0
    plain = {"capabilities": Capabilities(name="x").name}
    assert read_greeting(plain, "ws://there").compares == 0
