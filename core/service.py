"""What every service (policy server, rig, lab, recorder) does alike.

A service prints one JSON line on standard output when it is ready, or why it could not start, and
before that a line for each part of a long start; as a child it leaves when its standard input
closes; and it opens up beyond the loopback interface only with a token.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from core.types import StudioError


def announce_ready(url: str, **facts: Any) -> None:
    """Tell the parent process where the service listens, as one JSON line on standard output."""
    sys.stdout.write(json.dumps({"ready": url, **facts}) + "\n")
    sys.stdout.flush()


def announce_progress(sentence: str) -> None:
    """Tell the parent process how far a long start is, as one JSON line; before it is ready."""
    sys.stdout.write(json.dumps({"progress": sentence}) + "\n")
    sys.stdout.flush()


def announce_error(sentence: str) -> None:
    """Tell the parent process why the service cannot start, as one JSON line."""
    sys.stdout.write(json.dumps({"error": sentence}) + "\n")
    sys.stdout.flush()


def when_parent_leaves(stop: Callable[[], None]) -> None:
    """Call ``stop`` once standard input closes, from a thread of its own."""

    def wait() -> None:
        # not sys.stdin.read: a thread that waits in it aborts the interpreter's own end
        while os.read(sys.stdin.fileno(), 4096):
            pass
        stop()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def give_way() -> None:
    """Take only processor time that nobody else on this machine wants; threads made later too.

    A low priority alone is not enough: Linux counts a core as taken that runs a niced thread, and
    lets the window's thread wait for another. One that runs idle-class threads counts as free.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_token(host: str, token: str | None) -> None:
    """Refuse to listen beyond loopback without a token.

    Raises:
        StudioError: If ``host`` is reachable from other machines and ``token`` is empty.
    """
    if not token and not is_loopback(host):
        raise StudioError(
            f"listening on {host} opens this service to other machines; give it a token with "
            "--token, or listen on 127.0.0.1"
        )


def authorised(header: str | None, token: str | None) -> bool:
    """Check an Authorization header ("Api-Key T" or "Bearer T") in constant time.

    Without a ``token`` everybody is let in; that is for loopback only (:func:`require_token`).
    """
    if not token:
        return True
    scheme, _, given = (header or "").partition(" ")
    try:  # headers come with bytes beyond ASCII as surrogates
        secret = given.strip().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    same = hmac.compare_digest(secret, token.encode())
    return same and scheme.lower() in ("api-key", "bearer")


def websocket_url(host: str, port: int) -> str:
    """Return the address to connect to a service that listens on ``host``."""
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"
