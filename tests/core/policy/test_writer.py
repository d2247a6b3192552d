from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.policy.base import Cancelled, PolicyRequest
from core.policy.local import LocalPolicy
from core.policy.server import EMBEDDED_MODEL
from core.policy.writer import MAX_MEMORIES, AnswerWriter, Decoding
from core.types import StudioError


@pytest.fixture(scope="module")
def embedded():
    from core.model.loading import load_checkpoint

    return load_checkpoint(EMBEDDED_MODEL)


@pytest.fixture(scope="module")
def cycles():
    from core.decoding.sequences import recorded_episodes

    return recorded_episodes()[0]


def test_guessing_changes_no_answer_and_stages_still_come(embedded, cycles):
    exact = LocalPolicy(embedded)
    slow = LocalPolicy(embedded, decoding="constrained")
    for observation, _ in cycles[:2]:
        stages = []
        answer = exact.infer(observation, session="a", on_stage=stages.append)
        wanted = slow.infer(observation)
        assert answer.text == wanted.text
        assert answer.error == ""
        assert np.array_equal(answer.chunk.actions, wanted.chunk.actions)
        assert stages
        assert all(answer.text.startswith(stage.text) for stage in stages)
        order = ["prepare", "prefill", "depth", "trace", "first_row", "actions"]
        moments = [answer.timings[stage] for stage in order]
        assert moments == sorted(moments)


def test_requests_answered_together_get_the_answers_they_get_alone(embedded, cycles):
    policy, alone = LocalPolicy(embedded), LocalPolicy(embedded, decoding="constrained")
    (first, line), (second, _) = cycles[:2]
    seen = []
    requests = [
        PolicyRequest(observation=first, request_id=1, on_stage=seen.append),
        PolicyRequest(observation=second, trace=line, request_id=2, session="b"),
        PolicyRequest(observation=replace(first, instruction=" "), request_id=3),
        PolicyRequest(observation=first, request_id=4, cancelled=lambda: True),
        PolicyRequest(observation=first, request_id=5, on_stage=lambda _: 1 / 0),
    ]
    answers = policy.infer_many(requests)
    assert answers[0].text == alone.infer(first).text
    assert answers[1].text == alone.infer(second, line).text
    assert [answer.request_id for answer in answers[:2]] == [1, 2]
    assert {stage.request_id for stage in seen} == {1}
    assert "empty" in str(answers[2])
    assert isinstance(answers[3], Cancelled)
    assert isinstance(answers[4], StudioError)
    assert "ZeroDivisionError" in str(answers[4])
    assert policy.max_batch == 1
    assert policy.capabilities.session
    assert policy.infer_many([]) == []


def test_conversations_are_remembered_apart_and_not_for_ever(tiny):
    writer = AnswerWriter(tiny, dims=7)
    inputs = tiny.processor("go")

    def memory(session, steered=False):
        return writer.request(
            inputs,
            images=2,
            steered=steered,
            session=session,
            on_tokens=lambda ids: None,
            cancelled=None,
        ).memory

    first = memory("a")
    first.ids = [1, 2, 3]
    assert memory("a") is first
    assert memory("a", steered=True).ids == []
    other = memory("b")
    assert other is not first
    assert other.ids == [1, 2, 3]
    for number in range(MAX_MEMORIES):
        memory(number).ids = [number]
    assert memory("a") is not first


def test_only_exact_decoding_remembers(tiny):
    inputs = tiny.processor("go")
    for decoding in (Decoding.CONSTRAINED, Decoding.REFERENCE):
        request = AnswerWriter(tiny, dims=7, decoding=decoding).request(
            inputs,
            images=2,
            steered=True,
            session=None,
            on_tokens=lambda ids: None,
            cancelled=None,
        )
        assert request.memory is None
        assert (request.grammar is None) == (decoding is Decoding.REFERENCE)
