"""What a session recorded is asked again; every difference is found and said."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pytest

from core.decoding.sequences import recorded_episodes
from core.policy.local import load_policy
from core.policy.server import EMBEDDED_MODEL
from core.review.command import add_arguments, run_replay
from core.review.session import ReviewSession
from core.review.verify import check_checkpoint, compare, questions, verify
from core.session import events
from core.session.facts import checkpoint_hash
from core.types import ActionChunk, Decisions, StudioError, Trace, TraceSource
from main import main
from tests.core.review.recording import reasoning, record


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A session in which the embedded model thought, steered, and compared two plans."""
    policy = load_policy(str(EMBEDDED_MODEL), threads=1)
    (observation, trace), *_ = recorded_episodes()[0]
    line = Trace(points=trace.points, source=TraceSource.USER)
    words = "pick up the object"
    other = replace(observation, instruction=words)
    told = [
        (
            0.0,
            events.SessionStarted(
                policy="embedded", checkpoint=checkpoint_hash(EMBEDDED_MODEL), robot="lab"
            ),
        ),
        (1.0, events.Observed(request_id=1, observation=observation)),
        (1.1, events.Reasoned(reasoning=policy.infer(observation, request_id=1, session="a"))),
        (2.0, events.Observed(request_id=2, observation=observation)),
        (2.1, events.Steered(request_id=2, trace=line)),
        (
            2.2,
            events.Reasoned(reasoning=policy.infer(observation, line, request_id=2, session="a")),
        ),
        (3.0, events.Observed(request_id=3, observation=observation)),
        (
            3.1,
            events.Compared(
                request_ids=(3, 4), labels=("user", "first"), instructions=("x", words)
            ),
        ),
        (3.3, events.Reasoned(reasoning=policy.infer(other, request_id=4, session="a/1"))),
    ]
    return record(tmp_path_factory.mktemp("answered") / "real.mcap", told=told)


def test_the_same_weights_answer_the_same(answered, capsys):
    assert main(["replay", str(answered), "--verify", "--threads", "1"]) == 0
    said = capsys.readouterr().out
    assert "Same: 3 answers" in said
    assert "1 questions were never answered" in said


def test_a_difference_is_found_and_said(answered, tmp_path, monkeypatch, capsys):
    from core.policy import local

    infer = local.LocalPolicy.infer

    def other(self, *arguments, **options):
        answer = infer(self, *arguments, **options)
        if answer.request_id != 2:
            return answer
        actions = answer.chunk.actions.copy()
        actions[1, 2] = np.nextafter(actions[1, 2], 1)
        return replace(answer, chunk=ActionChunk(actions=actions))

    monkeypatch.setattr(local.LocalPolicy, "infer", other)
    target = tmp_path / "found.json"
    words = ["replay", str(answered), "--verify", "--threads", "1", "--json", str(target)]
    assert main(words) == 1
    said = capsys.readouterr().out
    assert "Request 2 at 2.200 s: other actions: 1 of 56 values, the first at 2, 3" in said
    assert target.exists()


def test_another_checkpoint_is_refused(recorded, capsys):
    assert main(["replay", str(recorded), "--verify"]) == 1
    assert "abababababab" in capsys.readouterr().err


def test_a_session_without_a_checkpoint_says_so(session, recorded):
    session.started = replace(session.started, checkpoint="")
    with pytest.raises(StudioError, match="any-checkpoint"):
        check_checkpoint(session, "00", "here")


def test_a_session_without_answers_verifies_nothing(tmp_path):
    session = ReviewSession(record(tmp_path / "empty.mcap", told=[]))
    with pytest.raises(StudioError, match="nothing to verify"):
        verify(session, None)
    session.close()


def test_questions_carry_what_was_asked(session):
    first, second, third = questions(session)
    assert [q.request.request_id for q in (first, second, third)] == [1, 2, 3]
    assert first.request.trace is None
    assert second.request.trace.points.shape == (2, 2)
    assert second.request.observation.frames[0].image.shape == (48, 64, 3)
    assert third.request.observation.instruction == "push the bowl"


def decided(answer, at):
    size = len(at)
    decisions = Decisions(
        at=np.array(at), seconds=np.zeros(size), confidence=np.full(size, 0.5, np.float32)
    )
    return replace(answer, decisions=decisions)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("tokens", lambda r: replace(r, text=r.text.replace("here", "hers"))),
        ("tokens", lambda r: replace(r, text=r.text + "x")),
        ("token places", lambda r: decided(r, [0, 5, 10])),
        ("depth", lambda r: replace(r, depth=None)),
        ("trace", lambda r: replace(r, traces=())),
        ("trace", lambda r: replace(r, traces=(Trace(points=np.array([[20.0, 30.5]])),))),
        ("actions", lambda r: replace(r, chunk=None)),
        ("actions", lambda r: replace(r, chunk=ActionChunk(actions=r.chunk.actions[:2]))),
        ("picture", lambda r: replace(r, model_image=r.model_image + 1)),
    ],
)
def test_every_part_is_compared(part, change):
    recorded = decided(reasoning(1), [0, 4, 10])
    assert compare(recorded, recorded) == []
    (found,) = compare(recorded, change(recorded))
    assert found.part == part


def test_times_and_warnings_may_differ():
    recorded = reasoning(1)
    assert compare(recorded, replace(recorded, timings={"total": 9.0}, warnings=("odd",))) == []


def test_without_verify_the_events_are_told(recorded, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run_replay(parser.parse_args([str(recorded)])) == 0
    said = capsys.readouterr().out
    assert "Stopped by operator (Esc)" in said
    assert "3.000 s  Run r1 started" in said
