"""The rig's WebSockets: ``/control``, ``/stream``, ``/stop`` and ``/pulse``.

The first asks and hears, the second shows, the third stops, and the last is the sign of life of
whoever moves the arm.

A thread per connection. Nothing that one connection does can hold up another: pictures are pulled
by whoever shows them, events wait in a queue per connection, and stops touch nothing but the arm.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.sync.server import ServerConnection, serve

from core.service import authorised, require_token, websocket_url
from core.types import StudioError
from core.wire import WireError, pack, unpack
from robot.guard import RejectedError
from robot.rig.messages import RigEvent, event_message, frame_message, state_message
from robot.rig.plan import Peer
from robot.rig.rig import Rig

MAX_REQUEST_BYTES = 1 << 20
PING_SECONDS = 0.5
SILENCE_SECONDS = 3.0
"""A client that does not answer for so long is taken for gone, and what it started is stopped."""

MOST_CONNECTIONS = 32
"""To each path at a time, so that no flood of one kind keeps a stop out."""

LONGEST_SENTENCE = 600
BATCHES_UNDERWAY = 2
_WAIT_SECONDS = 0.5

_log = logging.getLogger(__name__)


class RigSockets:
    """Listens from the start, answers from :meth:`serve` on; a context manager that stops it."""

    def __init__(self, host: str, port: int, token: str | None) -> None:
        """Take the port.

        Args:
            host: Interface to listen on.
            port: 0 for a free one.
            token: What clients must present; required beyond the loopback interface.

        Raises:
            StudioError: If the port is in use, or a token is missing.
        """
        require_token(host, token)
        self._token = token
        self._rig: Rig | None = None
        self._open: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._paths: dict[str, Callable[[ServerConnection, Rig], None]] = {
            "/control": self._control,
            "/stream": self._stream,
            "/stop": self._stop,
            "/pulse": self._pulse,
        }
        try:
            # no page in a browser has business here: those send an Origin header
            self._server = serve(
                self._handle, host, port, origins=[None], process_request=self._admit,
                max_size=MAX_REQUEST_BYTES, compression=None, ping_interval=PING_SECONDS,
                ping_timeout=SILENCE_SECONDS, close_timeout=1.0,
            )  # fmt: skip
        except (OSError, OverflowError) as error:
            raise StudioError(
                f"The rig cannot listen on {host}, port {port} ({error}); choose another with "
                "--port, or 0 for a free one."
            ) from error
        self.url = websocket_url(host, self._server.socket.getsockname()[1])

    def __enter__(self) -> RigSockets:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rig is None:
            self._server.socket.close()
        else:
            self._server.shutdown(reason="the rig was ended")

    def serve(self, rig: Rig) -> None:
        """Answer clients from now on, in threads."""
        self._rig = rig
        threading.Thread(target=self._server.serve_forever, name="rig-server", daemon=True).start()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if not authorised(request.headers.get("Authorization"), self._token):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "This rig asks for its token.\n")
        path = request.path.partition("?")[0]
        if path not in self._paths:
            return connection.respond(
                HTTPStatus.NOT_FOUND, f"This rig has {', '.join(self._paths)}.\n"
            )
        if self._open[path] >= MOST_CONNECTIONS:
            return connection.respond(
                HTTPStatus.SERVICE_UNAVAILABLE, f"All {MOST_CONNECTIONS} connections are taken.\n"
            )
        return None

    def _handle(self, connection: ServerConnection) -> None:
        assert self._rig is not None, "clients are accepted after serve() only"
        assert connection.request is not None
        path = connection.request.path.partition("?")[0]
        with self._counting:
            self._open[path] += 1
            several_at_once = self._open[path] > MOST_CONNECTIONS
        try:
            if not several_at_once:
                with contextlib.suppress(ConnectionClosed):
                    self._paths[path](connection, self._rig)
        finally:
            with self._counting:
                self._open[path] -= 1

    def _control(self, connection: ServerConnection, rig: Rig) -> None:
        outbox = _Outbox(connection)

        def hear(event: RigEvent) -> None:
            outbox.put({"event": event_message(event)})

        peer, numbers = rig.enter(), _Numbers()
        outbox.put({"hello": rig.hello(peer).to_message()})
        rig.listen(hear)
        try:
            for message in connection:
                outbox.put(_answer(message, rig, peer, numbers))
        finally:
            rig.unlisten(hear)
            rig.leave(peer)
            outbox.close()

    def _stop(self, connection: ServerConnection, rig: Rig) -> None:
        peer = Peer(name="a stop connection")
        for message in connection:
            # a stop is never refused for its number
            connection.send(pack(_answer(message, rig, peer, _Numbers(), allowed=("stop",))))

    def _pulse(self, connection: ServerConnection, rig: Rig) -> None:
        assert connection.request is not None
        query = parse_qs(connection.request.path.partition("?")[2])
        peer = rig.peer(query.get("session", [""])[0])
        if peer is None:
            return  # nobody's pulse: the connection is closed
        try:
            for message in connection:
                _take_beat(message, rig, peer)
        finally:
            rig.pulses.forget(peer)

    def _stream(self, connection: ServerConnection, rig: Rig) -> None:
        credit = threading.Semaphore(BATCHES_UNDERWAY)
        threading.Thread(
            target=_collect_credit, args=(connection, credit), name="rig-credit", daemon=True
        ).start()
        seen = 0
        while True:
            if not credit.acquire(timeout=_WAIT_SECONDS):
                _require_open(connection)
                continue
            while (news := rig.board.wait(seen, _WAIT_SECONDS)) is None:
                _require_open(connection)
            seen = news.version
            state = None if news.state is None else state_message(news.state)
            frames = [frame_message(frame) for frame in news.frames]
            connection.send(pack({"frames": frames, "state": state}))


class _Numbers:
    """The numbers of one connection's requests, which must grow: nothing is done twice."""

    def __init__(self) -> None:
        self._last: int | None = None

    def require_next(self, number: object) -> None:
        """Take the next number.

        Raises:
            StudioError: If it is none, or not greater than the last.
        """
        if not isinstance(number, int) or isinstance(number, bool):
            raise StudioError(f"the request's 'id' is {number!r}; expected a whole number")
        if self._last is not None and number <= self._last:
            raise StudioError(
                f"the request's 'id' is {number}, after {self._last}; a request is done once only"
            )
        self._last = number


