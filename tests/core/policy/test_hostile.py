"""Clients that mean harm or break off: told in a sentence or cut, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core import wire
from core.policy.client import RemotePolicy
from core.policy.limits import Limits, RateLimit
from core.policy.server import PolicyServer
from core.policy.session import Session
from core.policy.worker import Worker
from core.types import ActionChunk, Capabilities, Reasoning, StudioError

IMAGE = np.full((24, 32, 3), 7, np.uint8)
PLAIN = {"image": IMAGE, "prompt": "push"}


def dial(server, **options):
    opening = connect(server.url, compression=None, proxy=None, close_timeout=1, **options)
    connection = opening.__enter__()  # the test closes it
    connection.recv(timeout=5)
    return connection


def ask(connection, message):
    connection.send(message if isinstance(message, bytes) else wire.pack(message))
    reply = connection.recv(timeout=5)
    return reply if isinstance(reply, str) else wire.unpack(reply)


def status(server, **headers):
    request = urllib.request.Request(server.url.replace("ws", "http") + "/status", headers=headers)
    with urllib.request.urlopen(request, timeout=5) as reply:
        assert reply.headers["Content-Type"] == "application/json"
        return json.loads(reply.read())


def test_a_connection_that_asks_too_fast_is_told_and_may_ask_again(policy):
    with PolicyServer(policy, limits=Limits(rate=1e-3, burst=2)) as server:
        with dial(server) as hasty:
            assert "actions" in ask(hasty, PLAIN)
            assert "actions" in ask(hasty, PLAIN)
            assert "more than 0.001 times a second" in ask(hasty, PLAIN)
            reply = ask(hasty, {"studio": {"request_id": 3}})["studio"]
            assert "times a second" in reply["error"]
            assert reply["request_id"] == 3
        with dial(server) as patient:
            assert "actions" in ask(patient, PLAIN)


def test_the_bucket_fills_steadily():
    now = [0.0]
    limit = RateLimit(2.0, 3, clock=lambda: now[0])
    for _ in range(3):
        limit.take()
    with pytest.raises(StudioError, match="2 times a second"):
        limit.take()
    now[0] = 0.5
    limit.take()
    now[0] = 100.0
    for _ in range(3):
        limit.take()
    with pytest.raises(StudioError):
        limit.take()


def test_limits_that_let_nobody_in_are_refused():
    for wrong in ({"connections": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"burst": 0}):
        with pytest.raises(StudioError, match="positive"):
            Limits(**wrong)


def test_a_flood_of_connections_stops_at_the_limit(policy):
    with PolicyServer(policy, limits=Limits(connections=3)) as server:
        held = [dial(server) for _ in range(3)]
        for _ in range(5):
            with pytest.raises(InvalidStatus) as refusal:
                dial(server)
            assert refusal.value.response.status_code == 503
            assert b"connections are taken" in refusal.value.response.body
        with pytest.raises(StudioError, match="no connection to spare"):
            RemotePolicy(server.url)
        assert status(server)["sessions"] == 3
        assert "actions" in ask(held[0], PLAIN)
        for connection in held:
            connection.close()
        while status(server)["sessions"]:
            pass
        with dial(server) as connection:
            assert "actions" in ask(connection, PLAIN)


def test_the_status_tells_how_the_server_does(server, policy):
    assert status(server)["median_s"] is None
    with dial(server) as connection:
        assert "actions" in ask(connection, PLAIN)
        policy.failure = StudioError("no")
        assert ask(connection, PLAIN) == "no"
        told = status(server)
    assert told["name"] == "scripted"
    assert (told["answered"], told["failed"], told["cancelled"]) == (1, 1, 0)
    assert (told["waiting"], told["running"], told["max_batch"]) == (0, 0, 1)
    assert told["uptime_s"] > 0
    assert told["median_s"] >= 0


def test_the_status_needs_the_token(policy):
    with PolicyServer(policy, token="sesame") as server:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            status(server)
        assert status(server, Authorization="Bearer sesame")["sessions"] == 0


def test_a_client_that_answers_no_pings_is_left(policy):
    with PolicyServer(policy, limits=Limits(ping_every_s=0.05, ping_timeout_s=0.1)) as server:
        host, port = server.url.removeprefix("ws://").split(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            raw.settimeout(10)
            received = b""
            while data := raw.recv(65536):
                received += data
        assert b"keepalive ping timeout" in received


def test_an_oversized_observation_is_a_sentence_for_our_client(policy, observation):
    with (
        PolicyServer(policy, limits=Limits(message_bytes=1000)) as server,
        RemotePolicy(server.url) as remote,
        pytest.raises(StudioError, match=r"too large for the policy server|went away"),
    ):
        remote.infer(observation)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"trace": {"points": [[float("nan"), 1], [2, 3]]}}, "0..255"),
        ({"trace": {"points": np.full((2, 2), np.nan)}}, "0..255"),
        ({"trace": {"points": np.zeros((2, 3))}}, "expected (L, 2)"),
        ({"trace": {"points": np.zeros((9, 2))}}, "1 to 5 points"),
        ({"tarce": None}, "no key 'tarce'"),
        ({"observation": {"instruction": 3, "frames": [{"camera": "a"}]}}, "lacks"),
    ],
)
def test_what_a_request_should_not_say_is_a_sentence(server, request_, expected):
    with dial(server) as connection:
        reply = ask(connection, {"studio": {"request_id": 1, **request_}})["studio"]
        assert expected in reply["error"]
        assert "actions" in ask(connection, PLAIN)


class Pipe:
    """The server's end of a connection that delivers some messages and keeps what is sent."""

    def __init__(self, messages):
        self._messages, self.sent = messages, []

    async def __aiter__(self):
        for message in self._messages:
            yield message

    async def send(self, data):
        self.sent.append(data)


