"""A policy on another process or machine, over openpi's WebSocket protocol.

Against our own server stages stream and requests can be cancelled; any other openpi server is
asked with the instruction alone and answers with actions only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any, NoReturn

from websockets import State
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from core import wire
from core.policy.base import Cancelled, StageCallback, check_request
from core.policy.messages import (
    Message,
    capabilities_from_message,
    observation_to_message,
    reading,
    reasoning_from_message,
    trace_to_message,
)
from core.policy.openpi import chunk_from_openpi, observation_to_openpi
from core.types import Capabilities, Observation, Reasoning, StudioError, Trace

CONNECT_S = 10.0
PING_EVERY_S = 5.0
SILENCE_S = 20.0
"""A server that leaves a ping unanswered for this long is taken for dead."""

_POLL_S = 0.05


class RemotePolicy:
    """A connection to a policy server.

    ``infer`` is called by one thread at a time; :meth:`cancel` and :meth:`close` by any.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout_s: float = 120.0) -> None:
        """Connect.

        Args:
            url: Such as "ws://127.0.0.1:8000"; the scheme may be left out.
            token: Secret of the server, if it wants one.
            timeout_s: Longest time that an answer may take [s].

        Raises:
            StudioError: If no policy server answers there, or it refuses the token.
        """
        self.url = url if "://" in url else f"ws://{url}"
        self._token = token
        self._timeout_s = timeout_s
        self._asking = threading.Lock()
        self._serial = 0
        self._cancelled_serial = 0
        self._connection: ClientConnection | None = None
        self._capabilities = Capabilities(name="")
        self._extras = False
        self._connect()

    def __enter__(self) -> RemotePolicy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def capabilities(self) -> Capabilities:
        """What the server said that it can do when the connection was made."""
        return self._capabilities

    def cancel(self) -> None:
        """End the request that is being answered, if any; ``infer`` raises ``Cancelled``."""
        self._cancelled_serial = self._serial

    def close(self) -> None:
        """Leave the server; it stops whatever it was asked for."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: StageCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        """Ask the server; see :meth:`core.policy.base.Policy.infer`.

        A connection that was lost since the last request is made anew.

        Raises:
            Cancelled: If the request was cancelled.
            StudioError: If the server cannot be reached, dies, or refuses the request.
        """
        check_request(observation, trace)
        with self._asking:
            self._serial += 1
            serial = self._serial
            if self._connection is None or self._connection.state is not State.OPEN:
                self.close()
                self._connect()
            if trace is not None and not self._capabilities.trace_in:
                raise StudioError(
                    f"The policy '{self._capabilities.name}' cannot follow a drawn trace; "
                    "steer it with the instruction."
                )
            if self._extras:
                studio: Message = {
                    "request_id": serial,
                    "observation": observation_to_message(observation),
                    "trace": None if trace is None else trace_to_message(trace),
                    "stream": on_stage is not None,
                }
                request: Message = {"studio": studio}
            else:
                request = observation_to_openpi(observation)
            conversation = _Conversation(serial, request_id, on_stage)
            started = time.monotonic()
            try:
                self._send(request)
                while (answer := conversation.answer) is None:
                    if self._cancelled_serial == serial or (cancelled is not None and cancelled()):
                        raise Cancelled
                    data = self._receive(started)
                    if data is not None:
                        self._read(data, conversation, started)
                return answer
            except (ConnectionClosed, OSError) as error:
                self._died(error)
            finally:
                if conversation.answer is None:
                    self._abandon(serial)

    def _read(self, data: bytes | str, conversation: _Conversation, started: float) -> None:
        if isinstance(data, str):
            raise StudioError(f"The policy server refused the request: {data[:500].strip()}")
        try:
            message = wire.unpack(data)
        except wire.WireError as error:
            self.close()
            raise StudioError(f"The policy server sent something unreadable: {error}.") from error
        if self._extras:
            conversation.read(message)
        else:
            conversation.read_plain(message, time.monotonic() - started)

    def _receive(self, started: float) -> bytes | str | None:
        """Wait a moment for a message; watch over a server that has gone silent."""
        connection = self._connection
        if connection is None:  # closed by another thread
            raise Cancelled
        try:
            return connection.recv(timeout=_POLL_S)
        except TimeoutError:
            pass
        now = time.monotonic()
        if now - started > self._timeout_s:
            self.close()
            raise StudioError(
                f"The policy server has not answered within {self._timeout_s:g} s; ask again, or "
                "look at the server."
            )
        if self._extras and now - self._pinged > PING_EVERY_S:
            if self._pong.is_set():
                self._pong, self._pinged = connection.ping(), now
            elif now - self._pinged > SILENCE_S:
                self.close()
                raise StudioError(f"The policy server at {self.url} has gone silent.")
        return None

    def _abandon(self, serial: int) -> None:
        """Make sure that nothing goes on, and that a late answer meets no new request."""
        if not self._extras:  # a plain server cannot be told
            self.close()
        elif self._connection is not None:
            with suppress(ConnectionClosed, OSError):
                self._connection.send(wire.pack({"studio": {"cancel": serial}}))

    def _send(self, message: Message) -> None:
        connection = self._connection
        if connection is None:
            raise Cancelled
        connection.send(wire.pack(message))

    def _died(self, error: Exception) -> NoReturn:
        closed_here = self._connection is None
        self.close()
        if closed_here:
            raise Cancelled from error
        raise StudioError(
            f"The policy server at {self.url} went away while it was asked; nothing moves. Start "
            "it again and ask again."
        ) from error

    def _connect(self) -> None:
        headers = {"Authorization": f"Api-Key {self._token}"} if self._token else None
        opened = ExitStack()
        try:
            opening = connect(
                self.url,
                compression=None,
                max_size=wire.MAX_MESSAGE_BYTES,
                additional_headers=headers,
                open_timeout=CONNECT_S,
                close_timeout=2,
                # A plain openpi server answers no pings while it computes.
                ping_interval=None,
                proxy=None,
            )
            connection = opened.enter_context(opening)
            metadata = wire.unpack(connection.recv(timeout=CONNECT_S))
            self._understand(metadata)
            opened = ExitStack()  # the connection stays open
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403):
                raise StudioError(
                    f"The policy server at {self.url} refuses the token; give it the right one."
                ) from error
            raise StudioError(
                f"What answers at {self.url} is no policy server (HTTP {status})."
            ) from error
        except TimeoutError as error:
            raise StudioError(
                f"The policy server at {self.url} does not answer within {CONNECT_S:g} s."
            ) from error
        except OSError as error:
            raise StudioError(
                f"No policy server answers at {self.url} ({error.strerror or error}); start one "
                "with 'python main.py serve'."
            ) from error
        except (WebSocketException, ValueError) as error:
            raise StudioError(f"What answers at {self.url} is no policy server: {error}") from error
        finally:
            opened.close()
        self._connection = connection
        self._pong, self._pinged = threading.Event(), time.monotonic()
        self._pong.set()

    def _understand(self, metadata: Any) -> None:
        with reading("server's first message"):
            self._extras = isinstance(metadata.get("studio"), dict)
            if self._extras:
                self._capabilities = capabilities_from_message(metadata["capabilities"])
            else:
                name = str(metadata.get("name", "") or f"openpi server at {self.url}")
                self._capabilities = Capabilities(name=name, images=2)


class _Conversation:
    """What has come back for one request."""

    def __init__(self, serial: int, request_id: int, on_stage: StageCallback | None) -> None:
        self._serial = serial
        self._request_id = request_id
        self._on_stage = on_stage
        self._known: Reasoning | None = None
        self.answer: Reasoning | None = None

    def read(self, message: Any) -> None:
        """Take in one message of our own server; those of an older request are dropped."""
        with reading("server's message"):
            studio = message["studio"]
            part = studio.get("answer") or studio.get("stage") or studio
            if part.get("request_id") != self._serial:
                return
            if "error" in studio:
                raise Cancelled if studio.get("cancelled") else StudioError(str(studio["error"]))
            reasoning = reasoning_from_message(part, self._known)
            self._known = reasoning
            shown = replace(reasoning, request_id=self._request_id)
        if "answer" in studio:
            self.answer = shown
        elif self._on_stage is not None:
            self._on_stage(shown)

    def read_plain(self, message: Any, seconds: float) -> None:
        """Take in the answer of a plain openpi server."""
        chunk = chunk_from_openpi(message)
        timings = {"actions": seconds, "total": seconds}
        self.answer = Reasoning(request_id=self._request_id, text="", chunk=chunk, timings=timings)
