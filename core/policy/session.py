"""The server's side of one connection.

A plain openpi client sends an observation and gets the actions, or a sentence as a text frame. A
client that adds a ``studio`` key may also send a trace, see stages arrive and cancel:

    {"studio": {"request_id": 7, "observation": {...}, "trace": {...} | None, "stream": True}}
    {"studio": {"cancel": 7}}

and gets, each with its request id,

    {"studio": {"stage": {...reasoning so far...}}}
    {"studio": {"answer": {...}}, "actions": (N, 7), "server_timing": {...}}
    {"studio": {"error": "sentence", "request_id": 7, "cancelled": False}}

With ``"compare": [{"label": "yours", "trace": {...} | None, "instruction": "..." | None}, ...]``
in place of the trace, up to five questions about the one observation are answered together. What
comes back for each of them carries its index as ``"item": 2``, beside the request id; an error
without an item is about all of them, and so is a cancellation.
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
from core.policy.comparison import Question, questions_from_message
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
from core.types import Observation, Reasoning, StudioError

logger = logging.getLogger(__name__)

REQUEST_KEYS = frozenset({"request_id", "observation", "trace", "stream", "compare"})
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
        self._jobs: dict[int, list[Job]] = {}
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
            for request_id in list(self._jobs):
                self._cancel(request_id)
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
            self._cancel(_number(message["studio"]["cancel"]))
        else:
            await self._studio(message["studio"], message)

    async def _plain(self, message: Message) -> None:
        started = time.monotonic()
        self._plain_serial -= 1  # negative: never the id of a studio request
        serial = self._plain_serial
        try:
            self._rate.take()
            request = PolicyRequest(observation=observation_from_openpi(message))
            job = self._submit(serial, [request])[0]
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
                self._forget(serial, job)
            self._previous_total_s = time.monotonic() - started

    async def _studio(self, studio: Message, message: Message) -> None:
        started = time.monotonic()
        request_id = _number(studio.get("request_id"))
        try:
            self._rate.take()
            self._check(request_id, studio)
            questions = _questions(studio)
            for _ in range(len(questions) - 1):
                self._rate.take()
            with reading("request"):
                inner = studio.get("observation")
                observation = (
                    observation_from_openpi(message)
                    if inner is None
                    else observation_from_message(inner)
                )
            asked = {
                item: self._request(request_id, question, observation, studio, item)
                for item, question in questions.items()
                if isinstance(question, Question)
            }
            requests = [request for request, _ in asked.values()]
            jobs = self._submit(request_id, requests) if requests else []
        except StudioError as error:
            await self._send(_failure(request_id, error))
            return
        for (item, (_, stages)), job in zip(asked.items(), jobs, strict=True):
            self._spawn(self._answer_studio(request_id, job, stages, started, item))
        for item, question in questions.items():
            if not isinstance(question, Question):
                await self._send(_failure(request_id, question, item))

    def _check(self, request_id: int, studio: Message) -> None:
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

    def _request(
        self,
        request_id: int,
        question: Question,
        observation: Observation,
        studio: Message,
        item: int | None,
    ) -> tuple[PolicyRequest, Stages | None]:
        """Make a question a request, and a slot for its stages if the client wants them."""
        stages = Stages(asyncio.get_running_loop()) if studio.get("stream") is True else None
        request = PolicyRequest(
            observation=question.about(observation),
            trace=question.trace,
            request_id=request_id,
            on_stage=None if stages is None else stages.put,
            # Answers of one batch must not guess from each other while they are written.
            session=self.name if item is None else f"{self.name}/{item}",
        )
        return request, stages

    async def _answer_studio(
        self, request_id: int, job: Job, stages: Stages | None, started: float, item: int | None
    ) -> None:
        mark: Message = {} if item is None else {"item": item}
        known: Reasoning | None = None
        try:
            if stages is not None:
                job.future.add_done_callback(lambda _: stages.wake())
                while (stage := await stages.next(job)) is not None:
                    part = reasoning_to_message(stage, known)
                    await self._send({"studio": {"stage": part} | mark})
                    known = stage
            reasoning = await _result(job)
            answer = {"studio": {"answer": reasoning_to_message(reasoning, known)} | mark}
            await self._send(answer | self._actions(reasoning, started))
        except ConnectionClosed:
            job.cancel()
            raise
        except Exception as error:
            await self._send(_failure(request_id, error, item))
        finally:
            self._forget(request_id, job)
        self._previous_total_s = time.monotonic() - started

    def _submit(self, request_id: int, requests: list[PolicyRequest]) -> list[Job]:
        mine = [replace(one, session=one.session or self.name) for one in requests]
        jobs = self._worker.submit_together(self, mine)
        self._jobs[request_id] = list(jobs)
        return jobs

    def _cancel(self, request_id: int) -> None:
        for job in self._jobs.get(request_id, ()):
            job.cancel()

    def _forget(self, request_id: int, job: Job) -> None:
        """A request is over when nothing of it is left."""
        jobs = self._jobs.get(request_id, [])
        if job in jobs:
            jobs.remove(job)
        if not jobs:
            self._jobs.pop(request_id, None)

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


def _questions(studio: Message) -> dict[int | None, Question | StudioError]:
    """Return what is asked by its index; a single question has none."""
    if "compare" not in studio:
        with reading("request"):
            given = studio.get("trace")
            return {None: Question(trace=None if given is None else trace_from_message(given))}
    if studio.get("trace") is not None:
        raise StudioError("A comparison has its traces in its questions, not beside them.")
    return dict(enumerate(questions_from_message(studio["compare"])))


def _failure(request_id: int, error: BaseException, item: int | None = None) -> Message:
    told: Message = {
        "error": _sentence(error),
        "request_id": request_id,
        "cancelled": isinstance(error, Cancelled),
    }
    return {"studio": told if item is None else told | {"item": item}}


def _sentence(error: BaseException) -> str:
    """What the client is told: a sentence, never a traceback."""
    if isinstance(error, StudioError):
        return str(error)
    logger.error("inference failed", exc_info=error)
    return f"The policy failed ({type(error).__name__}); the server's log has the details."
