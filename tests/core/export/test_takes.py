import numpy as np
import pytest

from core.episode import Outcome, Steering
from core.export.take import WHOLE, chosen
from core.export.takes import read_takes, takes_of
from core.session import events
from core.types import StudioError
from tests.core.export.sessions import NAME, ZERO_NS, no_episodes, two_episodes, write


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    return read_takes(write(tmp_path_factory.mktemp("s") / NAME, two_episodes()))


def test_only_steps_that_were_executed_are_taken(takes):
    first, second = takes
    assert [(s.run_id, s.step) for s in first.steps] == [
        ("r1", 0),
        ("r1", 1),
        ("r1", 2),
        ("r2", 0),
        ("r2", 1),
    ]
    assert len(second.steps) == 4
    assert np.allclose(first.steps[3].action, np.arange(7) / 1000 + 2)


def test_a_step_begins_where_the_one_before_ended_and_knows_the_state_by_then(takes):
    one, two = takes[0].steps[:2]
    assert (one.begun_ns - ZERO_NS) / 1e9 == pytest.approx(1.5)
    assert two.begun_ns == one.done_ns == ZERO_NS + 1_700_000_000
    assert one.before.q[0] == pytest.approx(1.4)
    assert two.before.q[0] == one.after.q[0] == pytest.approx(1.7)


def test_every_step_knows_which_trace_and_whose_words_it_followed(takes):
    first, second = takes
    assert [s.traced for s in first.steps] == [False] * 3 + [True] * 2
    assert [len(s.trace.points) for s in first.steps] == [2, 2, 2, 3, 3]
    assert not any(s.reworded for s in first.steps)
    assert all(s.reworded and s.intervened and not s.traced for s in second.steps)
    assert second.steps[0].instruction == "push the cube"
    assert first.steered == {Steering.TRACE}
    assert second.steered == {Steering.LANGUAGE}


def test_what_people_said_about_an_episode_is_there(takes):
    first, second = takes
    assert (first.outcome, first.progress) == (Outcome.SUCCESS, 85)
    assert (second.outcome, second.progress) == (Outcome.FAILURE, None)
    assert (first.plans, first.policy, first.robot) == (2, "embedded", "lab")
    assert first.seconds == pytest.approx(2.0)


def test_pauses_are_what_lies_between_the_runs(takes):
    assert [(round(a, 3), round(b, 3)) for a, b in takes[0].pauses()] == [(0.0, 0.5), (1.1, 1.6)]


def test_a_session_without_episodes_is_one_take():
    (take,) = takes_of("x.mcap", no_episodes())
    assert (take.number, take.instruction, len(take.steps)) == (WHOLE, "lift the cube", 2)
    assert take.outcome is None
    assert take.zero_ns == take.started_ns == ZERO_NS


def test_an_episode_and_a_run_that_the_end_of_the_file_cut_off_end_there():
    story = two_episodes()[:-3]
    second = takes_of("x.mcap", story)[1]
    assert second.outcome is None
    assert second.ended_ns == max(e.wall_ns for e in story)
    assert second.runs[-1][1] == second.ended_ns
    assert len(second.steps) == 3


def test_discarded_episodes_have_to_be_asked_for(takes):
    story = [
        *two_episodes(),
        events.EpisodeEnded(number=1, outcome=Outcome.DISCARDED, revised=True),
    ]
    takes = takes_of("x.mcap", story)
    assert [take.number for take in chosen(takes, (), discarded=False)] == [2]
    assert [take.number for take in chosen(takes, (), discarded=True)] == [1, 2]
    assert not chosen(takes, (1,), discarded=False)


def test_remarks_about_an_episode_of_an_earlier_file_are_passed_over():
    story = [events.EpisodeEnded(number=4, outcome=Outcome.SUCCESS), *no_episodes()]
    assert takes_of("x.mcap", story)[0].number == WHOLE


def test_events_that_contradict_each_other_are_said(tmp_path):
    from pathlib import Path

    story = [
        events.EpisodeStarted(number=1, instruction="a"),
        events.EpisodeStarted(number=2, instruction="b"),
    ]
    with pytest.raises(StudioError, match=r"x\.mcap contradicts itself"):
        takes_of(Path("x.mcap"), story)
