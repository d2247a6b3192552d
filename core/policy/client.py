"""A policy on another process or machine, over openpi's WebSocket protocol.

Against our own server stages stream and requests can be cancelled; any other openpi server is
asked with pictures, state and the instruction and answers with actions, perhaps with depth tokens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

from websockets import State
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection

from core import wire
from core.policy.base import Cancelled, StageCallback, check_request
from core.policy.dial import dial
from core.policy.keys import ObservationKeys
from core.policy.messages import (
    Message,
    observation_to_message,
    reading,
    reasoning_from_message,
    trace_to_message,
)
from core.policy.openpi import answer_from_openpi, error_from_openpi, observation_to_openpi
from core.types import Capabilities, Observation, Reasoning, StudioError, Trace

PING_EVERY_S = 5.0
SILENCE_S = 20.0
"""A server that leaves a ping unanswered for this long is taken for dead."""

_POLL_S = 0.05


class RemotePolicy:
    """A connection to a policy server.

    ``infer`` is called by one thread at a time; :meth:`cancel` and :meth:`close` by any.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout_s: float = 120.0,
        keys: ObservationKeys | None = None,
    ) -> None:
        """Connect.

        Args:
            url: Such as "ws://127.0.0.1:8000"; the scheme may be left out.
            token: Secret of the server, if it wants one.
            timeout_s: Longest time that an answer may take [s].
            keys: Names of the parts of an observation, for a server that is not ours.

        Raises:
            StudioError: If no policy server answers there, or it refuses the token.
        """
        self.url = url if "://" in url else f"ws://{url}"
        self._token = token
        self._timeout_s = timeout_s
        self._keys = keys or ObservationKeys()
        self._asking = threading.Lock()
        self._serial = 0
        self._cancelled_serial = 0
        self._connection: ClientConnection | None = None
        self._connect()

    def __enter__(self) -> RemotePolicy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def capabilities(self) -> Capabilities:
        """What the server said that it can do when the connection was made."""
        return self._greeting.capabilities

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
            if trace is not None and not self.capabilities.trace_in:
                raise StudioError(
                    f"The policy '{self.capabilities.name}' cannot follow a drawn trace; "
                    "steer it with the instruction."
                )
            if self._greeting.extras:
                studio: Message = {
                    "request_id": serial,
                    "observation": observation_to_message(observation),
                    "trace": None if trace is None else trace_to_message(trace),
                    "stream": on_stage is not None,
                }
                request: Message = {"studio": studio}
            else:
                size = self._greeting.send_size
                request = observation_to_openpi(observation, self._keys, size)
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
            raise StudioError(error_from_openpi(data))
        try:
            message = wire.unpack(data)
        except wire.WireError as error:
            self.close()
            raise StudioError(f"The policy server sent something unreadable: {error}.") from error
        if self._greeting.extras:
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
        if self._greeting.extras and now - self._pinged > PING_EVERY_S:
            if self._pong.is_set():
                self._pong, self._pinged = connection.ping(), now
            elif now - self._pinged > SILENCE_S:
                self.close()
                raise StudioError(f"The policy server at {self.url} has gone silent.")
        return None

    def _abandon(self, serial: int) -> None:
        """Make sure that nothing goes on, and that a late answer meets no new request."""
        if not self._greeting.extras:  # a plain server cannot be told
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
        if isinstance(error, ConnectionClosed) and (close := error.rcvd) is not None:
            if close.code == CloseCode.MESSAGE_TOO_BIG:
                raise StudioError(
                    f"The observation is too large for the policy server ({close.reason}); use "
                    "smaller images."
                ) from error
            if close.code == CloseCode.TRY_AGAIN_LATER:
                raise StudioError(f"The policy server is busy: {close.reason}") from error
        raise StudioError(
            f"The policy server at {self.url} went away while it was asked; nothing moves. Start "
            "it again and ask again."
        ) from error

    def _connect(self) -> None:
        self._connection, self._greeting = dial(self.url, self._token)
        self._pong, self._pinged = threading.Event(), time.monotonic()
        self._pong.set()


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
        chunk, depth = answer_from_openpi(message)
        self.answer = Reasoning(
            request_id=self._request_id,
            text="",
            depth=depth,
            chunk=chunk,
            timings={"actions": seconds, "total": seconds},
        )