class _Outbox:
    """Sends in order from a thread of its own, so that whoever reports does not wait."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._send, name="rig-outbox", daemon=True).start()

    def put(self, message: dict[str, Any]) -> None:
        self._messages.put(message)

    def close(self) -> None:
        self._messages.put(None)

    def _send(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (message := self._messages.get()) is not None:
                self._connection.send(pack(message))


def _take_beat(message: bytes | str, rig: Rig, peer: Peer) -> None:
    """Take in a beat; what is none is no sign of life."""
    try:
        beat = unpack(message)
        number, held, age = beat["n"], beat["held"], float(beat["beat_ms"]) / 1e3
        if isinstance(number, int) and isinstance(held, bool) and math.isfinite(age):
            rig.pulses.take(peer, number, held=held, age=age)
    except (WireError, KeyError, TypeError, ValueError, OverflowError):
        _log.debug("a pulse that is none", exc_info=True)


def _collect_credit(connection: ServerConnection, credit: threading.Semaphore) -> None:
    """Count the reader's answers: each allows one more batch."""
    with contextlib.suppress(ConnectionClosed):
        for _ in connection:
            credit.release()


def _require_open(connection: ServerConnection) -> None:
    """End a stream whose reader has left.

    Raises:
        ConnectionClosed: Then.
    """
    if connection.state is not State.OPEN:
        raise connection.protocol.close_exc


def _answer(
    message: bytes | str,
    rig: Rig,
    peer: Peer,
    numbers: _Numbers,
    *,
    allowed: tuple[str, ...] = (),
) -> dict[str, Any]:
    number = 0
    try:
        request = unpack(message)
        if not isinstance(request, dict):
            raise StudioError("a request is a map with 'id' and 'op'")
        asked = request.get("id", 0)
        # what is no number is not sent back: it may be too deep to be packed again
        number = asked if isinstance(asked, int) and not isinstance(asked, bool) else 0
        if allowed and request.get("op") not in allowed:
            raise StudioError(f"this connection takes only: {', '.join(allowed)}")
        numbers.require_next(asked)
        return {"id": number, "result": rig.perform(request, peer)}
    except RejectedError as error:
        return {
            "id": number, "error": _cut(error), "rejected": True,
            "step": error.step, "kind": error.kind,
        }  # fmt: skip
    except (StudioError, WireError) as error:
        return {"id": number, "error": _cut(error)}
    except Exception as error:  # whatever a stranger sends: the connection stays, the rig as well
        _log.debug("bad request", exc_info=True)
        return {"id": number, "error": f"the rig did not understand: {_cut(repr(error))}"}


def _cut(sentence: object) -> str:
    """Return a sentence without the rest of a very long value that it quotes."""
    text = str(sentence)
    return text if len(text) <= LONGEST_SENTENCE else f"{text[:LONGEST_SENTENCE]} …"
