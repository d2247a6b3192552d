"""Episodes from the events of a session, and from its file."""

from __future__ import annotations

import numpy as np
import pytest

from core.episode import EpisodeError, Outcome, Steering
from core.session import events
from core.session.episodes import episodes_of
from core.session.reader import read_session
from core.session.writer import SessionWriter
from core.types import ActionChunk, Observation, Trace, TraceSource
from tests.core.session.samples import frame


def asked(request_id, instruction):
    observation = Observation(frames=(frame(),), instruction=instruction)
    return events.Observed(request_id=request_id, observation=observation)


def run(request_id):
    chunk = ActionChunk(actions=np.zeros((2, 7)))
    return events.ChunkStarted(run_id=str(request_id), chunk=chunk, steps=2, request_id=request_id)


def session():
    line = Trace(points=np.array([[0.0, 0.0], [9.0, 9.0]]), source=TraceSource.USER)
    return [
        events.EpisodeStarted(number=1, instruction="lift it", rubric="Lift", t_ns=10),
        asked(1, "lift it"),
        run(1),
        events.EpisodeNoted(number=1, remark=1, text="slips", t_ns=20),
        asked(2, "lift it"),
        events.Steered(request_id=2, trace=line),
        run(2),
        events.EpisodeProgressed(number=1, progress=50, milestone="grasped", rubric="Lift"),
        events.EpisodeEnded(number=1, outcome=Outcome.SUCCESS, progress=50, t_ns=30),
        events.EpisodeStarted(number=2, instruction="lift it", t_ns=40),
        asked(3, "grab it"),
        run(3),
        events.EpisodeEnded(number=2, outcome=Outcome.INTERRUPTED, t_ns=50),
        events.EpisodeEnded(number=1, outcome=Outcome.DISCARDED, revised=True, t_ns=60),
        events.EpisodeNoted(number=1, remark=1, text="slips away", t_ns=70),
    ]


def test_the_file_tells_the_same_story(tmp_path):
    story = session()
    writer = SessionWriter(tmp_path / "s.mcap", {})
    for event in story:
        writer.put(event)
    writer.finish()

    state = episodes_of(read_session(tmp_path / "s.mcap"))
    assert state == episodes_of(story)
    first, second = state.episodes
    assert [j.outcome for j in first.judgements] == [Outcome.SUCCESS, Outcome.DISCARDED]
    assert (first.progress, first.milestone, first.rubric) == (50, "grasped", "Lift")
    assert [note.text for note in first.notes] == ["slips", "slips away"]
    assert (first.started_ns, first.ended_ns) == (10, 30)
    assert first.steered == {Steering.TRACE}
    assert second.steered == {Steering.LANGUAGE}
    assert second.outcome is Outcome.INTERRUPTED


def test_a_plan_of_a_comparison_steers_by_its_own_words():
    story = [
        events.EpisodeStarted(number=1, instruction="lift it"),
        asked(4, "lift it"),
        events.Compared(
            request_ids=(4, 5), labels=("model", "first"), instructions=("lift it", "grab it")
        ),
    ]
    assert episodes_of([*story, run(4)]).episodes[0].steered == set()
    assert episodes_of([*story, run(5)]).episodes[0].steered == {Steering.LANGUAGE}


def test_decisive_episode_events_are_on_the_disk_at_once(tmp_path):
    writer = SessionWriter(tmp_path / "s.mcap", {})
    writer.put(events.EpisodeStarted(number=1, instruction="lift it"))
    assert episodes_of(read_session(writer.file.part)).current is not None
    writer.abandon()


def test_a_file_that_begins_in_the_midst_tells_what_it_has():
    story = session()[4:]
    state = episodes_of(story)
    assert [attempt.number for attempt in state.episodes] == [2]
    assert state.episodes[0].steered == {Steering.LANGUAGE}


def test_a_story_that_does_not_fit_is_a_sentence():
    begun = events.EpisodeStarted(number=1, instruction="lift it")
    ended = events.EpisodeEnded(number=1, outcome=Outcome.SUCCESS)
    with pytest.raises(EpisodeError, match="start one first"):
        episodes_of([begun, ended, ended])
