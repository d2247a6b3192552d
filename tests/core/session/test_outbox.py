from __future__ import annotations

import pytest

from core.session.events import FrameSeen, Note, StateSampled
from core.session.outbox import FRAME_PATIENCE_S, Drops, Outbox
from tests.core.session.samples import frame, state

FRAME_BYTES = frame().image.nbytes


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch):
    monkeypatch.setattr("core.session.outbox.time.monotonic", lambda: 0.0)


def drain(outbox):
    outbox.close()
    events = []
    while not outbox.drained:
        events += outbox.take(0)
    return events


def test_order_is_kept_when_nothing_is_dropped():
    outbox = Outbox()
    events = [Note(text="a"), FrameSeen(frame=frame()), StateSampled(state=state())]
    for event in events:
        outbox.put(event)
    assert drain(outbox) == events
    assert outbox.dropped == 0


def test_oldest_pictures_go_first_and_events_never():
    outbox = Outbox(frame_bytes=2 * FRAME_BYTES)
    for number in range(5):
        outbox.put(FrameSeen(frame=frame(seq=number)))
        outbox.put(Note(text=f"{number}"))
    assert outbox.dropped == 3
    events = drain(outbox)
    assert [e.frame.seq for e in events if isinstance(e, FrameSeen)] == [3, 4]
    assert [e.text for e in events if isinstance(e, Note)] == ["0", "1", "2", "3", "4"]


def test_taken_pictures_free_their_place():
    outbox = Outbox(frame_bytes=FRAME_BYTES)
    for number in range(3):
        outbox.put(FrameSeen(frame=frame(seq=number)))
        assert [event.frame.seq for event in outbox.take(0)] == [number]
    assert outbox.dropped == 0


def test_pictures_that_waited_too_long_are_dropped(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("core.session.outbox.time.monotonic", lambda: now[0])
    outbox = Outbox()
    outbox.put(FrameSeen(frame=frame(seq=1)))
    outbox.put(Note(text="a"))
    now[0] = 0.6 * FRAME_PATIENCE_S
    outbox.put(FrameSeen(frame=frame(seq=2)))
    now[0] = 1.2 * FRAME_PATIENCE_S
    events = drain(outbox)
    assert [type(event) for event in events] == [Note, FrameSeen]
    assert outbox.dropped == 1


def test_what_comes_after_the_end_is_counted():
    outbox = Outbox()
    outbox.put(Note(text="a"))
    outbox.close()
    outbox.put(Note(text="b"))
    assert not outbox.drained
    outbox.clear()
    assert outbox.drained
    assert outbox.dropped == 2


def test_waiting_for_nothing_ends():
    assert Outbox().take(0.001) == []
    assert Outbox().take(0.001, linger=0.001) == []


def test_previews_go_before_frames_and_measurements_last():
    outbox = Outbox(frame_bytes=3 * FRAME_BYTES, samples=2)
    for number in range(4):
        for preview in (False, True):
            outbox.put(FrameSeen(frame=frame(seq=number), preview=preview))
        outbox.put(StateSampled(state=state()))
        outbox.put(Note(text=f"{number}"))
    assert outbox.drops == Drops(previews=4, frames=1, samples=2)
    events = drain(outbox)
    assert [(e.frame.seq, e.preview) for e in events if isinstance(e, FrameSeen)] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    assert [e.text for e in events if isinstance(e, Note)] == ["0", "1", "2", "3"]


def test_what_is_decisive_does_not_wait_for_others():
    outbox = Outbox()
    samples = [StateSampled(state=state()) for _ in range(3)]
    for sample in samples:
        outbox.put(sample)
    assert outbox.take(0, linger=0.01) == samples
    note = Note(text="a")
    outbox.put(samples[0])
    outbox.put(note)
    assert outbox.take(0, linger=60.0) == [samples[0], note]
