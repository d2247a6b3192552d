from __future__ import annotations

import struct
import threading

import numpy as np
import pytest

from core.types import StudioError
from core.wire import MAX_MESSAGE_BYTES, WireError
from robot.sim.channel import Channel, ChannelClosedError
from robot.sim.serving import answer


@pytest.fixture
def ends():
    mine, theirs = Channel.pair()
    other = Channel(theirs)
    yield mine, other
    mine.close()
    other.close()


def test_messages_arrive_whole_and_in_order(ends):
    mine, other = ends
    big = np.arange(300_000, dtype=np.float32)
    sender = threading.Thread(target=lambda: (mine.send({"big": big}), mine.send("next")))
    sender.start()
    np.testing.assert_array_equal(other.receive(5.0)["big"], big)
    assert other.receive(5.0) == "next"
    sender.join()


def test_nothing_to_read_is_none(ends):
    assert ends[0].receive(0.0) is None


def test_a_gone_end_is_noticed_when_reading_and_writing(ends):
    mine, other = ends
    other.close()
    with pytest.raises(ChannelClosedError):
        mine.receive(1.0)
    with pytest.raises(ChannelClosedError):
        mine.send("x" * 100)


def test_reading_from_a_channel_closed_here_is_an_error(ends):
    ends[0].close()
    with pytest.raises(ChannelClosedError):
        ends[0].receive(0.1)


def test_an_absurd_length_is_refused():
    mine, theirs = Channel.pair()
    with theirs:
        theirs.sendall(struct.pack("<I", MAX_MESSAGE_BYTES + 1))
        with pytest.raises(WireError, match="over the limit"):
            mine.receive(1.0)
    mine.close()


def _refuse(_):
    raise StudioError("the hand is in the way")


def _fail(_):
    raise ValueError("odd")


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("double", {"id": 3, "result": {"value": 10}}),
        ("refuse", {"id": 3, "error": "the hand is in the way"}),
        ("fail", {"id": 3, "error": "the simulated lab cannot answer 'fail': odd"}),
    ],
)
def test_a_child_answers_each_request_once(ends, op, expected):
    mine, other = ends
    handlers = {"double": lambda r: {"value": 2 * r["x"]}, "refuse": _refuse, "fail": _fail}
    assert not answer(other, handlers, 0.0)
    mine.send({"id": 3, "op": op, "x": 5})
    assert answer(other, handlers, 1.0)
    assert mine.receive(1.0) == expected


def test_an_unknown_request_is_answered_with_an_error(ends):
    mine, other = ends
    mine.send({"id": 1, "op": "dance"})
    answer(other, {}, 1.0)
    assert "dance" in mine.receive(1.0)["error"]
