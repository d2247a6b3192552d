"""The threads of the studio: one asks the policy, one calls the rig, one does nothing but stop.

Every object here lives in the GUI thread and talks to its worker by queued signals. Threads and
workers are made once and kept until :meth:`shutdown`, which each link offers and which the window
calls in order (robot, policy, log).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from core.policy.base import Cancelled
from core.types import Observation, Reasoning, StudioError, Trace

logger = logging.getLogger(__name__)

GRACE_MS = 2000
"""How long a thread may take to end before its connection is cut under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """One question to the policy.

    Attributes:
        request_id: Number that the answer carries.
        observation: What it is about.
        trace: The drawn trace to follow, or None.
    """

    request_id: int
    observation: Observation
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RigCall:
    """One blocking call to the rig.

    Attributes:
        call: Gets the connected client and returns the result; runs in the rig's thread.
        done: Gets the result, in the GUI thread.
        failed: Gets a sentence when it failed, in the GUI thread.
    """

    call: Callable[[Any], Any]
    done: Callable[[Any], None]
    failed: Callable[[str], None]


def sentence_of(error: BaseException) -> str:
    """Put an error into words; only what nobody foresaw is logged with its traceback."""
    if isinstance(error, StudioError):
        return str(error)
    if isinstance(error, (OSError, TimeoutError)):
        return f"The connection failed: {error}."
    logger.error("unexpected error in a worker", exc_info=error)
    return f"Something unforeseen went wrong ({type(error).__name__}: {error}); see the log."


class _PolicyWorker(QObject):
    connected = Signal(object)
    lost = Signal(str)
    done = Signal(object)
    failed = Signal(int, str)
    staged = Signal()

    def __init__(self, make_client: Callable[[str, str | None], Any]) -> None:
        super().__init__()
        self._make_client = make_client
        self._lock = threading.Lock()
        self._wanted = 0
        self._partial: Reasoning | None = None
        self.client: Any = None

    def want(self, request_id: int) -> None:
        """Name the only request whose answer still matters; callable from any thread."""
        with self._lock:
            self._wanted = request_id
            self._partial = None

    def take_partial(self) -> Reasoning | None:
        """Take the newest partial answer; callable from any thread."""
        with self._lock:
            partial, self._partial = self._partial, None
        return partial

    def _is_stale(self, request_id: int) -> bool:
        with self._lock:
            return request_id != self._wanted

    def _keep_partial(self, partial: Reasoning) -> None:
        # One slot, latest wins: a fast decoder must not fill the event queue of the window.
        with self._lock:
            if partial.request_id != self._wanted:
                return
            fresh = self._partial is None
            self._partial = partial
        if fresh:
            self.staged.emit()

    @Slot(str, str)
    def connect_to(self, url: str, token: str) -> None:
        self.close()
        try:
            self.client = self._make_client(url, token or None)
            self.connected.emit(self.client.capabilities)
        except Exception as error:
            self.client = None
            self.lost.emit(sentence_of(error))

    @Slot(object)
    def ask(self, request: PolicyRequest) -> None:
        if self._is_stale(request.request_id):
            return
        if self.client is None:
            self.failed.emit(request.request_id, "No policy is connected; start or restart it.")
            return
        try:
            answer = self.client.infer(
                request.observation,
                request.trace,
                request_id=request.request_id,
                on_stage=self._keep_partial,
                cancelled=lambda: self._is_stale(request.request_id),
            )
        except Cancelled:
            return
        except Exception as error:
            self.failed.emit(request.request_id, sentence_of(error))
        else:
            self.done.emit(answer)

    @Slot()
    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None and hasattr(client, "close"):
            with suppress(OSError, StudioError):
                client.close()


