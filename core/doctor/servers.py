"""Whether a policy server or a rig answers, and speaks the studio's language."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from websockets.exceptions import InvalidStatus, WebSocketException

from core import wire
from core.doctor.finding import Finding, ok, problem, warning
from core.policy.dial import open_socket
from core.policy.greeting import STUDIO_VERSIONS
from core.policy.messages import capabilities_from_message
from core.types import StudioError

PATIENCE_S = 5.0
"""Longest wait for each answer of a server [s]."""

_DEFAULT_PORTS = {"policy server": 8000, "rig": 8202}
_COMMANDS = {"policy server": "main.py serve", "rig": "main.py rig"}


def judge_policy(url: str, metadata: Mapping[str, Any], seconds: float) -> Finding:
    """Judge the first message of a policy server.

    Args:
        url: Its address.
        metadata: The message.
        seconds: How long it took to connect and get it [s].
    """
    subject, studio = "policy server", metadata.get("studio")
    if not isinstance(studio, dict):
        return warning(
            subject,
            f"{url} is a plain openpi server: it answers with actions alone.",
            "Depth, trace and steering need the studio's own server (main.py serve).",
        )
    version: Any = studio.get("version")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if version not in STUDIO_VERSIONS:
        older = isinstance(version, int) and version < STUDIO_VERSIONS[0]
        return problem(
            subject,
            f"{url} speaks version {version} of the protocol and this studio speaks "
            f"{STUDIO_VERSIONS[0]}.",
            f"Update the {'server' if older else 'studio'}, so that both are of one release.",
        )
    try:
        capabilities = capabilities_from_message(metadata["capabilities"])
    except (StudioError, KeyError) as error:
        return problem(
            subject, f"{url} does not say what it can do: {error}.", "Update the server."
        )
    steers = "can be steered" if capabilities.trace_in else "cannot follow a drawn trace"
    return ok(
        subject,
        f"{url} serves '{capabilities.name}' ({steers}), answered after {1000 * seconds:.0f} ms.",
    )


def judge_rig(url: str, message: Mapping[str, Any], seconds: float) -> Finding:
    """Judge the first message of a rig; arguments as in :func:`judge_policy`."""
    hello = message.get("hello")
    if not isinstance(hello, dict) or "kind" not in hello:
        return problem("rig", f"What answers at {url} is no rig.", "Check the address and port.")
    facts: dict[str, Any] = hello  # pyright: ignore[reportUnknownVariableType]
    cameras = list(facts.get("cameras") or ())
    if not cameras:
        return problem(
            "rig",
            f"{url} drives a {facts['kind']} arm and has no camera.",
            "Start the rig with --camera NAME=SOURCE; the first one is drawn on.",
        )
    if facts.get("stopped_by"):
        return warning(
            "rig",
            f"{url} drives a {facts['kind']} arm that is stopped by {facts['stopped_by']}.",
            "Look why, then release the stop in the studio (Ctrl+R).",
        )
    return ok(
        "rig",
        f"{url} drives a {facts['kind']} arm with {', '.join(map(str, cameras))}, answered after "
        f"{1000 * seconds:.0f} ms.",
    )


def look_at_policy(url: str, token: str | None = None) -> Sequence[Finding]:
    """Connect to a policy server as the studio does: TCP, health page, first message."""
    return _look("policy server", url, "", token)


def look_at_rig(url: str, token: str | None = None) -> Sequence[Finding]:
    """Connect to a rig and read its first message; nothing moves or stops by that."""
    return _look("rig", url, "/control", token)


def _look(subject: str, given: str, path: str, token: str | None) -> list[Finding]:
    url = given if "://" in given else f"ws://{given}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _default_port(subject, parts)
    except ValueError as error:
        return [problem(subject, f"'{given}' is no address: {error}.", "Write ws://HOST:PORT.")]
    if parts.scheme not in ("ws", "wss") or not host:
        return [problem(subject, f"'{given}' is no address.", "Write it as ws://HOST:PORT.")]
    try:
        socket.create_connection((host, port), PATIENCE_S).close()
    except OSError as error:
        return [_unreachable(subject, url, host, error)]
    findings = [] if subject == "rig" else _health(url, host, port, secure=parts.scheme == "wss")
    started = time.perf_counter()
    try:
        message = _first_message(url.rstrip("/") + path, token)
    except InvalidStatus as error:
        return [*findings, _refused(subject, url, error.response.status_code)]
    except (TimeoutError, OSError, WebSocketException, ValueError, EOFError) as error:
        return [*findings, _stranger(subject, url, error)]
    if not isinstance(message, dict):
        return [*findings, _stranger(subject, url, ValueError("its first message is no map"))]
    judge = judge_rig if subject == "rig" else judge_policy
    return [*findings, judge(url, message, time.perf_counter() - started)]  # pyright: ignore[reportUnknownArgumentType]


def _first_message(url: str, token: str | None) -> Any:
    with open_socket(url, token, PATIENCE_S) as connection:
        return wire.unpack(connection.recv(timeout=PATIENCE_S))


def _health(url: str, host: str, port: int, *, secure: bool) -> list[Finding]:
    """Ask for the health page; nothing is said when it is well."""
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return [
            warning(
                "policy server",
                f"{url} does not answer on its health page /healthz ({error}).",
                "Check that the port is the policy server's.",
            )
        ]
    finally:
        connection.close()
    if status == http.HTTPStatus.OK:
        return []
    return [
        warning(
            "policy server",
            f"{url} answers on its health page /healthz with HTTP {status}.",
            "Check that the port is the policy server's, and look at its log.",
        )
    ]


def _unreachable(subject: str, url: str, host: str, error: OSError) -> Finding:
    if isinstance(error, socket.gaierror):
        return problem(subject, f"There is no machine called '{host}'.", "Check the address.")
    if isinstance(error, TimeoutError):
        return problem(
            subject,
            f"{url} does not answer within {PATIENCE_S:g} s.",
            "Check that the machine is on, and that no firewall closes the port.",
        )
    return problem(
        subject,
        f"Nothing listens at {url} ({error.strerror or error}).",
        f"Start it there with '{_COMMANDS[subject]}'; beyond loopback it needs --host and --token.",
    )


def _refused(subject: str, url: str, status: int) -> Finding:
    if status in (401, 403):
        return problem(
            subject, f"{url} refuses the token.", "Give the token that it was started with."
        )
    return _stranger(subject, url, ValueError(f"HTTP {status}"))


def _stranger(subject: str, url: str, error: Exception) -> Finding:
    reason = str(error) or type(error).__name__
    return problem(
        subject, f"What answers at {url} is no {subject}: {reason}.", "Check the address and port."
    )


def _default_port(subject: str, parts: SplitResult) -> int:
    return 443 if parts.scheme == "wss" else _DEFAULT_PORTS[subject]
