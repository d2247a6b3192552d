"""The recorder as a process: what survives when one side or the other is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.session.client import RecorderClient
from core.session.events import FrameSeen, Note, StateSampled
from core.session.outbox import Outbox
from core.session.reader import read_session, summarise
from core.session.repair import open_session
from tests.core.session.samples import every_kind, frame, same, state

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


@pytest.fixture
def client(tmp_path):
    client = RecorderClient(tmp_path / "sessions", {"studio": "test"})
    yield client
    client.close(PATIENCE_S)


def texts(path):
    return [event.text for event in read_session(path, frames=False) if isinstance(event, Note)]


def test_a_session_from_start_to_end(client):
    events = every_kind()
    for event in events:
        client.put(event)
    client.put(FrameSeen(frame=frame()))  # there is no file yet: not even a drop
    until(lambda: client.status().recording)
    status = client.close(PATIENCE_S)

    assert status.error == ""
    assert client.unsaved() == []
    assert not status.recording
    assert status.drops == 0
    path = Path(status.path)
    assert path.suffix == ".mcap"
    assert status.bytes > 0
    assert all(map(same, read_session(path, frames=False), events))
    summary = summarise(path)
    assert summary.complete
    assert summary.frames == {}
    assert summary.metadata["session"]["studio"] == "test"
    assert summary.metadata["session"]["git"]


def test_killed_recorder_is_reported_and_leaves_a_readable_file(client):
    client.put(Note(text="decisive"))
    client.put(StateSampled(state=state()))
    part = Path(until(lambda: client.status().path))
    until(lambda: len(list(read_session(part))) == 2)  # the sample was flushed by the clock
    client._process.send_signal(signal.SIGKILL)

    error = until(lambda: client.status().error)
    assert str(part) in error
    client.put(Note(text="too late"))
    assert [event.text for event in client.unsaved()] == ["too late"]
    assert not client.status().recording
    assert client.status().drops >= 1
    whole = open_session(part)
    assert summarise(whole).complete
    assert texts(whole) == ["decisive"]


_STUDIO = """
import sys, time
from pathlib import Path
from core.session.client import RecorderClient
from core.session.events import Note
client = RecorderClient(Path(sys.argv[1]))
client.put(Note(text="before"))
while not client.status().recording: time.sleep(0.02)
print(client._process.pid, flush=True)
for number in range(1000000):
    client.put(Note(text=f"{number}"))
    time.sleep(0.01)
"""


def test_killed_studio_leaves_a_finished_file(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _STUDIO, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as studio:
        recorder = int(studio.stdout.readline())
        until(lambda: list(tmp_path.glob("*.part")) and len(texts(*tmp_path.glob("*.part"))) > 5)
        studio.kill()
    (path,) = until(lambda: list(tmp_path.glob("*.mcap")))

    assert summarise(path).complete
    found = texts(path)
    assert found[0] == "before"
    assert found[1:] == [f"{number}" for number in range(len(found) - 1)]
    until(lambda: not _alive(recorder))


def test_hung_recorder_costs_pictures_but_no_events(tmp_path):
    image_bytes = frame().image.nbytes
    client = RecorderClient(tmp_path, outbox=Outbox(frame_bytes=5 * image_bytes))
    until(lambda: client.status().recording)
    os.kill(client._process.pid, signal.SIGSTOP)
    for number in range(80):  # more than the pipe holds
        client.put(FrameSeen(frame=frame(seq=number)))
        client.put(Note(text=f"{number}"))
    dropped = client.status().drops
    assert dropped > 0
    os.kill(client._process.pid, signal.SIGCONT)
    status = client.close(PATIENCE_S)

    path = Path(status.path)
    assert texts(path)[:80] == [f"{number}" for number in range(80)]
    # those that waited grew too old as well
    assert summarise(path).frames["front"] == 80 - status.drops
    assert status.drops >= dropped
    assert f"{status.drops} live pictures were left out" in texts(path)[-1]


def test_hung_recorder_does_not_hold_up_closing(tmp_path):
    client = RecorderClient(tmp_path)
    client.put(Note(text="a"))
    part = Path(until(lambda: client.status().path))
    until(lambda: texts(part) == ["a"])
    os.kill(client._process.pid, signal.SIGSTOP)
    status = client.close(timeout=0.2)
    assert "repair" in status.error
    assert texts(open_session(part)) == ["a"]


def test_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    client = RecorderClient(tmp_path / "file")
    error = until(lambda: client.status().error)
    assert "cannot be written" in error
    client.put(Note(text="the studio goes on"))
    assert client.close(PATIENCE_S).error == error


def test_missing_program_is_a_sentence(tmp_path):
    client = RecorderClient(tmp_path, command=["/nowhere/recorder"])
    early = Note(text="before anybody knows")
    client.put(early)
    assert "cannot be started" in until(lambda: client.status().error)
    late = Note(text="after that")
    client.put(late)
    assert client.close().drops == 2
    assert client.unsaved() == [early, late]


def test_repair_command(tmp_path, capsys):
    import main
    from core.session.writer import SessionWriter

    writer = SessionWriter(tmp_path / "s.mcap", {})
    writer.put(Note(text="a"))
    writer.abandon()
    assert main.main(["record", "--repair", str(tmp_path / "s.mcap")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "s.mcap")
    assert main.main(["record", "--repair", str(tmp_path / "none.mcap")]) == 1
    assert "there is no session file" in capsys.readouterr().err


def _alive(pid):
    try:
        os.kill(pid, 0)
        state_line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state_line.rpartition(")")[2].split()[0] != "Z"
