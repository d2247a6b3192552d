"""Rig and client over real sockets, with an arm that is none."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.types import ActionChunk, StudioError
from core.wire import pack, unpack
from robot.cameras.file import FileCamera
from robot.guard import Limits, RejectedError, Workspace
from robot.rig.client import RigClient
from robot.rig.messages import Fault, RunEnded, RunStarted, StateChanged, StepDone, Stopped
from robot.rig.rig import Rig
from robot.rig.rules import LAB
from robot.rig.sockets import RigSockets
from tests.robot.fake_robot import START, FakeRobot

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
)
TOKEN = "open sesame"


def chunk(steps, dx=0.01):
    actions = np.zeros((steps, 7))
    actions[:, 0], actions[:, 6] = dx, 1.0
    return ActionChunk(actions=actions)


def eventually(check, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def told(client, seconds=5.0):
    """Return the next event that is not about what the arm may do."""
    while isinstance(event := client.events.get(timeout=seconds), StateChanged):
        pass
    return event


@pytest.fixture
def arm():
    return FakeRobot()


@pytest.fixture
def url(arm, tmp_path):
    picture = tmp_path / "front.png"
    cv2.imwrite(str(picture), np.full((24, 32, 3), 90, np.uint8))
    with RigSockets("127.0.0.1", 0, TOKEN) as sockets:
        cameras = [FileCamera("front", str(picture))]
        watch = replace(LAB.watch, frozen_metres=np.inf)  # one picture, whatever the arm does
        rules = replace(LAB, watch=watch)
        rig = Rig(robot=arm, cameras=cameras, limits=LIMITS, home=np.zeros(7), rules=rules)
        try:
            sockets.serve(rig)
            yield sockets.url
        finally:
            arm.moving.set()
            rig.close()


@pytest.fixture
def client(url):
    with RigClient(url, TOKEN) as connected:
        yield connected


def raw(url, path, **kwargs):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return connect(f"{url}/{path}", additional_headers=headers, proxy=None, **kwargs)


def test_the_client_learns_what_the_rig_is(client):
    assert (client.kind, client.host, client.cameras) == ("real", "fake", {"front": None})
    assert client.workspace == ([0.3, -0.3, 0.03], [0.7, 0.3, 0.5])


def test_pictures_and_states_arrive(client):
    eventually(lambda: client.frames().get("front") is not None and client.state() is not None)
    assert client.frames()["front"].image.shape == (24, 32, 3)
    np.testing.assert_allclose(client.state().ee_pose[:3, 3], START)
    first = client.frames()["front"].seq
    eventually(lambda: client.frames()["front"].seq > first + 1)


def test_a_chunk_is_previewed_run_and_reported(client, arm):
    preview = client.preview(chunk(3))
    assert preview.verdict.ok
    assert arm.calls == []
    run_id = client.run(chunk(3))
    assert client.wait_ended(run_id, 5.0).reason == "done"
    kinds = [type(told(client)) for _ in range(5)]
    assert kinds == [RunStarted, StepDone, StepDone, StepDone, RunEnded]
    np.testing.assert_allclose(arm.pose, preview.poses[-1], atol=1e-12)


def test_the_rig_checks_again(client, arm):
    with pytest.raises(RejectedError) as caught:
        client.run(chunk(2, dx=0.3))
    assert caught.value.step == 0
    with pytest.raises(RejectedError, match="9 steps"):
        client.run(chunk(2), 9)
    assert arm.calls == []


def test_stop_has_a_connection_of_its_own_and_latches(client, arm):
    arm.moving.clear()
    run_id = client.run(chunk(2))
    client.stop("a test")
    assert client.wait_ended(run_id, 5.0).reason == "stopped"
    arm.moving.set()
    with pytest.raises(RejectedError, match="a test"):
        client.run(chunk(1))
    eventually(lambda: client.state() is not None and client.state().mode == "stopped")
    client.release_stop()
    assert client.wait_ended(client.run(chunk(1)), 5.0).reason == "done"


def test_a_client_that_vanishes_stops_its_run(url, client, arm):
    arm.moving.clear()
    other = RigClient(url, TOKEN)
    other.connect()
    other.run(chunk(2))
    other.close()
    eventually(lambda: "stop" in arm.calls)
    while not isinstance(event := client.events.get(timeout=5), Stopped):
        pass
    assert "connection" in event.by


def test_home_waits_until_the_arm_is_there(client, arm):
    client.home(open_gripper=True)
    assert arm.calls == ["open", "move_joints"]


def test_a_lost_arm_is_one_fault_and_the_rig_lives(client, arm):
    eventually(lambda: client.state() is not None)
    arm.lost = True
    event = told(client)
    assert isinstance(event, Fault)
    assert "lost" in event.sentence
    eventually(lambda: client.state().mode == "disconnected")
    with pytest.raises(StudioError, match="lost"):
        client.run(chunk(1))
    arm.lost = False
    client.release_stop()
    eventually(lambda: client.state().mode == "idle")


def test_a_rig_that_ends_is_a_fault_at_the_client(arm, tmp_path):
    with RigSockets("127.0.0.1", 0, None) as sockets:
        rig = Rig(robot=arm, cameras=[], limits=LIMITS, home=np.zeros(7), rules=LAB)
        sockets.serve(rig)
        client = RigClient(sockets.url)
        client.connect()
    rig.close()
    assert isinstance(told(client), Fault)
    assert not client.is_connected
    with pytest.raises(StudioError, match="lost"):
        client.run(chunk(1))
    with pytest.raises(StudioError, match="stop"):
        client.stop("a test")
    client.close()


def test_there_is_no_lab_on_a_real_arm(client):
    with pytest.raises(StudioError, match="real arm"):
        client.lab("objects")


def test_a_slow_reader_skips_pictures(url):
    with raw(url, "stream", max_size=None) as stream:
        first = unpack(stream.recv())
        stream.recv()
        time.sleep(0.4)  # two batches are underway; nothing else is sent until one is answered
        with pytest.raises(TimeoutError):
            stream.recv(timeout=0.05)
        stream.send(b"")
        batch = unpack(stream.recv(timeout=5))
        while not batch["frames"]:
            stream.send(b"")
            batch = unpack(stream.recv(timeout=5))
        assert batch["frames"][0]["seq"] > (first["frames"] or [{"seq": 0}])[0]["seq"] + 2


@pytest.mark.parametrize(
    "message",
    [
        b"\xff\xff",
        pack([1, 2]),
        pack({"id": 1}),
        pack({"id": 1, "op": "fly"}),
        pack({"id": 1, "op": ["run"]}),
        pack({"id": 1, "op": "run"}),
        pack({"id": 1, "op": "run", "chunk": {"actions": [[0] * 7], "rate_hz": 5}, "steps": "x"}),
        pack({"id": 1, "op": "lab", "arguments": 3}),
        "text",
    ],
)
def test_bad_requests_get_a_sentence_and_move_nothing(url, arm, message):
    with raw(url, "control") as control:
        assert "hello" in unpack(control.recv())
        control.recv()  # what the arm may do
        control.send(message)
        answer = unpack(control.recv(timeout=5))
        assert answer["error"]
        assert "Traceback" not in answer["error"]
    assert arm.calls == []


def test_the_stop_connection_takes_nothing_else(url, arm):
    with raw(url, "stop") as connection:
        connection.send(pack({"id": 1, "op": "home"}))
        assert "only" in unpack(connection.recv(timeout=5))["error"]
    assert arm.calls == []


def test_strangers_are_not_let_in(url):
    for token in (None, "wrong"):
        with pytest.raises(StudioError, match="token"):
            RigClient(url, token).connect()
    with pytest.raises(InvalidStatus), raw(url, "control", origin="http://example.com"):
        pass  # that would be a page in a browser
    with pytest.raises(InvalidStatus), raw(url, "elsewhere"):
        pass


def test_a_giant_request_ends_its_connection_only(url, client):
    with raw(url, "control") as control:
        control.recv()
        control.recv()
        control.send(b"x" * (2 << 20))
        with pytest.raises(ConnectionClosed):
            control.recv(timeout=5)
    assert client.preview(chunk(1)).verdict.ok


def test_a_port_in_use_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StudioError, match="--port"):
            RigSockets("127.0.0.1", taken.getsockname()[1], None)


def test_beyond_loopback_a_token_is_needed():
    with pytest.raises(StudioError, match="--token"):
        RigSockets("0.0.0.0", 0, None)


def test_no_rig_is_a_sentence():
    with pytest.raises(StudioError, match=r"main\.py rig"):
        RigClient("ws://127.0.0.1:9").connect()
