"""The client against our server, plain openpi servers, and servers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from core import wire
from core.policy.base import Cancelled
from core.policy.client import RemotePolicy
from core.policy.server import PolicyServer
from core.types import RobotState, StudioError


@contextmanager
def foreign_server(behave: Callable[[ServerConnection], None]) -> Iterator[str]:
    """A WebSocket server that does whatever ``behave`` says on each connection."""
    with serve(behave, "127.0.0.1", 0, compression=None, close_timeout=1) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_an_answer_arrives_whole(server, policy, observation, drawn):
    with RemotePolicy(server.url) as remote:
        assert remote.capabilities == policy.capabilities
        answer = remote.infer(observation, drawn, request_id=42)
    assert answer.request_id == 42
    assert answer.text == "done"
    assert answer.chunk is not None
    assert answer.chunk.actions.shape == (3, 7)
    assert answer.depth_map is not None
    assert answer.depth_map.metric
    assert answer.steered_by is not None
    assert np.array_equal(answer.steered_by.points, drawn.points)
    assert np.array_equal(answer.model_image, observation.frames[0].image)
    assert answer.warnings == ("a doubt",)
    seen = policy.seen[0]
    assert [frame.camera for frame in seen.frames] == ["front", "wrist"]
    assert np.array_equal(seen.frames[1].image, observation.frames[1].image)


def test_stages_arrive_before_the_answer_and_pictures_only_once(server, policy, observation):
    policy.gate.clear()
    stages = []

    def on_stage(reasoning):
        stages.append(reasoning)
        if reasoning.traces:
            policy.gate.set()

    with RemotePolicy(server.url) as remote:
        answer = remote.infer(observation, request_id=3, on_stage=on_stage)
    last = stages[-1]
    assert last.request_id == 3
    assert last.chunk is None
    assert last.depth is not None
    assert answer.chunk is not None
    assert answer.depth_map is last.depth_map
    assert answer.model_image is last.model_image


def test_an_unparsable_answer_is_an_answer_with_an_error(server, policy, observation):
    policy.error = "The answer ends before its actions."
    with RemotePolicy(server.url) as remote:
        answer = remote.infer(observation)
    assert answer.chunk is None
    assert answer.error == policy.error


def test_a_failing_request_is_a_sentence_and_the_next_one_works(server, policy, observation):
    with RemotePolicy(server.url) as remote:
        policy.failure = StudioError("The image is upside down.")
        with pytest.raises(StudioError, match="upside down"):
            remote.infer(observation)
        policy.failure = None
        assert remote.infer(observation).chunk is not None


@pytest.mark.parametrize("by", ["method", "callback"])
def test_cancelling_ends_the_request_on_both_sides(server, policy, observation, by):
    policy.gate.clear()
    asked = threading.Event()
    with RemotePolicy(server.url) as remote, ThreadPoolExecutor() as pool:
        cancelled = asked.is_set if by == "callback" else None
        waiting = pool.submit(remote.infer, observation, cancelled=cancelled)
        assert policy.started.acquire(timeout=5)
        asked.set()
        if by == "method":
            remote.cancel()
        with pytest.raises(Cancelled):
            waiting.result(timeout=5)
        assert policy.ended.acquire(timeout=5)
        policy.gate.set()
        assert remote.infer(observation, request_id=8).request_id == 8


def test_a_failing_stage_callback_ends_the_request(server, policy, observation):
    policy.gate.clear()

    def on_stage(_):
        raise ZeroDivisionError

    with RemotePolicy(server.url) as remote:
        with pytest.raises(ZeroDivisionError):
            remote.infer(observation, on_stage=on_stage)
        assert policy.ended.acquire(timeout=5)
        policy.gate.set()
        assert remote.infer(observation).chunk is not None


def test_closing_from_another_thread_ends_a_request(server, policy, observation):
    policy.gate.clear()
    remote = RemotePolicy(server.url)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(remote.infer, observation)
        assert policy.started.acquire(timeout=5)
        remote.close()
        with pytest.raises(Cancelled):
            waiting.result(timeout=5)


def test_two_clients_at_once(server, policy, observation):
    with (
        RemotePolicy(server.url) as one,
        RemotePolicy(server.url) as other,
        ThreadPoolExecutor() as pool,
    ):
        answers = [
            pool.submit(c.infer, observation, request_id=i) for i, c in enumerate((one, other))
        ]
        assert [a.result(timeout=5).request_id for a in answers] == [0, 1]


def test_bad_requests_are_refused_before_they_are_sent(server, policy, observation, drawn):
    from dataclasses import replace

    with RemotePolicy(server.url) as remote:
        for instruction in ("", "  ", "x" * 5000):
            with pytest.raises(StudioError, match="instruction"):
                remote.infer(replace(observation, instruction=instruction))
        with pytest.raises(StudioError, match="two points"):
            remote.infer(observation, replace(drawn, points=drawn.points[:1]))
    assert not policy.seen


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StudioError, match="No policy server answers"):
        RemotePolicy(f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    "url", ["ws://", "http://127.0.0.1:1", "ws://no such host:3", "nonsense://x"]
)
def test_an_impossible_address_is_a_sentence(url):
    with pytest.raises(StudioError):
        RemotePolicy(url)


def test_a_wrong_token_is_a_sentence(policy, observation):
    with PolicyServer(policy, token="sesame") as server:
        with pytest.raises(StudioError, match="token"):
            RemotePolicy(server.url)
        with RemotePolicy(server.url, token="sesame") as remote:
            assert remote.infer(observation).chunk is not None


def test_a_server_that_dies_mid_request_is_a_sentence(policy, observation):
    policy.gate.clear()
    server = PolicyServer(policy)
    with RemotePolicy(server.url) as remote, ThreadPoolExecutor() as pool:
        waiting = pool.submit(remote.infer, observation)
        assert policy.started.acquire(timeout=5)
        server.close()
        with pytest.raises(StudioError, match=r"shutting down|went away|cancelled"):
            waiting.result(timeout=5)
        with pytest.raises(StudioError, match="No policy server answers"):
            remote.infer(observation)


def test_a_restarted_server_is_found_again(policy, observation):
    server = PolicyServer(policy)
    port = int(server.url.rsplit(":", 1)[1])
    with RemotePolicy(server.url) as remote:
        server.close()
        with PolicyServer(policy, port=port):
            assert remote.infer(observation).chunk is not None


def plain_openpi(actions, seen):
    def behave(connection):
        connection.send(wire.pack({}))
        for data in connection:
            seen.append(wire.unpack(data))
            connection.send(wire.pack({"actions": actions, "server_timing": {"infer_ms": 1.0}}))

    return behave


def test_a_plain_openpi_server_is_language_only(observation, drawn):
    from dataclasses import replace

    state = RobotState(q=np.arange(7.0), ee_pose=np.diag([1, -1, -1, 1.0]), gripper=0.25, t_ns=1)
    seen = []
    with (
        foreign_server(plain_openpi(np.ones((10, 7), np.float32), seen)) as url,
        RemotePolicy(url) as remote,
    ):
        assert not remote.capabilities.trace_in
        assert not remote.capabilities.depth
        with pytest.raises(StudioError, match="cannot follow a drawn trace"):
            remote.infer(observation, drawn)
        answer = remote.infer(replace(observation, state=state), request_id=5)
    assert answer.request_id == 5
    assert answer.chunk is not None
    assert answer.chunk.actions.shape == (10, 7)
    request = seen[0]
    assert request["prompt"] == observation.instruction
    assert np.array_equal(request["observation/image"], observation.frames[0].image)
    assert np.array_equal(request["observation/wrist_image"], observation.frames[1].image)
    assert np.allclose(request["observation/state"][3:6], [np.pi, 0, 0])
    assert np.allclose(request["observation/gripper_position"], 0.75)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (np.ones((10, 8)), "shape"),
        (np.ones((2, 2, 7)), "shape"),
        (np.full((2, 7), np.inf), "finite"),
        (np.zeros((0, 7)), "shape"),
        ("fast", "damaged"),
    ],
)
def test_actions_that_cannot_be_driven_are_refused(observation, actions, expected):
    with (
        foreign_server(plain_openpi(actions, [])) as url,
        RemotePolicy(url) as remote,
        pytest.raises(StudioError, match=expected),
    ):
        remote.infer(observation)


def metadata_then(reply):
    def behave(connection):
        connection.send(wire.pack({"name": "odd"}))
        connection.recv()
        if reply is not None:
            connection.send(reply)
        else:
            connection.close()

    return behave


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Traceback:\n  File\nboom", "refused the request: boom"),
        (b"\xc1garbage", "unreadable"),
        (b"", "unreadable"),
        (wire.pack({"no": "actions"}), "lacks"),
        (wire.pack(3), "damaged"),
        (None, "went away"),
    ],
)
def test_a_misbehaving_server_is_a_sentence(observation, reply, expected):
    with (
        foreign_server(metadata_then(reply)) as url,
        RemotePolicy(url) as remote,
        pytest.raises(StudioError, match=expected),
    ):
        remote.infer(observation)


def extras_then(*replies):
    def behave(connection):
        capabilities = {"name": "odd", "stream": True}
        connection.send(wire.pack({"studio": {"version": 1}, "capabilities": capabilities}))
        connection.recv()
        for reply in replies:
            connection.send(wire.pack(reply))
        for _ in connection:
            pass

    return behave


@pytest.mark.parametrize(
    "reply",
    [
        {"studio": {"answer": {"request_id": 1}}},
        {"studio": {"answer": {"request_id": 1, "chunk": {"actions": "no"}}}},
        {"studio": {"stage": 3}},
        {"studio": None},
        {},
        [],
    ],
)
def test_a_damaged_answer_is_a_sentence(observation, reply):
    with (
        foreign_server(extras_then(reply)) as url,
        RemotePolicy(url) as remote,
        pytest.raises(StudioError, match=r"message|answer"),
    ):
        remote.infer(observation, on_stage=lambda _: None)


def test_answers_to_older_requests_are_dropped(observation):
    late = {"studio": {"error": "late", "request_id": 77, "cancelled": False}}
    mine = {"studio": {"error": "mine", "request_id": 1, "cancelled": False}}
    with (
        foreign_server(extras_then(late, mine)) as url,
        RemotePolicy(url) as remote,
        pytest.raises(StudioError, match="mine"),
    ):
        remote.infer(observation)


def test_a_server_that_never_answers_is_left(observation):
    with (
        foreign_server(extras_then()) as url,
        RemotePolicy(url, timeout_s=0.1) as remote,
        pytest.raises(StudioError, match="has not answered within"),
    ):
        remote.infer(observation)


@pytest.mark.parametrize("first", [b"\xc1", "hello", wire.pack(5), None])
def test_something_else_on_the_port_is_a_sentence(first):
    def behave(connection):
        if first is not None:
            connection.send(first)

    with foreign_server(behave) as url, pytest.raises(StudioError, match="server"):
        RemotePolicy(url)
