"""A policy on another process or machine, over openpi's WebSocket protocol.

Against our own server stages stream, requests can be cancelled and several plans be asked for in
one message; any other openpi server is asked with pictures, state and the instruction and answers
with actions, perhaps with depth tokens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from websockets import State
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection

from core import wire
from core.policy.base import Cancelled, StageCallback, check_request
from core.policy.comparison import (
    ItemResult,
    ItemStage,
    Question,
    Result,
    ask_in_turn,
    check_count,
    questions_to_message,
)
from core.policy.conversation import Conversation
from core.policy.dial import dial
from core.policy.keys import ObservationKeys
from core.policy.messages import (
    Message,
    observation_to_message,
    trace_to_message,
)
from core.policy.openpi import error_from_openpi, observation_to_openpi
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
            timeout_s: Longest time that an answer may take [s]; five together, five times that.
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

    @property
    def is_connected(self) -> bool:
        """Whether the server's end of the connection is still there, as far as this end knows."""
        connection = self._connection
        return connection is not None and connection.protocol.state is State.OPEN

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
        question = Question(trace=trace, request_id=request_id)
        with self._asking:
            self._ready([question])
            whole = None if on_stage is None else lambda _index, stage: on_stage(stage)
            conversation = Conversation(self._serial, [question], whole)
            if self._greeting.extras:
                request = self._message(observation, stream=on_stage is not None)
                request["studio"]["trace"] = None if trace is None else trace_to_message(trace)
            else:
                size = self._greeting.send_size
                request = observation_to_openpi(observation, self._keys, size)
            result = self._converse(request, conversation, cancelled)[0]
        if isinstance(result, StudioError):
            raise result
        return result

    def compare(
        self,
        observation: Observation,
        questions: Sequence[Question],
        *,
        on_stage: ItemStage | None = None,
        on_result: ItemResult | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Result]:
        """Ask several questions about one observation; what goes wrong with one is its own.

        A server that knows no comparisons is asked one question after the other.

        Args:
            observation: Frames and instruction.
            questions: At most :data:`core.policy.comparison.MAX_COMPARED`.
            on_stage: Told how far each answer is.
            on_result: Told what each question came to, as soon as it did.
            cancelled: Polled meanwhile; true ends all questions.

        Returns:
            An answer for each question or, in its place, what went wrong with it.

        Raises:
            Cancelled: If the questions were cancelled.
            StudioError: If the server cannot be reached, dies, or refuses all of them.
        """
        check_count(len(questions))
        with self._asking:
            self._ready([])
            first = self._serial
            # What a single question could not be asked is the fault of that question alone.
            drawn = any(question.trace is not None for question in questions)
            together = len(questions) <= self._greeting.compares and (
                self.capabilities.trace_in or not drawn
            )
        if not together:
            return ask_in_turn(
                self,
                observation,
                questions,
                on_stage=on_stage,
                on_result=on_result,
                cancelled=lambda: (
                    self._cancelled_serial >= first or (cancelled is not None and cancelled())
                ),
            )
        with self._asking:
            self._ready(questions)
            conversation = Conversation(self._serial, questions, on_stage, on_result)
            request = self._message(observation, stream=on_stage is not None)
            request["studio"]["compare"] = questions_to_message(questions)
            results = self._converse(request, conversation, cancelled)
            return [results[index] for index in range(len(questions))]

    def _ready(self, questions: Sequence[Question]) -> None:
        """Number the next message and connect if need be."""
        self._serial += 1
        if self._connection is None or self._connection.state is not State.OPEN:
            self.close()
            self._connect()
        follows = self.capabilities.trace_in
        if not follows and any(question.trace is not None for question in questions):
            raise StudioError(
                f"The policy '{self.capabilities.name}' cannot follow a drawn trace; "
                "steer it with the instruction."
            )

    def _message(self, observation: Observation, *, stream: bool) -> Message:
        studio: Message = {
            "request_id": self._serial,
            "observation": observation_to_message(observation),
            "stream": stream,
        }
        return {"studio": studio}

    def _converse(
        self,
        request: Message,
        conversation: Conversation,
        cancelled: Callable[[], bool] | None,
    ) -> dict[int, Result]:
        """Send a message and wait until all of it is answered."""
        serial = conversation.serial
        started = time.monotonic()
        try:
            self._send(request)
            while not conversation.is_complete:
                if self._cancelled_serial == serial or (cancelled is not None and cancelled()):
                    raise Cancelled
                data = self._receive(started, self._timeout_s * conversation.size)
                if data is not None:
                    self._read(data, conversation, started)
            return conversation.results
        except (ConnectionClosed, OSError) as error:
            self._died(error)
        finally:
            if not conversation.is_complete:
                self._abandon(serial)

    def _read(self, data: bytes | str, conversation: Conversation, started: float) -> None:
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

    def _receive(self, started: float, limit_s: float) -> bytes | str | None:
        """Wait a moment for a message; watch over a server that has gone silent."""
        connection = self._connection
        if connection is None:  # closed by another thread
            raise Cancelled
        try:
            return connection.recv(timeout=_POLL_S)
        except TimeoutError:
            pass
        now = time.monotonic()
        if now - started > limit_s:
            self.close()
            raise StudioError(
                f"The policy server has not answered within {limit_s:g} s; ask again, or "
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
