from __future__ import annotations

import http
import socket
import threading
from contextlib import contextmanager

import pytest
from websockets.sync.server import serve

from core.doctor import servers
from core.doctor.finding import Status
from core.policy.greeting import STUDIO_VERSIONS
from core.policy.messages import capabilities_to_message
from core.types import Capabilities
from core.wire import pack

CAPABILITIES = Capabilities(name="small", trace_in=True)
METADATA = {
    "name": "small",
    "studio": {"version": STUDIO_VERSIONS[0]},
    "capabilities": capabilities_to_message(CAPABILITIES),
}
HELLO = {"hello": {"kind": "lab", "host": "127.0.0.1", "cameras": {"front": None}}}


@contextmanager
def server(first, health=http.HTTPStatus.OK, token=""):
    """Answer like a service whose first message is ``first``."""

    def admit(connection, request):
        if request.path == "/healthz" and health is not None:
            return connection.respond(health, "\n")
        if token and request.headers.get("Authorization") != f"Api-Key {token}":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "\n")
        return None

    def greet(connection):
        connection.send(first)
        connection.recv()

    with serve(greet, "127.0.0.1", 0, process_request=admit) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.socket.getsockname()[1]}"
        finally:
            listening.shutdown()
            thread.join()


def looked(look, *args, **options):
    with server(*args, **options) as url:
        return look(url)


def test_a_good_policy_server():
    (finding,) = looked(servers.look_at_policy, pack(METADATA))
    assert finding.status == Status.OK
    assert "serves 'small' (can be steered)" in finding.found


def test_a_plain_openpi_server():
    (finding,) = looked(servers.look_at_policy, pack({"action_horizon": 50}))
    assert finding.status == Status.WARNING
    assert "plain openpi server" in finding.found


@pytest.mark.parametrize(
    ("version", "who"), [(STUDIO_VERSIONS[0] - 1, "server"), (STUDIO_VERSIONS[0] + 1, "studio")]
)
def test_another_version_of_the_protocol(version, who):
    message = {**METADATA, "studio": {"version": version}}
    (finding,) = looked(servers.look_at_policy, pack(message))
    assert finding.status == Status.PROBLEM
    assert f"speaks version {version} of the protocol and this studio speaks" in finding.found
    assert f"Update the {who}" in finding.advice


@pytest.mark.parametrize("capabilities", [None, {}, {"name": "x", "chunk": "many"}])
def test_damaged_capabilities(capabilities):
    finding = servers.judge_policy("ws://x", {**METADATA, "capabilities": capabilities}, 0.1)
    assert finding.status == Status.PROBLEM
    assert "does not say what it can do" in finding.found


def test_a_sick_health_page_is_told_beside_the_rest():
    health, finding = looked(
        servers.look_at_policy, pack(METADATA), http.HTTPStatus.SERVICE_UNAVAILABLE
    )
    assert health.status == Status.WARNING
    assert "HTTP 503" in health.found
    assert finding.status == Status.OK


def test_a_good_rig():
    (finding,) = looked(servers.look_at_rig, pack(HELLO))
    assert finding.status == Status.OK
    assert "drives a lab arm with front" in finding.found


def test_a_rig_without_camera():
    finding = servers.judge_rig("ws://x", {"hello": {"kind": "real", "cameras": {}}}, 0.1)
    assert finding.status == Status.PROBLEM
    assert "has no camera" in finding.found
    assert "--camera" in finding.advice


def test_a_stopped_rig():
    hello = {"hello": {**HELLO["hello"], "stopped_by": "operator"}}
    finding = servers.judge_rig("ws://x", hello, 0.1)
    assert finding.status == Status.WARNING
    assert "is stopped by operator" in finding.found


@pytest.mark.parametrize("first", [pack(METADATA), pack({"hello": 7}), pack([1]), "text", b"\xc1"])
def test_what_is_no_rig(first):
    (finding,) = looked(servers.look_at_rig, first)
    assert finding.status == Status.PROBLEM
    assert "is no rig" in finding.found


@pytest.mark.parametrize("first", [pack([1]), "text", b"\xc1"])
def test_what_is_no_policy_server(first):
    finding = looked(servers.look_at_policy, first)[-1]
    assert finding.status == Status.PROBLEM
    assert "is no policy server" in finding.found


def test_a_token():
    with server(pack(METADATA), token="secret") as url:
        (refused,) = servers.look_at_policy(url, "wrong")
        (good,) = servers.look_at_policy(url, "secret")
    assert refused.found == f"{url} refuses the token."
    assert good.status == Status.OK


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for look, command in ((servers.look_at_policy, "main.py serve"), (servers.look_at_rig, "rig")):
        (finding,) = look(f"127.0.0.1:{port}")
        assert finding.status == Status.PROBLEM
        assert f"Nothing listens at ws://127.0.0.1:{port}" in finding.found
        assert command in finding.advice


def test_a_port_that_accepts_and_says_nothing(monkeypatch):
    monkeypatch.setattr(servers, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        findings = servers.look_at_policy(f"ws://127.0.0.1:{silent.getsockname()[1]}")
    assert [finding.status for finding in findings] == [Status.WARNING, Status.PROBLEM]
    assert "health page" in findings[0].found


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ws://", "ws://h:port", "ws://h:99999"])
def test_what_is_no_address(url):
    (finding,) = servers.look_at_policy(url)
    assert finding.status == Status.PROBLEM
    assert "is no address" in finding.found


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (socket.gaierror("unknown"), "There is no machine called 'far'."),
        (TimeoutError(), "does not answer within 5 s"),
    ],
)
def test_what_cannot_be_reached(monkeypatch, error, part):
    def fail(*_args):
        raise error

    monkeypatch.setattr(servers.socket, "create_connection", fail)
    (finding,) = servers.look_at_rig("ws://far:1")
    assert part in finding.found
