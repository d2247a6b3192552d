"""The policy server: a policy behind openpi's WebSocket protocol.

The socket loop only moves messages; inference runs in the one thread of
:class:`core.policy.worker.Worker`.
"""

from __future__ import annotations

import argparse
import asyncio
import http
import json
import logging
import os
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from core.policy.base import Policy
from core.policy.batching import answer_all, batch_limit, together_limit
from core.policy.limits import Limits
from core.policy.session import Session
from core.policy.status import Tally
from core.policy.worker import Worker
from core.service import (
    announce_progress,
    announce_ready,
    authorised,
    give_way,
    require_token,
    websocket_url,
    when_parent_leaves,
)
from core.types import StudioError

logger = logging.getLogger(__name__)

EMBEDDED_MODEL = Path(__file__).resolve().parents[2] / "assets" / "models" / "embedded"
"""The checkpoint that ships with the studio."""


class PolicyServer:
    """A running server; a context manager that stops it.

    Attributes:
        url: Where it listens, such as "ws://127.0.0.1:8000".
    """

    def __init__(
        self,
        policy: Policy,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        *,
        limits: Limits | None = None,
        max_batch: int | None = None,
    ) -> None:
        """Listen, in a thread of its own.

        Args:
            policy: Who answers.
            host: Address to listen on; beyond loopback only with a token.
            port: TCP port; 0 picks a free one.
            token: What clients have to show, or ``None``.
            limits: What a client may do.
            max_batch: Most requests that are answered together; ``None`` leaves it to the policy.

        Raises:
            StudioError: If the port is taken, or a token is missing.
        """
        self._max_batch = batch_limit(policy, max_batch)
        self._together = together_limit(policy, max_batch)
        self._limits = limits or Limits()
        self._tally = Tally()
        self._sessions = 0
        require_token(host, token)
        require_free_port(host, port)
        self._policy, self._host, self._port, self._token = policy, host, port, token
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._failure: OSError | None = None
        self.url = ""
        self._thread = threading.Thread(target=self._run, name="policy-server", daemon=True)
        self._thread.start()
        self._listening.wait()
        if self._failure is not None:
            self._thread.join()
            raise StudioError(
                f"cannot listen on {host} port {port}: {self._failure.strerror}"
            ) from self._failure

    def __enter__(self) -> PolicyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, cancel what they asked for and end the threads."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        limits = self._limits
        answer = partial(answer_all, self._policy)
        with Worker(
            answer, max_batch=self._max_batch, together=self._together, tally=self._tally
        ) as worker:
            async with serve(
                lambda connection: self._run_session(connection, worker),
                self._host,
                self._port,
                compression=None,  # as openpi: images do not shrink, and it costs time
                max_size=limits.message_bytes,
                max_queue=4,
                close_timeout=2,
                ping_interval=limits.ping_every_s,
                ping_timeout=limits.ping_timeout_s,
                origins=[None],  # no web page may talk to a server on this machine
                process_request=partial(self._admit, worker),
            ) as server:
                self.url = websocket_url(self._host, _port(server))
                self._listening.set()
                await self._stop.wait()

    async def _run_session(self, connection: ServerConnection, worker: Worker) -> None:
        if self._sessions >= self._limits.connections:  # several were admitted at once
            await connection.close(CloseCode.TRY_AGAIN_LATER, self._full())
            return
        self._sessions += 1
        try:
            await Session(connection, self._policy, worker, self._limits).run()
        finally:
            self._sessions -= 1

    def _admit(
        self, worker: Worker, connection: ServerConnection, request: Request
    ) -> Response | None:
        if request.path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        if not authorised(request.headers.get("Authorization"), self._token):
            return connection.respond(
                http.HTTPStatus.UNAUTHORIZED, "This server wants its token.\n"
            )
        if request.path == "/status":
            response = connection.respond(http.HTTPStatus.OK, json.dumps(self._status(worker)))
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            return response
        if self._sessions >= self._limits.connections:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, self._full() + "\n")
        return None

    def _full(self) -> str:
        return f"All {self._limits.connections} connections are taken; try again later."

    def _status(self, worker: Worker) -> dict[str, Any]:
        waiting, running = worker.load
        return {
            "name": self._policy.capabilities.name,
            "sessions": self._sessions,
            "max_sessions": self._limits.connections,
            "waiting": waiting,
            "running": running,
            "max_batch": self._max_batch,
            **self._tally.to_dict(),
        }


def require_free_port(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on; before a model is loaded for minutes.

    Raises:
        StudioError: If the port is taken or there is none of that number, or no such host.
    """
    if not 0 <= port <= 65535:
        raise StudioError(f"there is no port {port}; ports run from 1 to 65535, 0 picks one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0].lower()
        raise StudioError(
            f"cannot listen on {host} port {port}: {reason}; choose another port with --port, "
            "or 0 for a free one"
        ) from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py serve``."""
    parser.add_argument(
        "--model", default=str(EMBEDDED_MODEL), help="folder or hub id of a checkpoint"
    )
    parser.add_argument("--dtype", choices=("auto", "fp32", "bf16", "fp16"), default="auto")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="CPU threads (default: 2 at most)")
    parser.add_argument("--norm-key", help="action statistics, if the checkpoint has several")
    parser.add_argument(
        "--decoding",
        choices=("exact", "constrained", "reference"),
        default="exact",
        help="along the answer's grammar with guesses (default) or without, or plain greedy",
    )
    parser.add_argument("--host", default="127.0.0.1", help="beyond loopback needs --token")
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free one")
    parser.add_argument("--token", help="secret that clients have to show")
    parser.add_argument(
        "--max-batch", type=int, help="requests answered together (default: what suits the device)"
    )
    parser.add_argument("--max-connections", type=int, default=Limits().connections)
    parser.add_argument(
        "--max-rate", type=float, default=Limits().rate, help="requests per second and connection"
    )
    parser.add_argument(
        "--background",
        action="store_true",
        help="give way to every other program of this machine, such as the window",
    )
    parser.add_argument("--child", action="store_true", help="end when standard input closes")


def run_server(args: argparse.Namespace) -> int:
    """Load a model and serve it until told to stop; ``python main.py serve``.

    Args:
        args: The options of :func:`add_arguments`.

    Returns:
        The exit status, 0.

    Raises:
        StudioError: If the model or the port cannot be used.
    """
    if args.child:
        # Before the handler below is set, the signal ends the process: a parent that has gone
        # needs no model.
        when_parent_leaves(lambda: os.kill(os.getpid(), signal.SIGTERM))
    if args.background:
        give_way()
    require_token(args.host, args.token)
    require_free_port(args.host, args.port)
    # Torch's threads spin while they wait. Beside a simulated lab on two cores that made tokens
    # fifteen times slower. Read when torch is first imported, which is below.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from core.policy.local import load_policy  # torch takes seconds to import

    policy = load_policy(
        args.model,
        dtype=args.dtype,
        device=args.device,
        threads=args.threads,
        norm_key=args.norm_key,
        progress=partial(_tell_progress, child=args.child),
        decoding=args.decoding,
    )
    limits = Limits(connections=args.max_connections, rate=args.max_rate)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with PolicyServer(
        policy, args.host, args.port, args.token, limits=limits, max_batch=args.max_batch
    ) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        announce_ready(server.url, name=policy.capabilities.name)
        while not stop.wait(1.0):  # in slices, so that signals are seen
            pass
    return 0


def _tell_progress(sentence: str, *, child: bool) -> None:
    print(sentence, file=sys.stderr, flush=True)
    if child:
        announce_progress(sentence)


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])
