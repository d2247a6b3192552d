"""The server over real sockets: what a plain openpi client, a stranger and a crowd get."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core import wire
from core.policy.base import Cancelled
from core.policy.limits import Limits
from core.policy.messages import observation_to_message
from core.policy.server import PolicyServer
from core.policy.worker import MAX_QUEUED
from core.types import StudioError

IMAGE = np.full((24, 32, 3), 7, np.uint8)


def dial(server, **options):
    opening = connect(server.url, compression=None, proxy=None, close_timeout=1, **options)
    connection = opening.__enter__()  # the test closes it
    metadata = wire.unpack(connection.recv(timeout=5))
    return connection, metadata


def ask(connection, message):
    connection.send(message if isinstance(message, (bytes, str)) else wire.pack(message))
    reply = connection.recv(timeout=5)
    return reply if isinstance(reply, str) else wire.unpack(reply)


def plain(prompt="push", **changes):
    return {"image": IMAGE, "wrist_image": IMAGE, "prompt": prompt} | changes


def works(server):
    connection, _ = dial(server)
    with connection:
        reply = ask(connection, plain("still here"))
    return reply["actions"][0, 0] == len("still here")


def test_metadata_comes_first_and_tells_the_capabilities(server):
    connection, metadata = dial(server)
    connection.close()
    assert metadata["capabilities"]["trace_in"] is True
    assert metadata["capabilities"]["chunk"] == 3
    assert metadata["studio"]["version"] == 1


@pytest.mark.parametrize("key", ["image", "observation/image", "observation/exterior_image_1_left"])
def test_a_plain_client_gets_actions_and_timing(server, policy, key):
    connection, _ = dial(server)
    with connection:
        reply = ask(connection, {key: IMAGE, "prompt": "push"})
        assert set(reply) == {"actions", "server_timing"}
        assert reply["actions"].shape == (3, 7)
        assert reply["server_timing"]["infer_ms"] >= 0
        again = ask(connection, plain("push it"))
        assert again["actions"][0, 0] == 7
        assert again["server_timing"]["prev_total_ms"] >= 0
    assert [len(seen.frames) for seen in policy.seen] == [1, 2]


def test_floating_and_channel_first_images_are_understood(server, policy):
    floating = np.full((3, 24, 32), 0.5, np.float32)
    connection, _ = dial(server)
    with connection:
        assert "actions" in ask(connection, plain(image=floating))
    image = policy.seen[0].frames[0].image
    assert image.shape == (24, 32, 3)
    assert image.dtype == np.uint8
    assert image[0, 0, 0] == 128


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"prompt": "push"}, "no main image"),
        ({"image": IMAGE}, "no instruction"),
        ({"image": IMAGE, "prompt": 3}, "no instruction"),
        (plain(""), "instruction is empty"),
        (plain("x" * 5000), "5000 characters"),
        (plain(image=IMAGE.astype(np.int64)), "int64"),
        (plain(image=IMAGE.astype(np.float32) * 9), "outside 0..1"),
        (plain(image=np.full((24, 32, 3), np.nan)), "outside 0..1"),
        (plain(image=IMAGE[:0]), "pixels"),
        (plain(image=IMAGE[..., 0]), "three axes"),
        (plain(image=np.array([["a"]])), "three axes"),
        (plain(image="picture"), "three axes"),
        (plain(wrist_image=IMAGE[:3]), "wrist_image"),
        ([1, 2], "a map"),
        (7, "a map"),
        ({"studio": 4}, "is a map"),
        (b"", "cannot be read"),
        (b"\xc1\xff\x00garbage", "cannot be read"),
        (wire.pack(plain())[:-100], "cannot be read"),
        ("a text frame", "cannot be read"),
        (b"\x91" * 5000, "cannot be read"),
    ],
)
def test_a_bad_message_gets_a_sentence_and_the_connection_lives(server, message, expected):
    connection, _ = dial(server)
    with connection:
        reply = ask(connection, message)
        assert isinstance(reply, str)
        assert expected in reply
        assert "Traceback" not in reply
        assert "actions" in ask(connection, plain())


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, "request_id"),
        ({"request_id": "7"}, "request_id"),
        ({"request_id": -1}, "request_id"),
        ({"request_id": 1}, "no main image"),
        ({"request_id": 1, "observation": 5}, "damaged"),
        ({"request_id": 1, "observation": {"frames": []}}, "lacks"),
        ({"request_id": 1, "trace": {"points": [[300, 0]]}}, "0..255"),
        ({"request_id": 1, "trace": {"points": "abc"}}, "damaged"),
        ({"request_id": 1, "trace": [1]}, "damaged"),
    ],
)
def test_a_bad_studio_request_gets_a_sentence(server, request_, expected):
    connection, _ = dial(server)
    with connection:
        reply = ask(connection, {"studio": request_})["studio"]
        assert expected in reply["error"]
        assert reply["cancelled"] is False


def test_an_inner_failure_is_told_without_a_traceback(server, policy, caplog):
    policy.failure = RuntimeError("secret path /root")
    connection, _ = dial(server)
    with connection:
        reply = ask(connection, plain())
    assert "RuntimeError" in reply
    assert "secret" not in reply
    assert "secret" in caplog.text


def test_an_answer_without_actions_is_an_error_for_a_plain_client(server, policy):
    policy.error = "The answer's trace is cut off."
    connection, _ = dial(server)
    with connection:
        assert ask(connection, plain()) == "The answer's trace is cut off."


def test_an_oversized_message_closes_only_its_connection(server):
    connection, _ = dial(server)
    with pytest.raises(ConnectionClosed):
        ask(connection, b"\0" * (Limits().message_bytes + 1))
    assert works(server)


def test_half_a_frame_and_a_broken_handshake_harm_nobody(server):
    host, port = server.url.removeprefix("ws://").split(":")
    for data in (b"", b"GET / HTTP/1.1\r\nHost:", b"\x16\x03\x01\x02\x00garbage\r\n\r\n"):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(data)
    connection, _ = dial(server)
    # masked and small enough, so the server waits for the rest of it
    connection.socket.sendall(b"\x82\xff\x00\x00\x00\x00\x00\x10\x00\x00maskhalf")
    connection.socket.shutdown(socket.SHUT_RDWR)
    assert works(server)


def test_leaving_stops_the_inference(server, policy):
    policy.gate.clear()
    connection, _ = dial(server)
    connection.send(wire.pack(plain("never")))
    assert policy.started.acquire(timeout=5)
    connection.socket.shutdown(socket.SHUT_RDWR)
    assert policy.ended.acquire(timeout=5)
    policy.gate.set()
    assert works(server)


def test_inference_runs_in_its_own_thread_and_health_answers_meanwhile(server, policy):
    policy.gate.clear()
    connection, _ = dial(server)
    with connection:
        connection.send(wire.pack(plain()))
        assert policy.started.acquire(timeout=5)
        url = server.url.replace("ws", "http") + "/healthz"
        with urllib.request.urlopen(url, timeout=5) as reply:
            assert reply.status == 200
        policy.gate.set()
        connection.recv(timeout=5)
    assert policy.thread_names == {"inference"}


def test_connections_take_turns(server, policy):
    policy.gate.clear()
    greedy, _ = dial(server)
    modest, _ = dial(server)
    with greedy, modest:
        for name in ("g1", "g2", "g3"):
            greedy.send(wire.pack(plain(name)))
        assert policy.started.acquire(timeout=5)
        assert ask(greedy, {"__ctrl__": "episode_start"}) == {"__ack__": "ignored"}  # g2, g3 are in
        modest.send(wire.pack(plain("m1")))
        assert ask(modest, {"__ctrl__": "episode_start"}) == {"__ack__": "ignored"}
        policy.gate.set()
        modest.recv(timeout=5)
        for _ in range(3):
            greedy.recv(timeout=5)
    assert policy.order == ["g1", "g2", "m1", "g3"]


def test_too_many_requests_of_one_connection_are_refused(server, policy):
    policy.gate.clear()
    connection, _ = dial(server)
    with connection:
        for _ in range(MAX_QUEUED):
            connection.send(wire.pack(plain()))
        assert "waiting already" in ask(connection, plain())
        policy.gate.set()
        for _ in range(MAX_QUEUED):
            assert "actions" in wire.unpack(connection.recv(timeout=5))


def test_a_waiting_request_is_cancelled_at_once(server, policy, observation):
    policy.gate.clear()
    connection, _ = dial(server)
    request = {"observation": observation_to_message(observation)}
    with connection:
        connection.send(wire.pack({"studio": request | {"request_id": 1}}))
        assert policy.started.acquire(timeout=5)
        connection.send(wire.pack({"studio": request | {"request_id": 2}}))
        reply = ask(connection, {"studio": {"cancel": 2}})["studio"]
        assert (reply["request_id"], reply["cancelled"]) == (2, True)
        reply = ask(connection, {"studio": request | {"request_id": 1}})["studio"]
        assert "already" in reply["error"]
        reply = ask(connection, {"studio": {"cancel": 1}})["studio"]
        assert (reply["request_id"], reply["cancelled"]) == (1, True)
    assert str(Cancelled()) in reply["error"]


def test_a_web_page_is_turned_away(server):
    with pytest.raises(InvalidStatus) as refusal:
        dial(server, origin="https://example.org")
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        ("Api-Key sesame", True),
        ("Bearer sesame", True),
        ("Api-Key nonsense", False),
        ("Basic sesame", False),
        ("Api-Key sesam\u00e9", False),
        (None, False),
    ],
)
def test_a_token_is_asked_for(policy, header, admitted):
    with PolicyServer(policy, token="sesame") as server:
        headers = None if header is None else {"Authorization": header}
        if admitted:
            connection, _ = dial(server, additional_headers=headers)
            connection.close()
        else:
            with pytest.raises(InvalidStatus) as refusal:
                dial(server, additional_headers=headers)
            assert refusal.value.response.status_code == 401
        url = server.url.replace("ws", "http")
        with urllib.request.urlopen(url + "/healthz", timeout=5) as reply:
            assert reply.status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(url, timeout=5)


def test_beyond_loopback_a_token_is_needed(policy):
    with pytest.raises(StudioError, match="--token"):
        PolicyServer(policy, host="0.0.0.0")


def test_a_taken_port_is_a_sentence(policy, server):
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(StudioError, match=f"port {port}"):
        PolicyServer(policy, port=port)
    with pytest.raises(StudioError, match="99999"):
        PolicyServer(policy, port=99999)


def test_closing_ends_a_running_request(policy):
    policy.gate.clear()
    server = PolicyServer(policy)
    connection, _ = dial(server)
    connection.send(wire.pack(plain()))
    assert policy.started.acquire(timeout=5)
    server.close()
    assert policy.ended.acquire(timeout=5)
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=5)
    connection.close()
