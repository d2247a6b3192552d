from __future__ import annotations

import numpy as np
import pytest

from core.policy.base import Cancelled, PolicyRequest
from core.policy.batching import answer_all, batch_limit, together_limit
from core.policy.comparison import MAX_COMPARED
from core.types import Capabilities, Frame, Observation, Reasoning, StudioError

FRAME = Frame(camera="front", image=np.zeros((8, 8, 3), np.uint8), t_ns=0)


def asking(instruction, **more):
    observation = Observation(frames=(FRAME,), instruction=instruction)
    return PolicyRequest(observation=observation, **more)


class Single:
    """Answers with the instruction; refuses "bad" and notes the sessions it was told."""

    def __init__(self, session: bool = False) -> None:
        self.capabilities = Capabilities(name="single", session=session)
        self.sessions: list[object] = []

    def infer(
        self, observation, trace=None, *, request_id=0, on_stage=None, cancelled=None, **more
    ):
        self.sessions.append(more)
        if observation.instruction == "bad":
            raise StudioError("no")
        return Reasoning(request_id=request_id, text=observation.instruction)


class Together(Single):
    """Answers batches; fails as a whole on request."""

    max_batch = 3

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.fault: Exception | None = None
        self.lose = 0

    def infer_many(self, requests):
        self.batches.append(len(requests))
        if self.fault is not None:
            raise self.fault
        answers = [
            StudioError("no")
            if request.observation.instruction == "bad"
            else Reasoning(request_id=request.request_id, text="together")
            for request in requests
        ]
        return answers[self.lose :]


def texts(answers):
    return [answer.text if isinstance(answer, Reasoning) else str(answer) for answer in answers]


def test_a_policy_without_batches_is_asked_one_by_one():
    policy = Single()
    answers = answer_all(policy, [asking("one"), asking("bad"), asking("two")])
    assert texts(answers) == ["one", "no", "two"]
    assert policy.sessions == [{}, {}, {}]


def test_the_session_goes_along_where_the_policy_knows_sessions():
    policy = Single(session=True)
    answer_all(policy, [asking("one", session="s1")])
    assert policy.sessions == [{"session": "s1"}]


def test_a_request_that_was_given_up_is_not_asked():
    policy = Single()
    (answer,) = answer_all(policy, [asking("one", cancelled=lambda: True)])
    assert isinstance(answer, Cancelled)
    assert not policy.sessions


def test_a_batch_is_asked_at_once_and_a_fault_is_its_own():
    policy = Together()
    answers = answer_all(policy, [asking("one"), asking("bad"), asking("two")])
    assert texts(answers) == ["together", "no", "together"]
    assert policy.batches == [3]


def test_a_single_request_is_no_batch():
    policy = Together()
    assert texts(answer_all(policy, [asking("one")])) == ["one"]
    assert not policy.batches


@pytest.mark.parametrize("fault", [StudioError("too little memory"), RuntimeError("broken"), None])
def test_a_batch_that_fails_as_a_whole_is_asked_one_by_one(fault):
    policy = Together()
    policy.fault, policy.lose = fault, 1
    answers = answer_all(policy, [asking("one"), asking("bad")])
    assert texts(answers) == ["one", "no"]


def test_the_policy_says_how_much_is_worth_answering_together():
    assert batch_limit(Single()) == 1
    assert batch_limit(Single(), 8) == 1
    assert batch_limit(Together()) == 3
    assert batch_limit(Together(), 2) == 2
    with pytest.raises(StudioError, match="1 or more"):
        batch_limit(Together(), 0)


def test_questions_of_one_person_go_together_also_where_a_batch_is_one():
    assert together_limit(Single()) == 1
    assert together_limit(Together()) == MAX_COMPARED
    assert together_limit(Together(), 2) == 2
    assert together_limit(Together(), 50) == MAX_COMPARED
