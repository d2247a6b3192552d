"""Episodes: what follows what, and what never goes away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import episode
from core.episode import Asked, EpisodeError, Episodes, Outcome, Steering


def begun(instruction: str = "lift it") -> Episodes:
    return episode.begin(
        Episodes(), number=1, instruction=instruction, rubric="Lift", t_ns=1_000_000_000
    )


def test_an_attempt_from_start_to_outcome() -> None:
    state = begun()
    assert state.current is not None
    assert state.current.seconds(3_500_000_000) == 2.5
    state = episode.grade(state, 1, progress=50, milestone="grasped")
    state = episode.end(state, 1, Outcome.FAILURE, t_ns=4_000_000_000)
    assert state.current is None
    assert state.last is not None
    assert (state.last.outcome, state.last.progress) == (Outcome.FAILURE, 50)
    assert state.last.seconds(9_000_000_000) == 3.0
    state = episode.begin(state, number=2, instruction="again", rubric="", t_ns=5)
    assert [attempt.number for attempt in state.episodes] == [1, 2]


def test_only_one_is_open() -> None:
    with pytest.raises(EpisodeError, match="Episode 1 is still open"):
        episode.begin(begun(), number=2, instruction="x", rubric="", t_ns=2)


def test_numbers_follow_each_other() -> None:
    ended = episode.end(begun(), 1, Outcome.SUCCESS, t_ns=2)
    for number in (1, 3):
        with pytest.raises(EpisodeError, match=f"Episode {number} cannot come after 1"):
            episode.begin(ended, number=number, instruction="x", rubric="", t_ns=3)
    with pytest.raises(EpisodeError, match="cannot come after 0"):
        episode.begin(Episodes(), number=0, instruction="x", rubric="", t_ns=3)
    later = episode.begin(Episodes(), number=7, instruction="x", rubric="", t_ns=3)
    assert later.numbered(7).is_open
    assert later.next_number == 8


def test_an_instruction_is_needed() -> None:
    with pytest.raises(EpisodeError, match="needs an instruction"):
        begun("  ")


def test_an_outcome_comes_only_after_a_start() -> None:
    with pytest.raises(EpisodeError, match="start one first"):
        episode.end(Episodes(), 1, Outcome.SUCCESS, t_ns=1)
    ended = episode.end(begun(), 1, Outcome.SUCCESS, t_ns=2)
    with pytest.raises(EpisodeError, match="start one first"):
        episode.end(ended, 1, Outcome.FAILURE, t_ns=3)


def test_a_revision_stands_behind_the_first_outcome() -> None:
    with pytest.raises(EpisodeError, match="still open"):
        episode.revise(begun(), 1, Outcome.SUCCESS, t_ns=2)
    ended = episode.end(begun(), 1, Outcome.SUCCESS, t_ns=2)
    with pytest.raises(EpisodeError, match="success already"):
        episode.revise(ended, 1, Outcome.SUCCESS, t_ns=3)
    revised = episode.revise(ended, 1, Outcome.DISCARDED, t_ns=3).numbered(1)
    assert [j.outcome for j in revised.judgements] == ["success", "discarded"]
    assert revised.ended_ns == 2


def test_notes_keep_every_version() -> None:
    state = episode.note(begun(), 1, remark=1, text=" slid ", t_ns=2)
    state = episode.note(state, 1, remark=2, text="hot", t_ns=3)
    state = episode.end(state, 1, Outcome.FAILURE, t_ns=4)
    state = episode.note(state, 1, remark=1, text="slid off", t_ns=5)
    assert [note.text for note in state.numbered(1).notes] == ["slid", "hot", "slid off"]
    assert [note.text for note in state.numbered(1).remarks] == ["slid off", "hot"]
    state = episode.note(state, 1, remark=2, text="", t_ns=6)
    assert [note.text for note in state.numbered(1).remarks] == ["slid off"]
    assert episode.next_remark(state.numbered(1)) == 3


@pytest.mark.parametrize(
    ("number", "remark", "text", "part"),
    [
        (2, 1, "x", "no episode 2"),
        (0, 1, "x", "no episode 0"),
        (1, 2, "x", "no remark 2"),
        (1, 0, "x", "no remark 0"),
        (1, 1, "  ", "empty"),
        (1, 1, "x" * 2001, "2,001 characters"),
    ],
)
def test_notes_that_do_not_fit(number: int, remark: int, text: str, part: str) -> None:
    with pytest.raises(EpisodeError, match=part):
        episode.note(begun(), number, remark=remark, text=text, t_ns=2)


@pytest.mark.parametrize("progress", [-1, 101])
def test_progress_has_a_range(progress: int) -> None:
    with pytest.raises(EpisodeError, match="expected 0 to 100"):
        episode.grade(begun(), 1, progress=progress)


def test_only_what_was_run_counts_as_steered() -> None:
    state = episode.ask(begun("a"), Asked(request_id=1, instruction="a"))
    state = episode.ask(state, Asked(request_id=2, instruction=" a "))
    state = episode.trace(state, 2)
    state = episode.ask(state, Asked(request_id=3, instruction="b"))
    assert steered(state) == set()
    state = episode.run(state, 1)
    state = episode.run(state, 99)
    assert steered(state) == set()
    state = episode.run(state, 2)
    assert steered(state) == {Steering.TRACE}
    assert steered(episode.run(state, 3)) == {Steering.TRACE, Steering.LANGUAGE}


def test_a_run_outside_an_episode_changes_nothing() -> None:
    state = episode.end(begun("a"), 1, Outcome.FAILURE, t_ns=2)
    state = episode.ask(state, Asked(request_id=1, instruction="b"))
    assert episode.run(state, 1) == state


def steered(state: Episodes) -> set[Steering]:
    assert state.current is not None
    return set(state.current.steered)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.sampled_from(["a", "b", ""])),
        st.tuples(st.just("end"), st.sampled_from(Outcome)),
        st.tuples(st.just("revise"), st.sampled_from(Outcome)),
        st.tuples(st.just("grade"), st.integers(-5, 105)),
        st.tuples(st.just("note"), st.integers(0, 4)),
        st.tuples(st.just("ask"), st.integers(1, 3)),
        st.tuples(st.just("run"), st.integers(1, 4)),
    ),
    max_size=40,
)


@given(OPERATIONS, st.integers(1, 4))
def test_whatever_is_done_nothing_is_lost(operations: list[tuple[str, object]], aim: int) -> None:
    state = Episodes()
    for t_ns, (name, value) in enumerate(operations):
        before = state
        try:
            state = apply(state, name, value, aim, t_ns)
        except EpisodeError:
            state = before
        assert len(state.episodes) >= len(before.episodes)
        numbers = [e.number for e in state.episodes]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        assert all(not e.is_open for e in state.episodes[:-1])
        for old, new in zip(before.episodes, state.episodes, strict=False):
            assert new.notes[: len(old.notes)] == old.notes
            assert new.judgements[: len(old.judgements)] == old.judgements
            assert new.steered >= old.steered
            assert (new.instruction, new.started_ns) == (old.instruction, old.started_ns)
            if name in ("end", "revise"):
                assert (new.progress, new.milestone) == (old.progress, old.milestone)


def apply(state: Episodes, name: str, value: object, aim: int, t_ns: int) -> Episodes:
    last = state.last
    number = last.number if last is not None else aim
    match name, value:
        case "begin", str():
            number = state.next_number if state.episodes else aim
            return episode.begin(state, number=number, instruction=value, rubric="", t_ns=t_ns)
        case "end", Outcome():
            return episode.end(state, number, value, t_ns=t_ns)
        case "revise", Outcome():
            return episode.revise(state, aim, value, t_ns=t_ns)
        case "grade", int():
            return episode.grade(state, aim, progress=value)
        case "note", int():
            return episode.note(state, aim, remark=value, text="x" * (value % 2), t_ns=t_ns)
        case "ask", int():
            return episode.ask(state, Asked(request_id=value, instruction="a", traced=value == 2))
        case _:
            assert isinstance(value, int)
            return episode.run(state, value)
