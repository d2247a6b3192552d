"""A session is looked at moment by moment, and only what is needed is read."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review.marks import MarkKind
from core.review.session import ReviewSession
from core.session import events
from core.session.reader import read_session
from core.types import StudioError
from tests.core.review import recording
from tests.core.review.recording import RATE, SECOND, START, record
from tests.core.session.samples import same


def at(seconds):
    return START + round(seconds * SECOND)


def test_it_knows_cameras_and_length(session):
    assert session.cameras == ("front", "wrist")
    assert session.seconds == pytest.approx(recording.LENGTH_S, abs=0.11)
    assert session.models["wrist"] is None
    assert session.metadata["session"]["program"] == "tests"


@pytest.mark.parametrize("seconds", [0.0, 0.04, 0.1, 3.149, 7.9, 99.0])
def test_a_picture_is_the_last_one_before_the_time(session, seconds):
    wanted = min(int(seconds * RATE + 1e-6), int(recording.LENGTH_S * RATE) - 1)
    for camera in session.cameras:
        frame = session.frame_at(camera, at(seconds))
        assert frame.seq == wanted
        assert np.abs(frame.image.astype(int) - recording.image(camera, wanted)).mean() < 2


def test_before_the_first_picture_there_is_none(session):
    assert session.frame_at("front", START - 1) is None
    assert session.frame_at("elsewhere", at(1)) is None
    assert session.state_at(START - 1) is None


@given(st.lists(st.integers(-SECOND, 9 * SECOND), min_size=1, max_size=30))
def test_any_order_of_seeks_gives_what_reading_in_order_gives(shared, times):
    session, in_order = shared
    for time in times:
        before = [e for e in in_order if e.wall_ns <= START + time]
        frames = [e for e in before if isinstance(e, events.FrameSeen)]
        expected = {e.frame.camera: e.frame.seq for e in frames}
        for camera in session.cameras:
            frame = session.frame_at(camera, START + time)
            assert (None if frame is None else frame.seq) == expected.get(camera)
        states = [e for e in before if isinstance(e, events.StateSampled)]
        state = session.state_at(START + time)
        assert same(state, states[-1].state if states else None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    path = record(tmp_path_factory.mktemp("shared") / "one.mcap")
    session = ReviewSession(path)
    yield session, list(read_session(path))
    session.close()


def test_stepping_goes_from_picture_to_picture(session):
    here = at(2.04)
    after = session.frame_time("front", here, forward=True)
    assert after == at(2.1)
    assert session.frame_time("front", after, forward=False) == at(2.0)
    assert session.frame_time("front", at(0), forward=False) is None
    assert session.frame_time("front", session.end_ns, forward=True) is None


def test_whole_events_are_what_a_reader_gives(session, recorded):
    whole = [session.whole(index) for index in range(len(session.events))]
    read = [
        e
        for e in read_session(recorded)
        if not isinstance(e, (events.FrameSeen, events.StateSampled))
    ]
    assert all(same(a, b) for a, b in zip(whole, read, strict=True))


def test_a_moment_has_the_question_the_plan_and_the_run(session):
    def kinds(seconds):
        moment = session.moment(at(seconds))
        numbers = (moment.question, moment.answer, moment.steering, moment.preview, moment.run)
        return [None if n is None else session.events[n] for n in numbers], moment

    (question, answer, *_), moment = kinds(0.9)
    assert question is None
    assert answer is None
    assert not len(moment.draft)
    (question, answer, *_), moment = kinds(1.2)
    assert question.request_id == 1
    assert answer is None
    assert moment.waiting
    assert moment.instruction == "lift the red cube"
    (_, answer, *_), moment = kinds(1.9)
    assert answer.reasoning.request_id == 1
    assert len(moment.draft) == 2
    (question, answer, steering, preview, run), moment = kinds(3.3)
    assert (question.request_id, answer.reasoning.request_id) == (2, 2)
    assert steering.request_id == 2
    assert preview.ok
    assert run.run_id == "r1"
    assert moment.steps_done == 1
    assert kinds(3.6)[1].run is None


def test_previews_of_other_plans_do_not_take_over(tmp_path):
    told = recording.story()
    preview = next(e for _, e in told if isinstance(e, events.Previewed))
    late = events.Previewed(chunk=preview.chunk, poses=preview.poses, ok=True, request_id=1)
    told.insert(9, (2.7, late))
    session = ReviewSession(record(tmp_path / "two.mcap", told=told))
    moment = session.moment(at(2.8))
    assert session.events[moment.answer].reasoning.request_id == 2
    session.close()


def test_marks_are_where_something_happened(session):
    marks = {(mark.kind, round((mark.wall_ns - START) / SECOND, 2)) for mark in session.marks}
    assert (MarkKind.EDIT, 1.8) in marks
    assert (MarkKind.STOP, 6.0) in marks
    assert (MarkKind.WARNING, 2.5) in marks
    assert (MarkKind.RUN, 3.0) in marks
    warning = next(mark for mark in session.marks if mark.kind == MarkKind.WARNING)
    assert warning.words == "The arm hardly moves."


def test_episodes_have_their_place(session):
    assert [span.episode.number for span in session.spans] == [1, 2]
    assert session.span_at(at(3)).episode.number == 1
    assert session.span_at(at(4.5)) is None
    assert session.spans[1].end_ns == at(7)


def test_an_unfinished_file_is_repaired(tmp_path):
    part = record(tmp_path / "cut.mcap", finish=False)
    with part.open("r+b") as stream:  # the power went in the midst of a chunk
        stream.truncate(part.stat().st_size - 100)
    session = ReviewSession(part)
    assert session.path == tmp_path / "cut.mcap"
    assert not part.exists()
    assert session.frame_at("front", at(3)).seq == 30
    assert "recovered" in session.metadata
    session.close()


def test_a_file_without_its_end_says_what_to_do(recorded):
    with recorded.open("r+b") as stream:
        stream.truncate(recorded.stat().st_size - 200)
    with pytest.raises(StudioError, match=r"one\.mcap\.part"):
        ReviewSession(recorded)


def test_something_else_is_no_session(tmp_path):
    path = tmp_path / "x.mcap"
    path.write_bytes(b"not a session")
    with pytest.raises(StudioError, match="no readable end"):
        ReviewSession(path)


def test_damage_in_the_middle_leaves_the_rest(recorded):
    session = ReviewSession(recorded)
    offset = session._archive._by_channel[session._archive.topics["/camera/front"]].chunks[5]
    session.close()
    with recorded.open("r+b") as stream:
        stream.seek(offset.chunk_start_offset + 60)
        stream.write(b"\xff" * 40)
    session = ReviewSession(recorded)
    assert "damaged at byte" in session.unread[0]
    with pytest.raises(StudioError, match="damaged at byte"):
        session.frame_at("front", offset.message_end_time)
    assert session.frame_at("front", at(7)).seq == 70
    session.close()


def test_opening_reads_a_small_part_of_the_file(recorded, monkeypatch):
    from core.review.archive import Archive

    read = []
    unpack = Archive._read_chunk
    monkeypatch.setattr(
        Archive, "_read_chunk", lambda self, chunk: read.append(chunk) or unpack(self, chunk)
    )
    session = ReviewSession(recorded)
    total = len(
        {c.chunk_start_offset for k in session._archive._by_channel.values() for c in k.chunks}
    )
    session.close()
    assert 0 < len(read) <= len(session.events) + 1
    assert len(read) < total


def test_an_event_of_a_newer_version_is_said(tmp_path, monkeypatch):
    from core.session import plain

    path = record(tmp_path / "new.mcap")
    known = dict(plain.EVENTS)
    del known["Stopped"]
    monkeypatch.setattr(plain, "EVENTS", known)
    session = ReviewSession(path)
    assert "Stopped" in session.unread[0]
    assert session.spans[1].episode.number == 2
    session.close()


def test_opening_can_be_given_up(recorded):
    def told(fraction):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ReviewSession(recorded, told)
    shutil.move(recorded, recorded.with_suffix(".other"))  # nothing holds it
