"""Commands to a gripper that begin late or fail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from robot.base import PreemptedError, RobotError


class LateCommand:
    """A command that begins after a while, unless it is cancelled before.

    Attributes:
        future: Done when the command is.
    """

    def __init__(self, start: Callable[[], Future[None]], seconds: float) -> None:
        """Begin to wait.

        Args:
            start: Gives the command to the gripper.
            seconds: How late [s].
        """
        self.future: Future[None] = Future()
        self._start = start
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Let a command that waits end as stopped; one that has begun goes on."""
        self._timer.cancel()
        with self._lock:
            if not self.future.running() and not self.future.done():
                self.future.set_exception(PreemptedError("The gripper was stopped."))

    def _begin(self) -> None:
        with self._lock:
            if self.future.done():
                return
            self.future.set_running_or_notify_cancel()
        try:
            chain(self._start(), self.future)
        except RobotError as error:
            self.future.set_exception(error)


def chain(source: Future[None], target: Future[None] | None = None) -> Future[None]:
    """Give ``target``, or a new future, the result of ``source`` when it is there."""
    copy: Future[None] = Future() if target is None else target

    def pass_on(done: Future[None]) -> None:
        error = done.exception()
        with suppress(InvalidStateError):
            if error is None:
                copy.set_result(None)
            else:
                copy.set_exception(error)

    source.add_done_callback(pass_on)
    return copy


def failed(error: RobotError) -> Future[None]:
    """Return a command that has failed."""
    future: Future[None] = Future()
    future.set_exception(error)
    return future
