"""Live pictures as video: what is seen again, and from where a stream can be entered."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from core.session.client import RecorderClient
from core.session.events import FrameSeen, Note
from core.session.reader import read_session, summarise
from core.session.repair import open_session
from core.session.video import VideoDecoder, VideoEncoder, is_keyframe, last_picture
from core.session.writer import SessionWriter
from core.types import Frame, StudioError
from tests.core.session.samples import smooth_image
from tests.core.session.test_recorder import until
from tests.core.session.test_session_file import decoded

PERIOD_NS = 100_000_000


def scene(step: int) -> np.ndarray:
    return np.roll(smooth_image(48, 64), step, axis=1)


def encoded(count: int) -> list[bytes]:
    encoder = VideoEncoder()
    return [encoder.encode(scene(n), n * PERIOD_NS) for n in range(count)]


def test_each_message_is_one_picture_seen_at_once():
    decoder = VideoDecoder()
    for number, data in enumerate(encoded(25)):
        image = decoder.decode(data)
        assert image is not None
        assert not image.flags.writeable
        # a smooth picture; what is lost is colour at the seam of the rolled picture
        assert np.abs(image.astype(int) - scene(number)).mean() < 6


def test_there_is_a_keyframe_every_second_by_the_clock():
    keys = [number for number, data in enumerate(encoded(25)) if is_keyframe(data)]
    assert keys == [0, 9, 18]
    encoder = VideoEncoder()
    slow = [encoder.encode(scene(n), n * 20 * PERIOD_NS) for n in range(4)]
    assert all(map(is_keyframe, slow))


def test_a_clock_that_was_set_back_gives_a_keyframe():
    encoder = VideoEncoder()
    stream = [encoder.encode(scene(0), t) for t in (10**10, 10**10 + 1, 5, 6)]
    assert [is_keyframe(data) for data in stream] == [True, False, True, False]


def test_a_stream_is_entered_at_a_keyframe():
    stream = encoded(12)
    decoder = VideoDecoder()
    assert [decoder.decode(data) is None for data in stream[3:]] == [True] * 6 + [False] * 3
    from_start = VideoDecoder()
    whole = [from_start.decode(data) for data in stream]
    late = VideoDecoder()
    np.testing.assert_array_equal(late.decode(stream[9]), whole[9])


def test_one_picture_of_a_stream_is_found_from_its_keyframe():
    stream = encoded(16)
    decoder = VideoDecoder()
    whole = [decoder.decode(data) for data in stream]
    np.testing.assert_array_equal(last_picture(stream[:13]), whole[12])
    np.testing.assert_array_equal(last_picture(stream[4:14]), whole[13])
    assert last_picture(stream[10:14]) is None


def test_another_size_begins_anew_and_odd_sizes_lose_a_line():
    encoder, decoder = VideoEncoder(), VideoDecoder()
    decoder.decode(encoder.encode(scene(0), 0))
    data = encoder.encode(smooth_image(33, 41), 1)
    assert is_keyframe(data)
    image = decoder.decode(data)
    assert image is not None
    assert image.shape == (32, 40, 3)


def test_damage_is_a_sentence():
    decoder = VideoDecoder()
    data = encoded(1)[0]
    with pytest.raises(StudioError, match="damaged"):
        decoder.decode(data[:8] + b"\xff" * 40)


def record(path, count=12):
    writer = SessionWriter(path, {}, video=True)
    for number in range(count):
        for camera in ("front", "wrist"):
            frame = Frame(
                camera=camera, image=scene(number), t_ns=number * PERIOD_NS, seq=number + 5
            )
            writer.put(FrameSeen(frame=frame))
    writer.put(Note(text="end"))
    return writer


def test_a_session_with_video_reads_like_any_other(tmp_path):
    path = record(tmp_path / "s.mcap").finish()
    *frames, note = read_session(path)
    assert note.text == "end"
    assert [(e.frame.camera, e.frame.seq, e.t_ns) for e in frames[:4]] == [
        ("front", 5, 0),
        ("wrist", 5, 0),
        ("front", 6, PERIOD_NS),
        ("wrist", 6, PERIOD_NS),
    ]
    assert len(frames) == 24
    assert np.abs(frames[-1].frame.image.astype(int) - scene(11)).mean() < 6
    assert summarise(path).frames == {"front": 12, "wrist": 12}
    assert [event.text for event in read_session(path, frames=False)] == ["end"]


def test_a_client_can_be_told_to_film(tmp_path):
    client = RecorderClient(tmp_path, video=True)
    until(lambda: client.status().recording)
    for number in range(3):
        frame = Frame(camera="front", image=scene(number), t_ns=number * PERIOD_NS, seq=number)
        client.put(FrameSeen(frame=frame))
    status = client.close(60.0)
    assert status.drops == 0
    seen = [event.frame.seq for event in read_session(Path(status.path))]
    assert seen == [0, 1, 2]
    assert {m.format for topic, _, m in decoded(Path(status.path)) if "camera" in topic} == {"h264"}


def test_video_survives_a_kill(tmp_path):
    path = tmp_path / "s.mcap"
    record(path).abandon()
    assert len(list(read_session(open_session(path)))) == 25


def test_another_program_plays_what_is_in_the_messages(tmp_path):
    path = record(tmp_path / "s.mcap").finish()
    messages = [m for topic, _, m in decoded(path) if topic == "/camera/front"]
    assert {m.format for m in messages} == {"h264"}
    stream = io.BytesIO(b"".join(m.data for m in messages))
    with av.open(stream, format="h264") as container:
        pictures = list(container.decode(video=0))
    assert len(pictures) == 12
    assert PictureType.B not in {picture.pict_type for picture in pictures}
