"""The threads of the studio that call the rig: one for everything, one that does nothing but stop.

The one that asks the policy is in :mod:`app.policy_link`.

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

from core.types import StudioError

logger = logging.getLogger(__name__)

GRACE_MS = 2000
"""How long a thread may take to end before its connection is cut under it."""


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

    def __init__(self) -> None:
        super().__init__()
        self.taken = threading.Event()

    @Slot(object, str)
    def stop(self, client: Any, by: str) -> None:
        self.taken.set()
        try:
            client.stop(by)
        except Exception as error:
            self.failed.emit(sentence_of(error))
        else:
            self.done.emit(by)


HAND_OVER_S = 0.02
"""Longest that the window waits for the thread that sends the stop."""


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
        self._thread = start_thread(self._worker, "rig")
        self._stop_thread = start_thread(self._stopper, "stop")
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
        """Stop the arm without waiting for its answer; false when there is no rig to stop."""
        if self.client is None:
            return False
        self._stopper.taken.clear()
        self._stop.emit(self.client, by)
        # All else that a stop means for the window comes after it: until the other thread has the
        # stop in its hands, this one leaves Python's lock to it.
        self._stopper.taken.wait(HAND_OVER_S)
        return True

    def is_holder(self, holder: str) -> bool:
        """Whether that is what the rig calls this client."""
        return bool(holder) and self.client is not None and self.client.name == holder

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
        finish_thread(self._stop_thread, None)
        finish_thread(self._thread, self._worker)


def start_thread(worker: QObject, name: str) -> QThread:
    """Give a worker a running thread of its own."""
    thread = QThread()
    thread.setObjectName(name)
    worker.moveToThread(thread)
    thread.start()
    return thread


def finish_thread(thread: QThread, worker: Any) -> None:
    """End a thread; one that hangs in its socket gets the socket closed under it."""
    thread.quit()
    if not thread.wait(GRACE_MS) and worker is not None:
        logger.warning("thread %s hangs; closing its connection", thread.objectName())
        worker.close()
        thread.wait(GRACE_MS)
    if worker is not None:
        worker.close()
