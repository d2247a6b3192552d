"""The connections of a client to its rig: requests and answers, events, pictures, the stop."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from core.types import Frame, RobotState, StudioError
from core.wire import MAX_MESSAGE_BYTES, WireError, pack, unpack
from robot.guard import RejectedError
from robot.rig.heart import Heart
from robot.rig.messages import (
    Fault,
    Hello,
    RigEvent,
    RunEnded,
    SpeedChanged,
    StateChanged,
    event_from_message,
    frame_from_message,
    state_from_message,
)
from robot.rig.states import MotionState

OPEN_SECONDS = 5.0
ANSWER_SECONDS = 15.0
STOP_SECONDS = 1.5

_log = logging.getLogger(__name__)


class RigConnection:
    """Talks to a rig; its methods may be called from any thread.

    Attributes:
        events: What the rig reports, in order (:data:`robot.rig.messages.RigEvent`).
    """

    def __init__(self, url: str, token: str | None = None, own_pulse: bool = True) -> None:
        """Prepare; :meth:`connect` connects.

        Args:
            url: Address that the rig printed, such as "ws://127.0.0.1:8202".
            token: What a rig beyond this machine asks for.
            own_pulse: Whether this object's own thread is sign of life enough, as for a script;
                a window calls :meth:`pulse` from its loop instead, so that the arm stops when the
                window hangs.
        """
        self.url = url.rstrip("/")
        self.events: queue.Queue[RigEvent] = queue.Queue()
        self._token = token
        self._own_pulse = own_pulse
        self._heart: Heart | None = None
        self._hello = Hello(kind="", host="")
        self._ids = itertools.count(1)
        self._stop_ids = itertools.count(1)
        self._answers: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Condition()
        self._stop_lock = threading.Lock()
        self._send_lock = threading.Lock()
        self._frames: dict[str, Frame] = {}
        self._state: RobotState | None = None
        self._ended: dict[str, RunEnded] = {}
        self._connections: dict[str, ClientConnection] = {}
        self._open_connections = ExitStack()
        self._threads: list[threading.Thread] = []
        self._lost = ""
        self._motion = StateChanged(state=MotionState.DISCONNECTED)
        self._workspace: tuple[list[float], list[float]] | None = None
        self._speed = 1.0

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> None:
        """Connect, or connect anew.

        Raises:
            StudioError: If no rig answers there, or it asks for another token.
        """
        self.close()
        self._lost = ""
        self._frames, self._state = {}, None
        try:
            for path in ("control", "stop", "stream"):
                self._connections[path] = self._open(path)
            first = unpack(self._connections["control"].recv(timeout=OPEN_SECONDS))
            self._hello = Hello.from_message(first["hello"])
            self._motion = StateChanged(state=MotionState(self._hello.state))
            self._workspace, self._speed = self._hello.workspace, self._hello.speed
            self._connections["pulse"] = self._open(f"pulse?session={self._hello.session}")
        except (
            ConnectionClosed,
            TimeoutError,
            WireError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            self.close()
            raise StudioError(f"What listens at {self.url} is no rig.") from error
        except StudioError:
            self.close()
            raise
        self._heart = Heart(self._connections["pulse"].send, own=self._own_pulse)
        for name, work in (("control", self._hear), ("stream", self._watch)):
            thread = threading.Thread(
                target=work, args=(self._connections[name],), name=f"rig-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Leave. The rig stops what this client started."""
        heart, self._heart = self._heart, None
        self._connections = {}
        with suppress(OSError, ConnectionClosed):
            self._open_connections.close()
        if heart is not None:
            heart.close()
        threads, self._threads = self._threads, []
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(2.0)

    @property
    def is_connected(self) -> bool:
        """Whether the rig can be asked."""
        return bool(self._connections) and not self._lost

    def pulse(self, held: bool) -> None:
        """Say that the program is alive, and whether a person holds the arm to run.

        To be called at least every 0.1 s; never blocks. What is not repeated is not believed.
        """
        heart = self._heart
        if heart is not None:
            heart.beat(held)

    @property
    def motion(self) -> StateChanged:
        """What the arm may do now, as the rig told last."""
        return self._motion

    def frames(self) -> dict[str, Frame]:
        """Return the newest picture per camera, without waiting."""
        return dict(self._frames)

    def state(self) -> RobotState | None:
        """Return the newest state of the arm, without waiting."""
        return self._state

    def stop(self, by: str) -> None:
        """Stop the arm now; nothing moves until :meth:`release_stop`.

        Raises:
            StudioError: If no connection takes the stop. The rig then stops by itself, as this
                client's connections are closed.
        """
        with self._stop_lock:
            request = {"id": next(self._stop_ids), "op": "stop", "by": by}
            try:
                connection = self._connections["stop"]
                connection.send(pack(request))
                answer = unpack(connection.recv(timeout=STOP_SECONDS))
            except (KeyError, OSError, ConnectionClosed, TimeoutError, WireError) as error:
                _log.warning("the stop connection failed: %r", error)
                answer = None
        if answer is None:
            self._stop_otherwise(by)
        else:
            _result(answer)

    def wait_ended(self, run_id: str, timeout: float) -> RunEnded:
        """Wait until a run is over; the event stays in :attr:`events`.

        Raises:
            StudioError: If it takes longer than ``timeout`` seconds, or the rig is gone.
        """
        with self._lock:
            self._lock.wait_for(lambda: run_id in self._ended or bool(self._lost), timeout)
            ended = self._ended.get(run_id)
        if ended is None:
            raise StudioError(self._lost or f"The arm was still moving after {timeout:.0f} s.")
        return ended

    def _open(self, path: str) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else None
        try:
            opening = connect(
                f"{self.url}/{path}", additional_headers=headers, open_timeout=OPEN_SECONDS,
                close_timeout=1.0, compression=None, proxy=None, max_size=MAX_MESSAGE_BYTES,
            )  # fmt: skip
            return self._open_connections.enter_context(opening)
        except InvalidStatus as error:
            if error.response.status_code == 401:
                raise StudioError(f"The rig at {self.url} asks for another token.") from error
            raise StudioError(f"What listens at {self.url} is no rig.") from error
        except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
            raise StudioError(
                f"No rig answers at {self.url}; start one with: python main.py rig"
            ) from error

    def _ask(self, op: str, **arguments: Any) -> Any:
        future: Future[dict[str, Any]] = Future()
        number = 0
        try:
            if self._lost:
                raise StudioError(self._lost)
            with self._send_lock:  # numbers have to arrive in order
                number = next(self._ids)
                self._answers[number] = future
                self._connections["control"].send(pack({"id": number, "op": op, **arguments}))
            return _result(future.result(ANSWER_SECONDS))
        except KeyError as error:
            raise StudioError("The rig is not connected.") from error
        except (ConnectionClosed, OSError) as error:
            if isinstance(error, FutureTimeout):
                raise StudioError(
                    f"The rig did not answer within {ANSWER_SECONDS:.0f} s."
                ) from error
            raise StudioError(self._lost or "The connection to the rig is lost.") from error
        finally:
            self._answers.pop(number, None)

    def _stop_otherwise(self, by: str) -> None:
        try:
            self._ask("stop", by=by)
        except StudioError as error:
            self.close()
            raise StudioError(
                "The stop did not get through; the connection was cut, which stops the arm as well."
            ) from error

    def _hear(self, connection: ClientConnection) -> None:
        try:
            for message in connection:
                self._take(unpack(message))
        except (ConnectionClosed, WireError, StudioError, KeyError, TypeError, ValueError) as error:
            _log.debug("the rig's control connection ended: %r", error)
        if connection in self._connections.values():
            self._lose("The connection to the rig is lost; the rig stops the arm by itself.")

    def _take(self, message: dict[str, Any]) -> None:
        if "event" not in message:
            future = self._answers.get(message["id"])
            if future is not None:
                future.set_result(message)
            return
        event = event_from_message(message["event"])
        if isinstance(event, StateChanged):
            self._motion = event
        if isinstance(event, SpeedChanged):
            self._speed = event.share
        if isinstance(event, RunEnded):
            with self._lock:
                self._ended[event.run_id] = event
                self._lock.notify_all()
        self.events.put(event)

    def _lose(self, sentence: str) -> None:
        with self._lock:
            self._lost = sentence
            self._lock.notify_all()
        for future in list(self._answers.values()):
            with suppress(InvalidStateError):
                future.set_exception(StudioError(sentence))
        if self._state is not None:
            self._state = replace(self._state, mode="disconnected", t_ns=time.monotonic_ns())
        self._motion = StateChanged(state=MotionState.DISCONNECTED, why=sentence)
        self.events.put(self._motion)
        self.events.put(Fault(sentence=sentence))

    def _watch(self, connection: ClientConnection) -> None:
        try:
            for message in connection:
                connection.send(b"")
                batch = unpack(message)
                for item in batch["frames"]:
                    frame = frame_from_message(item)
                    self._frames[frame.camera] = frame
                if batch["state"] is not None:
                    self._state = state_from_message(batch["state"])
        except (ConnectionClosed, WireError, KeyError, TypeError, ValueError) as error:
            _log.debug("the rig's stream ended: %r", error)


def _result(answer: dict[str, Any]) -> Any:
    if "error" not in answer:
        return answer["result"]
    if answer.get("rejected"):
        raise RejectedError(str(answer["error"]), answer.get("step"), str(answer.get("kind", "")))
    raise StudioError(str(answer["error"]))
