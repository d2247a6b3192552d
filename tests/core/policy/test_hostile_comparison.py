"""Comparisons that are damaged on purpose: told in a sentence, and nobody else notices."""

from __future__ import annotations

import pytest

from core import wire
from core.policy.comparison import Question
from core.policy.conversation import Conversation
from core.policy.limits import Limits
from core.policy.server import PolicyServer
from core.types import StudioError
from tests.core.policy.test_hostile import PLAIN, ask, dial

GOOD = {"label": "good", "trace": None, "instruction": None}


@pytest.mark.parametrize(
    ("compare", "expected"),
    [
        ([], "1 to 5 questions"),
        ([GOOD] * 6, "1 to 5 questions"),
        ({"label": "one"}, "list of questions"),
        ("five", "list of questions"),
        (None, "list of questions"),
    ],
)
def test_a_comparison_of_a_wrong_shape_is_told_and_nothing_is_asked(
    server, policy, compare, expected
):
    with dial(server) as connection:
        reply = ask(connection, PLAIN | {"studio": {"request_id": 1, "compare": compare}})
        assert expected in reply["studio"]["error"]
        assert "item" not in reply["studio"]
        assert "actions" in ask(connection, PLAIN)
    assert len(policy.seen) == 1


@pytest.mark.parametrize(
    "bad",
    [
        7,
        {"label": 3},
        {"label": "x" * 81},
        {"instruction": 4},
        {"trace": {}},
        {"trace": {"points": [[0, 0], [1e9, 0]]}},
        {"trace": {"points": [[float("nan"), 0], [1, 0]]}},
        {"trace": "a line"},
        {"secret": 1},
        {3: 4},
    ],
)
def test_a_damaged_question_is_told_by_its_number_and_the_others_are_answered(server, bad):
    with dial(server) as connection:
        connection.send(
            wire.pack(PLAIN | {"studio": {"request_id": 1, "compare": [GOOD, bad, GOOD]}})
        )
        replies = [wire.unpack(connection.recv(timeout=5))["studio"] for _ in range(3)]
        failed = [reply for reply in replies if "error" in reply]
        assert [reply["item"] for reply in failed] == [1]
        assert failed[0]["request_id"] == 1
        assert sorted(reply["item"] for reply in replies if "answer" in reply) == [0, 2]
        assert "actions" in ask(connection, PLAIN)


def test_a_comparison_costs_as_much_of_the_rate_as_its_questions(policy):
    with PolicyServer(policy, limits=Limits(rate=1e-3, burst=3)) as server, dial(server) as hasty:
        reply = ask(hasty, PLAIN | {"studio": {"request_id": 1, "compare": [GOOD] * 4}})
        assert "times a second" in reply["studio"]["error"]
    assert not policy.seen


def test_a_trace_beside_a_comparison_is_refused(server):
    beside = {"request_id": 1, "compare": [GOOD], "trace": {"points": [[0, 0], [9, 9]]}}
    with dial(server) as connection:
        reply = ask(connection, PLAIN | {"studio": beside})["studio"]
    assert "in its questions" in reply["error"]


@pytest.mark.parametrize(
    "studio",
    [
        {"error": "no", "request_id": 1, "item": 9},
        {"error": "no", "request_id": 1, "item": "two"},
        {"error": "no", "request_id": 1, "item": True},
        {"answer": {"request_id": 1}, "item": 0},
        {"answer": {"request_id": 1}},
    ],
)
def test_a_server_that_answers_a_comparison_oddly_is_a_sentence(studio):
    conversation = Conversation(1, [Question(), Question()])
    with pytest.raises(StudioError):
        conversation.read({"studio": studio})
    assert not conversation.results
