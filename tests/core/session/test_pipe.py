from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.session.events import FrameSeen
from core.session.frame_encoder import FrameEncoder
from core.session.pictures import decode_picture
from core.session.pipe import (
    Unframer,
    event_message,
    frame_message,
    picture_message,
    read_event,
    read_picture,
)
from core.types import StudioError
from tests.core.session.samples import every_kind, frame, same


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_messages_survive_any_cutting(cuts):
    events = [*every_kind()[-3:], FrameSeen(frame=frame())]
    stream = b"".join(map(event_message, events))
    unframer, found, position, turn = Unframer(), [], 0, 0
    while position < len(stream):
        end = position + cuts[turn % len(cuts)]
        found += unframer.feed(stream[position:end])
        position, turn = end, turn + 1
    assert len(found) == len(events)
    assert all(same(read_event(m), e) for m, e in zip(found, events, strict=True))


def test_a_live_picture_travels_encoded():
    event = FrameSeen(frame=frame("wrist", seq=3))
    (message,) = Unframer().feed(picture_message(FrameEncoder().encode(event)))
    seen = read_picture(message)
    assert (seen.camera, seen.seq, seen.t_ns, seen.wall_ns) == ("wrist", 3, 1_003, event.wall_ns)
    assert np.abs(decode_picture(seen.data).astype(int) - event.frame.image).mean() < 4
    with pytest.raises(StudioError, match="damaged"):
        read_picture({"picture": {"camera": "wrist"}})


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 2**31) + b"x",
        struct.pack(">I", 3) + b"\xc1\xc1\xc1",
        frame_message([1, 2]),  # type: ignore[arg-type]
    ],
)
def test_damaged_stream_is_a_sentence(data):
    with pytest.raises(StudioError):
        list(Unframer().feed(data))
