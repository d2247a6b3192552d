"""The server's side of one connection.

A plain openpi client sends an observation and gets the actions, or a sentence as a text frame. A
client that adds a ``studio`` key may also send a trace, see stages arrive and cancel:

    {"studio": {"request_id": 7, "observation": {...}, "trace": {...} | None, "stream": True}}
    {"studio": {"cancel": 7}}

and gets, each with its request id,

    {"studio": {"stage": {...reasoning so far...}}}
    {"studio": {"answer": {...}}, "actions": (N, 7), "server_timing": {...}}
    {"studio": {"error": "sentence", "request_id": 7, "cancelled": False}}
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from core import wire
from core.policy.base import Cancelled, Policy, PolicyRequest
from core.policy.greeting import metadata
from core.policy.limits import Limits, RateLimit
from core.policy.messages import (
    Message,
    observation_from_message,
    reading,
    reasoning_to_message,
    trace_from_message,
)
from core.policy.openpi import observation_from_openpi
from core.policy.stages import Stages
from core.policy.worker import Job, Worker
from core.types import Reasoning, StudioError

logger = logging.getLogger(__name__)

REQUEST_KEYS = frozenset({"request_id", "observation", "trace", "stream"})
"""What a ``studio`` request may say."""


class Session:
    """One connection: reads requests, hands them to the worker, sends what comes back."""

    def __init__(
        self,
        connection: ServerConnection,
        policy: Policy,
        worker: Worker,
        limits: Limits | None = None,
    ) -> None:
        """Prepare; :meth:`run` serves.

        Args:
            connection: The client.
            policy: Who answers; asked by the worker.
            worker: Runs the inferences of all sessions.
            limits: What the client may do.
        """
        self.name = uuid.uuid4().hex
        self._connection = connection
        self._policy = policy
        self._worker = worker
        self._limits = limits or Limits()
        self._rate = RateLimit(self._limits.rate, self._limits.burst)
        self._jobs: dict[int, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()  # answers to a plain client keep their order
        self._plain_serial = 0
        self._previous_total_s: float | None = None

    async def run(self) -> None:
        """Serve until the client leaves; then stop whatever it asked for."""
        try:
            await self._send(metadata(self._policy))
            async for data in self._connection:
                await self._handle(data)
        except ConnectionClosed:
            logger.debug("client left")
        finally:
            for job in self._jobs.values():
                job.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle(self, data: bytes | str) -> None:
        try:
            message = wire.unpack(data)
        except wire.WireError as error:
            await self._send(f"This message cannot be read: {error}.")
            return
        if not isinstance(message, dict):
            await self._send("A message is a map; this one is something else.")
            return
        if "__ctrl__" in message:  # episode notices of newer openpi clients
            await self._send({"__ack__": "ignored"})
        elif "studio" not in message:
            await self._plain(message)
        elif not isinstance(message["studio"], dict):
            await self._send("The value of 'studio' is a map; see the metadata frame.")
        elif "cancel" in message["studio"]:
            job = self._jobs.get(_number(message["studio"]["cancel"]))
            if job is not None:
                job.cancel()
        else:
            await self._studio(message["studio"], message)

    async def _plain(self, message: Message) -> None:
        started = time.monotonic()
        self._plain_serial -= 1  # negative: never the id of a studio request
        serial = self._plain_serial
        try:
            self._rate.take()
            job = self._submit(serial, PolicyRequest(observation=observation_from_openpi(message)))
        except StudioError as error:
            await self._send(str(error))
            return
        self._spawn(self._answer_plain(serial, job, started))

    async def _answer_plain(self, serial: int, job: Job, started: float) -> None:
        async with self._in_order:
            try:
                reasoning = await _result(job)
                if reasoning.chunk is None:
                    raise StudioError(reasoning.error or "The answer has no actions.")
            except Exception as error:
                await self._send(_sentence(error))
            else:
                await self._send(self._actions(reasoning, started))
            finally:
                self._jobs.pop(serial, None)
            self._previous_total_s = time.monotonic() - started

    async def _studio(self, studio: Message, message: Message) -> None:
        started = time.monotonic()
        request_id = _number(studio.get("request_id"))
        stages = Stages(asyncio.get_running_loop()) if studio.get("stream") is True else None
        try:
            self._rate.take()
            if request_id < 0:
                raise StudioError("A request needs a request_id: a whole number from 0 up.")
            if request_id in self._jobs:
                raise StudioError(f"Request {request_id} is being answered already.")
            if unknown := [key for key in studio if key not in REQUEST_KEYS]:
                raise StudioError(
                    f"A request has no key {unknown[0]!r}; known are "
                    + ", ".join(f"'{key}'" for key in sorted(REQUEST_KEYS))
                    + "."
                )
            with reading("request"):
                given = studio.get("trace")
                trace = None if given is None else trace_from_message(given)
                inner = studio.get("observation")
                observation = (
                    observation_from_openpi(message)
                    if inner is None
                    else observation_from_message(inner)
                )
            request = PolicyRequest(
                observation=observation,
                trace=trace,
                request_id=request_id,
                on_stage=None if stages is None else stages.put,
            )
            job = self._submit(request_id, request)
        except StudioError as error:
            await self._send(_failure(request_id, error))
            return
        self._spawn(self._answer_studio(request_id, job, stages, started))

    async def _answer_studio(
        self, request_id: int, job: Job, stages: Stages | None, started: float
    ) -> None:
        known: Reasoning | None = None
        try:
            if stages is not None:
                job.future.add_done_callback(lambda _: stages.wake())
                while (stage := await stages.next(job)) is not None:
                    await self._send({"studio": {"stage": reasoning_to_message(stage, known)}})
                    known = stage
            reasoning = await _result(job)
            answer = {"studio": {"answer": reasoning_to_message(reasoning, known)}}
            await self._send(answer | self._actions(reasoning, started))
        except ConnectionClosed:
            job.cancel()
            raise
        except Exception as error:
            await self._send(_failure(request_id, error))
        finally:
            self._jobs.pop(request_id, None)
        self._previous_total_s = time.monotonic() - started

    def _submit(self, request_id: int, request: PolicyRequest) -> Job:
        job = self._worker.submit(self, replace(request, session=self.name))
        self._jobs[request_id] = job
        return job

    def _actions(self, reasoning: Reasoning, started: float) -> Message:
        infer_s = reasoning.timings.get("total", time.monotonic() - started)
        timing = {"infer_ms": 1000 * infer_s}
        if self._previous_total_s is not None:
            timing["prev_total_ms"] = 1000 * self._previous_total_s
        message: Message = {"server_timing": timing}
        if reasoning.chunk is not None:
            message["actions"] = reasoning.chunk.actions
        return message

    def _spawn(self, answering: Coroutine[Any, Any, None]) -> None:
        async def until_closed() -> None:
            with suppress(ConnectionClosed):
                await answering

        task = asyncio.create_task(until_closed())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, message: Message | str) -> None:
        """Send a message, or a sentence as text; a client that does not read is cut off."""
        data = message if isinstance(message, str) else wire.pack(message)
        try:
            async with asyncio.timeout(self._limits.send_s):
                await self._connection.send(data)
        except TimeoutError:
            # Pings wait behind the same full buffer, so they would never notice.
            logger.warning("a client does not read its answers; cutting it off")
            self._connection.transport.abort()


async def _result(job: Job) -> Reasoning:
    try:
        return await asyncio.wrap_future(job.future)
    except asyncio.CancelledError:
        if job.future.cancelled():
            raise Cancelled from None
        raise


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _failure(request_id: int, error: BaseException) -> Message:
    cancelled = isinstance(error, Cancelled)
    return {"studio": {"error": _sentence(error), "request_id": request_id, "cancelled": cancelled}}


def _sentence(error: BaseException) -> str:
    """What the client is told: a sentence, never a traceback."""
    if isinstance(error, StudioError):
        return str(error)
    logger.error("inference failed", exc_info=error)
    return f"The policy failed ({type(error).__name__}); the server's log has the details."
