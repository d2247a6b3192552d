"""Opening a connection to a policy server; everything that can go wrong there is a sentence."""

from __future__ import annotations

from contextlib import ExitStack

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from core import wire
from core.policy.greeting import Greeting, read_greeting
from core.types import StudioError

CONNECT_S = 10.0
"""Longest time that a server may take to answer the handshake, and to say what it is [s]."""


def open_socket(url: str, token: str | None, seconds: float) -> ClientConnection:
    """Connect as openpi's clients do; the errors are those of ``websockets``.

    Args:
        url: Such as "ws://127.0.0.1:8000".
        token: Secret of the server, if it wants one.
        seconds: Longest time that the handshake may take [s].
    """
    return connect(
        url,
        compression=None,
        max_size=wire.MAX_MESSAGE_BYTES,
        additional_headers={"Authorization": f"Api-Key {token}"} if token else None,
        open_timeout=seconds,
        close_timeout=2,
        # A plain openpi server answers no pings while it computes.
        ping_interval=None,
        proxy=None,
    )


def dial(url: str, token: str | None) -> tuple[ClientConnection, Greeting]:
    """Connect and read the server's first frame.

    Args:
        url: Such as "ws://127.0.0.1:8000".
        token: Secret of the server, if it wants one.

    Raises:
        StudioError: If no policy server answers there, or it refuses the token or more clients.
    """
    with ExitStack() as opened:
        try:
            connection = opened.enter_context(open_socket(url, token, CONNECT_S))
            greeting = read_greeting(wire.unpack(connection.recv(timeout=CONNECT_S)), url)
        except InvalidStatus as error:
            raise StudioError(_refused(url, error)) from error
        except TimeoutError as error:
            raise StudioError(
                f"The policy server at {url} does not answer within {CONNECT_S:g} s."
            ) from error
        except OSError as error:
            raise StudioError(
                f"No policy server answers at {url} ({error.strerror or error}); start one "
                "with 'python main.py serve'."
            ) from error
        except (WebSocketException, ValueError) as error:
            raise StudioError(f"What answers at {url} is no policy server: {error}") from error
        opened.pop_all()  # the connection stays open
        return connection, greeting


def _refused(url: str, error: InvalidStatus) -> str:
    status = error.response.status_code
    if status in (401, 403):
        return f"The policy server at {url} refuses the token; give it the right one."
    if status == 503:
        return f"The policy server at {url} has no connection to spare; try again later."
    return f"What answers at {url} is no policy server (HTTP {status})."