class PolicyLink(QObject):
    """Asks the policy from a thread of its own; only the newest request counts."""

    connected = Signal(object)
    lost = Signal(str)
    staged = Signal(object)
    answered = Signal(object)
    failed = Signal(int, str)
    _connect = Signal(str, str)
    _ask = Signal(object)

    def __init__(
        self, make_client: Callable[[str, str | None], Any], parent: QObject | None = None
    ) -> None:
        """Start the thread.

        Args:
            make_client: Gets address and token, returns a connected policy client (it may have
                ``close``); called in the worker's thread.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._worker = _PolicyWorker(make_client)
        self._thread = _start(self._worker, "policy")
        self._worker.connected.connect(self.connected)
        self._worker.lost.connect(self.lost)
        self._worker.done.connect(self.answered)
        self._worker.failed.connect(self.failed)
        self._worker.staged.connect(self._take_partial)
        self._connect.connect(self._worker.connect_to)
        self._ask.connect(self._worker.ask)

    def open(self, url: str, token: str | None = None) -> None:
        """Connect, or connect anew."""
        self._connect.emit(url, token or "")

    def ask(self, request: PolicyRequest) -> None:
        """Ask; an earlier question that is still open is cancelled."""
        self._worker.want(request.request_id)
        self._ask.emit(request)

    def cancel(self) -> None:
        """Give up the open question."""
        self._worker.want(0)

    @Slot()
    def _take_partial(self) -> None:
        partial = self._worker.take_partial()
        if partial is not None:
            self.staged.emit(partial)

    def shutdown(self) -> None:
        """Cancel, end the thread and close the connection."""
        self.cancel()
        _finish(self._thread, self._worker)


class _RigWorker(QObject):
    connected = Signal(object)
    lost = Signal(str)
    done = Signal(object, object)
    failed = Signal(object, str)

    def __init__(self, make_client: Callable[[str, str | None], Any]) -> None:
        super().__init__()
        self._make_client = make_client
        self.client: Any = None

    @Slot(str, str)
    def connect_to(self, url: str, token: str) -> None:
        self.close()
        try:
            client = self._make_client(url, token or None)
            client.connect()
        except Exception as error:
            self.lost.emit(sentence_of(error))
        else:
            self.client = client
            self.connected.emit(client)

    @Slot(object)
    def perform(self, call: RigCall) -> None:
        if self.client is None:
            self.failed.emit(call, "No rig is connected; start or restart it.")
            return
        try:
            result = call.call(self.client)
        except Exception as error:
            self.failed.emit(call, sentence_of(error))
        else:
            self.done.emit(call, result)

    @Slot()
    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            with suppress(OSError, StudioError):
                client.close()


class _StopWorker(QObject):
    done = Signal(str)
    failed = Signal(str)

    @Slot(object, str)
    def stop(self, client: Any, by: str) -> None:
        try:
            client.stop(by)
        except Exception as error:
            self.failed.emit(sentence_of(error))
        else:
            self.done.emit(by)


class RigLink(QObject):
    """Calls the rig from one thread, and stops it from another that has no other work."""

    connected = Signal(object)
    lost = Signal(str)
    stop_sent = Signal(str)
    stop_failed = Signal(str)
    _connect = Signal(str, str)
    _perform = Signal(object)
    _stop = Signal(object, str)

    def __init__(
        self, make_client: Callable[[str, str | None], Any], parent: QObject | None = None
    ) -> None:
        """Start both threads.

        Args:
            make_client: Gets address and token, returns a rig client that is not connected yet.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.client: Any = None
        """The connected client, for what does not block: frames, state, events."""
        self._worker = _RigWorker(make_client)
        self._stopper = _StopWorker()
        self._thread = _start(self._worker, "rig")
        self._stop_thread = _start(self._stopper, "stop")
        self._worker.connected.connect(self._keep)
        self._worker.lost.connect(self._forget)
        self._worker.done.connect(self._done)
        self._worker.failed.connect(self._failed)
        self._stopper.done.connect(self.stop_sent)
        self._stopper.failed.connect(self.stop_failed)
        self._connect.connect(self._worker.connect_to)
        self._perform.connect(self._worker.perform)
        self._stop.connect(self._stopper.stop)

    def open(self, url: str, token: str | None = None) -> None:
        """Connect, or connect anew."""
        self._connect.emit(url, token or "")

    def call(
        self,
        call: Callable[[Any], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """Do something with the client in the rig's thread; the callbacks run in this one."""
        self._perform.emit(RigCall(call=call, done=done, failed=failed))

    def stop(self, by: str) -> bool:
        """Stop the arm without waiting for anything; false when there is no rig to stop."""
        if self.client is None:
            return False
        self._stop.emit(self.client, by)
        return True

    def drop(self) -> None:
        """Forget a rig that has died."""
        self.client = None

    @Slot(object)
    def _keep(self, client: Any) -> None:
        self.client = client
        self.connected.emit(client)

    @Slot(object, object)
    def _done(self, call: RigCall, result: object) -> None:
        call.done(result)

    @Slot(object, str)
    def _failed(self, call: RigCall, sentence: str) -> None:
        call.failed(sentence)

    @Slot(str)
    def _forget(self, sentence: str) -> None:
        self.client = None
        self.lost.emit(sentence)

    def shutdown(self) -> None:
        """End both threads and close the connection; the rig stops the arm when it drops."""
        self.client = None
        _finish(self._stop_thread, None)
        _finish(self._thread, self._worker)


def _start(worker: QObject, name: str) -> QThread:
    thread = QThread()
    thread.setObjectName(name)
    worker.moveToThread(thread)
    thread.start()
    return thread


def _finish(thread: QThread, worker: _PolicyWorker | _RigWorker | None) -> None:
    """End a thread; one that hangs in its socket gets the socket closed under it."""
    thread.quit()
    if not thread.wait(GRACE_MS) and worker is not None:
        logger.warning("thread %s hangs; closing its connection", thread.objectName())
        worker.close()
        thread.wait(GRACE_MS)
    if worker is not None:
        worker.close()
