"""Writer, reader and repair: one file seen from all sides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader
from mcap_protobuf.decoder import DecoderFactory

from core.session.events import Attached, FrameSeen, Note, SessionStarted, StateSampled, describe
from core.session.mcap_file import CHUNK_LIMIT, McapFile
from core.session.reader import read_session, summarise
from core.session.repair import open_session, repair
from core.session.writer import SessionWriter
from core.types import StudioError
from tests.core.session.samples import camera, every_kind, frame, same, smooth_image, state

OLD = Path(__file__).resolve().parents[2] / "data" / "session-2026-11.mcap"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.mcap"


def write(path, events, metadata=None):
    writer = SessionWriter(path, metadata or {})
    for event in events:
        writer.put(event)
    return writer


def decoded(path):
    with path.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        messages = reader.iter_messages()
        decode = DecoderFactory()
        return [
            (
                channel.topic,
                message,
                json.loads(message.data)
                if channel.message_encoding == "json"
                else decode.decoder_for("protobuf", schema)(message.data),
            )
            for schema, channel, message in messages
        ]


def test_every_event_round_trips(path):
    events = every_kind()
    write(path, events).finish()

    assert all(map(same, read_session(path), events))
    assert len(list(read_session(path))) == len(events)


def test_live_pictures_round_trip_but_for_jpeg(path):
    event = FrameSeen(frame=frame("wrist", seq=2**33 + 5))
    write(path, [event]).finish()

    (back,) = read_session(path)
    assert (back.frame.camera, back.frame.seq, back.wall_ns) == ("wrist", 5, event.wall_ns)
    assert back.t_ns == back.frame.t_ns == event.frame.t_ns
    assert np.abs(back.frame.image.astype(int) - smooth_image()).mean() < 4
    assert list(read_session(path, frames=False)) == []


def test_file_has_another_name_until_it_is_finished(path):
    writer = write(path, [Note(text="a")])
    assert not path.exists()
    assert writer.file.part.name == "s.mcap.part"

    assert writer.finish() == path
    assert not writer.file.part.exists()


def test_nothing_is_overwritten(path):
    write(path, []).finish()
    with pytest.raises(FileExistsError):
        SessionWriter(path, {})

    other = path.with_name("t.mcap")
    open_writer = write(other, [])
    with pytest.raises(FileExistsError):
        SessionWriter(other, {})
    other.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        open_writer.finish()
    assert other.read_bytes() == b"mine"
    open_writer.abandon()


def test_decisive_events_are_on_the_disk_at_once(path):
    writer = write(path, [Note(text="a")])
    assert [event.text for event in read_session(writer.file.part)] == ["a"]
    writer.abandon()


def test_samples_reach_the_disk_in_time(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("core.session.writer.time.monotonic", lambda: now[0])
    writer = write(path, [StateSampled(state=state())])
    assert list(read_session(writer.file.part)) == []
    now[0] = 0.3
    writer.tick()
    assert len(list(read_session(writer.file.part))) == 1
    writer.abandon()


def test_foxglove_sees_traces_states_and_calibration(path):
    write(path, [*every_kind(), FrameSeen(frame=frame())]).finish()
    seen = {topic: message for topic, _, message in decoded(path)}

    assert seen["/camera/front"].format == "jpeg"
    assert seen["/observed/front"].format == seen["/model/input"].format == "png"
    # model units 0 and 255 are the centres of the first and the last pixel of 32 x 24
    (line,) = seen["/trace/user"].points
    assert (line.points[0].x, line.points[0].y) == (0.5, 23.5)
    assert "/trace/model" in seen
    assert seen["/robot/right/pose"].pose.orientation.w == 1.0
    assert [j.name for j in seen["/robot/right/joints"].joints][-1] == "gripper"
    assert seen["/camera/front/calibration"].K[:3] == camera().intrinsics[0].tolist()
    assert seen["/log"].message == describe(every_kind()[-1])
    assert seen["/model/depth"].encoding == "32FC1"


def test_both_clocks_are_kept(path):
    note = Note(text="x", t_ns=5, wall_ns=1_700_000_000_000_000_000)
    write(path, [note]).finish()
    for _, message, _ in decoded(path):
        assert (message.publish_time, message.log_time) == (note.t_ns, note.wall_ns)


def test_json_is_strict_where_numbers_are_not_finite(path):
    write(path, every_kind()).finish()
    for topic, message, _ in decoded(path):
        if topic.startswith("/events/"):
            json.loads(message.data, parse_constant=lambda name: pytest.fail(name))


def test_summary(path):
    write(path, [*every_kind(), FrameSeen(frame=frame())], {"git": "abc"}).finish()
    summary = summarise(path)
    assert summary.complete
    assert summary.frames == {"front": 1}
    assert summary.events["StepDone"] == 2
    assert summary.metadata["session"] == {"git": "abc"}
    assert summary.metadata["started"]["checkpoint"] == "ab" * 32
    assert json.loads(summary.metadata["started"]["cameras"])["front"]["width"] == 320


def unfinished(path, events):
    writer = write(path, events)
    writer.file.flush()
    writer.abandon()
    return writer.file.part


def test_repair_makes_a_readable_file(path):
    events = every_kind()
    part = unfinished(path, events)
    assert not summarise(part).complete

    assert open_session(path) == path
    assert not part.exists()
    assert all(map(same, read_session(path), events))
    summary = summarise(path)
    assert summary.complete
    assert int(summary.metadata["recovered"]["last_wall_ns"]) == events[-1].wall_ns
    assert len(decoded(path)) == int(summary.metadata["recovered"]["messages"])
    assert open_session(path) == path


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_truncated_file_gives_its_beginning(path, kept):
    events = every_kind()
    part = unfinished(path, events)
    data = part.read_bytes()
    part.write_bytes(data[: max(8, int(len(data) * kept))])

    found = list(read_session(part))
    assert all(map(same, found, events))
    assert len(found) < len(events)
    repair(part)
    assert summarise(path).complete
    assert len(list(read_session(path))) == len(found)


def test_damage_in_the_middle_gives_what_precedes_it(path):
    events = [Note(text=f"{n}") for n in range(20)]
    part = unfinished(path, events)
    data = bytearray(part.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff" * 40
    part.write_bytes(data)

    texts = [event.text for event in read_session(part)]
    assert 0 < len(texts) < 20
    assert texts == [f"{n}" for n in range(len(texts))]


def test_file_in_use_is_not_repaired(path):
    writer = write(path, [Note(text="a")])
    with pytest.raises(StudioError, match="still being written"):
        open_session(path)
    writer.abandon()


def test_repair_refuses_to_replace_a_session(path):
    part = unfinished(path, [Note(text="a")])
    path.write_bytes(b"another")
    with pytest.raises(StudioError, match="exists already"):
        repair(part)
    assert path.read_bytes() == b"another"


def test_left_over_of_an_interrupted_repair_does_no_harm(path):
    part = unfinished(path, [Note(text="a")])
    part.with_name("s.mcap.repair").write_bytes(b"half")
    assert open_session(part) == path
    assert sorted(p.name for p in path.parent.iterdir()) == ["s.mcap"]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 a zip file, not a session"])
def test_other_files_are_refused_with_a_sentence(path, content):
    path.write_bytes(content)
    with pytest.raises(StudioError, match="no session file"):
        list(read_session(path))


def test_missing_file_is_a_sentence(path):
    with pytest.raises(StudioError, match="cannot be opened"):
        summarise(path)
    with pytest.raises(StudioError, match="there is no session file"):
        open_session(path)


def test_full_disk_is_an_oserror_and_leaves_the_part(path, monkeypatch):
    writer = write(path, [Note(text="a")])

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(McapFile, "flush", full)
    with pytest.raises(OSError, match="No space"):
        writer.put(Note(text="b"))
    monkeypatch.undo()
    writer.abandon()
    assert [event.text for event in read_session(writer.file.part)][:1] == ["a"]


def test_chunks_are_small_however_the_messages_come(path):
    noise = np.random.default_rng(0).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
    file = McapFile(path)
    channel = file.channel("/x", "raw", "", "", b"")
    for size in (1, 100_000, 200_000, 100_000, 100_000, 1, 60_000, 60_000):
        file.add(channel, noise[:size], wall_ns=1, t_ns=1)
    file.finish()
    sizes = [r.uncompressed_size for r in chunks(path)]
    assert sum(sizes) > 620_000
    assert max(sizes) < CHUNK_LIMIT + 1_000
    assert len(sizes) == 4  # not one chunk for each message


def test_everything_is_synced_now_and_then(path, monkeypatch):
    now, synced = [0.0], []
    monkeypatch.setattr("core.session.writer.time.monotonic", lambda: now[0])
    writer = write(path, [])
    monkeypatch.setattr("core.session.mcap_file.os.fsync", synced.append)
    writer.put(StateSampled(state=state()))
    for now[0] in (0.5, 1.0, 1.5):
        writer.tick()
    assert not synced
    now[0] = 2.0
    writer.tick()
    writer.tick()
    assert len(synced) == 1
    writer.abandon()


def test_documents_are_attachments_also_after_repair(path):
    events = [Attached(name="consent", text="I “agree”.", media_type="text/markdown")]
    write(path, events).abandon()
    whole = open_session(path)
    with whole.open("rb") as stream:
        (found,) = make_reader(stream).iter_attachments()
    assert (found.name, found.media_type) == ("consent", "text/markdown")
    assert found.data.decode() == "I “agree”."
    assert found.log_time == events[0].wall_ns
    assert all(map(same, read_session(whole), events))
    assert summarise(whole).events == {"Attached": 1}


def test_a_file_of_an_earlier_version_is_read():
    """Written by the recorder as of commit 8f1512d, before documents, video and the workspace."""
    *found, seen = read_session(OLD)
    kinds = [type(event).__name__ for event in found]
    assert kinds == [type(e).__name__ for e in every_kind() if not isinstance(e, Attached)]
    assert isinstance(found[0], SessionStarted)
    assert found[0].workspace is None
    assert (seen.frame.camera, seen.frame.seq) == ("wrist", 3)
    assert summarise(OLD).frames == {"wrist": 1}


def chunks(path):
    with path.open("rb") as stream:
        reader = StreamReader(stream, emit_chunks=True)
        return [record for record in reader.records if isinstance(record, Chunk)]