class Clogged(Pipe):
    """A connection whose other end reads nothing after the first frame."""

    def __init__(self, messages):
        super().__init__(messages)
        self.transport, self.aborted = self, 0

    async def send(self, data):
        if self.sent:
            await asyncio.Event().wait()
        await super().send(data)

    def abort(self):
        self.aborted += 1


def test_a_reader_that_reads_nothing_is_cut_off(policy_class, caplog):
    async def serve() -> Clogged:
        pipe = Clogged([b"\xc1"])
        with Worker(lambda requests: []) as worker:
            await Session(pipe, policy_class(), worker, Limits(send_s=0.02)).run()
        return pipe

    caplog.set_level(logging.WARNING)
    pipe = asyncio.run(serve())
    assert pipe.aborted == 1
    assert len(pipe.sent) == 1
    assert "does not read" in caplog.text


near = st.sampled_from(
    ["studio", "request_id", "observation", "trace", "points", "stream", "cancel", "image"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(near | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)
arrays = st.fixed_dictionaries(
    {b"__ndarray__": st.just(True)},
    optional={
        b"data": st.binary(max_size=20) | values,
        b"dtype": st.sampled_from(["<f4", "|u1", "O", "V4", "U3", "<c8", "S0", "", "f4,f4"])
        | values,
        b"shape": st.lists(st.integers(-2, 2**40), max_size=3) | values,
    },
)


@given(st.binary(max_size=200) | st.text() | (values | arrays).map(lambda v: wire.msgpack.packb(v)))
def test_any_bytes_are_a_message_or_a_wire_error(data):
    with suppress(wire.WireError):
        wire.unpack(data)


@given(st.lists(st.binary(max_size=60) | values.map(lambda v: wire.msgpack.packb(v)), max_size=5))
def test_a_session_outlives_any_bytes(policy_class, messages):
    async def serve() -> Pipe:
        pipe = Pipe(messages)
        with Worker(lambda requests: [Reasoning(request_id=0, text="")] * len(requests)) as worker:
            await Session(pipe, policy_class(), worker).run()
        return pipe

    for reply in asyncio.run(serve()).sent:
        if isinstance(reply, str):
            assert "Traceback" not in reply
        else:
            wire.unpack(reply)


@pytest.fixture(scope="module")
def policy_class():
    from tests.core.policy.conftest import ScriptedPolicy

    return ScriptedPolicy


class Batching:
    """Knows sessions and answers together whoever waits."""

    capabilities = Capabilities(name="batching", session=True)
    max_batch = 4

    def __init__(self):
        self.gate, self.started = threading.Event(), threading.Event()
        self.alone, self.together = [], []

    def infer(self, observation, trace=None, *, session, **_):
        self.alone.append(session)
        self.started.set()
        self.gate.wait(10)
        return self.answer(observation)

    def infer_many(self, requests):
        self.together.append([request.session for request in requests])
        return [self.answer(request.observation) for request in requests]

    def answer(self, observation):
        actions = np.full((1, 7), len(observation.instruction), float)
        return Reasoning(request_id=0, text="", chunk=ActionChunk(actions=actions))


def test_waiting_connections_are_answered_together_each_in_its_session():
    policy = Batching()
    with PolicyServer(policy) as server, ExitStack() as stack:
        first, *others = (stack.enter_context(dial(server)) for _ in range(4))
        first.send(wire.pack(PLAIN))
        assert policy.started.wait(10)
        for number, other in enumerate(others):
            other.send(wire.pack(PLAIN | {"prompt": "x" * (number + 1)}))
            assert ask(other, {"__ctrl__": "reset"}) == {"__ack__": "ignored"}  # it is in
        assert status(server)["waiting"] == 3
        policy.gate.set()
        for number, other in enumerate(others):
            assert wire.unpack(other.recv(timeout=5))["actions"][0, 0] == number + 1
        assert status(server)["largest_batch"] == 3
    names = policy.alone + policy.together[0]
    assert len(set(names)) == 4
    assert len(policy.together) == 1


def test_half_a_message_keeps_nobody_waiting(server):
    broken = dial(server)
    broken.socket.sendall(b"\x02\x84\0\0\0\0abcd")  # a first fragment, and no second one
    with dial(server) as connection:
        assert "actions" in ask(connection, PLAIN)
    broken.socket.shutdown(socket.SHUT_RDWR)
    with pytest.raises(ConnectionClosed):
        broken.recv(timeout=5)
