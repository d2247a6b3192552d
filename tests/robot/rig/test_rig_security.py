"""Who is let in, and what is done twice: tokens, origins, replayed messages and used plans."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.types import StudioError
from core.wire import pack, unpack
from robot.rig.client import RigClient
from robot.rig.messages import chunk_message
from robot.rig.sockets import RigSockets
from tests.robot.rig.hostile import TOKEN, Bench, answer_of, bench, good_chunk

# a client of websockets that is refused leaves its inner pair of sockets to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ROOT = Path(__file__).resolve().parents[3]
PATHS = ("control", "stop", "stream", "pulse")


@pytest.fixture
def rig() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN],
)
def test_every_path_asks_for_the_token(rig, path, header):
    headers = {"Authorization": header} if header is not None else None
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"{rig.url}/{path}", additional_headers=headers, proxy=None)
    assert refusal.value.response.status_code == 401
    assert TOKEN.encode() not in refusal.value.response.body


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8202", "null"])
def test_no_page_in_a_browser_is_let_in_even_with_the_token(rig, path, origin):
    with pytest.raises(InvalidStatus) as refusal, rig.dial(path, origin=origin):
        pass
    assert refusal.value.response.status_code == 403


def test_without_a_token_a_rig_listens_on_this_machine_only():
    with RigSockets("127.0.0.1", 0, None) as sockets:
        assert "127.0.0.1" in sockets.url
    for host in ("0.0.0.0", "::", ""):
        for token in (None, ""):
            with pytest.raises(StudioError, match="--token"):
                RigSockets(host, 0, token)


@pytest.mark.parametrize(
    "words",
    [("rig", "--lab", "ws://127.0.0.1:9"), ("rig", "--robot", "127.0.0.1"), ("serve",)],
)
def test_a_service_beyond_loopback_does_not_start_without_a_token(words):
    command = [sys.executable, "main.py", *words, "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert not done.stdout
    assert "--token" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_message_that_comes_again_is_refused(rig):
    with rig.dial("control") as control:
        home = pack({"id": 5, "op": "claim"})
        control.send(home)
        assert "result" in answer_of(control, 5)
        for number in (5, 4, 0, -1):
            control.send(pack({"id": number, "op": "home"}))
            assert "once" in answer_of(control, number)["error"]
        control.send(home)
        assert "once" in answer_of(control, 5)["error"]
    assert not rig.motions


def _plan(control, first: int) -> str:
    """Preview and arm a chunk with numbers from ``first`` on; return its digest."""
    control.send(pack({"id": first, "op": "preview", "chunk": chunk_message(good_chunk())}))
    digest = str(answer_of(control, first)["result"]["digest"])
    control.send(pack({"id": first + 1, "op": "arm", "digest": digest}))
    assert "result" in answer_of(control, first + 1)
    return digest


def test_a_plan_runs_once_and_for_its_owner_only(rig):
    with rig.dial("control") as control, rig.dial("control") as stranger:
        session = unpack(control.recv(timeout=5))["hello"]["session"]
        with rig.dial(f"pulse?session={session}") as pulse:
            pulse.send(pack({"n": 1, "held": True, "beat_ms": 0.0}))
            digest = _plan(control, 1)
            stranger.send(pack({"id": 1, "op": "run", "digest": digest}))
            assert "error" in answer_of(stranger, 1)
            assert not rig.motions
            pulse.send(pack({"n": 2, "held": True, "beat_ms": 0.0}))
            control.send(pack({"id": 10, "op": "run", "digest": digest}))
            assert "result" in answer_of(control, 10)
            moved = None
            for number in (11, 12):  # the same words under new numbers
                control.send(pack({"id": number, "op": "run", "digest": digest}))
                assert "error" in answer_of(control, number)
                moved = moved or len(rig.motions)
            assert len(rig.motions) == moved <= 1


def test_an_armed_plan_does_not_outlive_its_connection(rig):
    with rig.dial("control") as control:
        digest = _plan(control, 1)
    with RigClient(rig.url, TOKEN) as other, pytest.raises(StudioError):
        other.start(digest)
    assert not rig.motions


def test_nobody_beats_with_a_guessed_secret(rig):
    with rig.dial("control") as control:
        secret = unpack(control.recv(timeout=5))["hello"]["session"]
        assert len(secret) >= 16
        for guess in ("", "x", secret[:-1], secret.upper() + "0"):
            with rig.dial(f"pulse?session={guess}") as pulse, suppress(ConnectionClosed):
                pulse.send(pack({"n": 1, "held": True, "beat_ms": 0.0}))
        control.send(pack({"id": 1, "op": "home"}))
        assert "heartbeat" in answer_of(control, 1)["error"]
    assert not rig.motions
