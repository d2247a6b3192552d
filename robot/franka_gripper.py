"""The Franka Hand: commands in a thread of their own, so that a stop never waits for them."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from concurrent.futures import Future

import franky

from robot.base import PreemptedError, RobotError, RobotLostError
from robot.franka_words import FRANKY_ERRORS, in_words

OPEN_WIDTH = 0.08
SPEED = 0.10
FORCE = 40.0
GRASP_TOLERANCE = 0.08
"""Any width counts as grasped: whether something is held is read from the width."""

POLL_SECONDS = 0.1
CONNECT_SECONDS = 10.0
JOIN_SECONDS = 1.0

_log = logging.getLogger(__name__)


class FrankaGripper:
    """Opens, closes, and knows how far it is open."""

    def __init__(self, host: str) -> None:
        """Connect.

        Raises:
            RobotError: If there is no gripper at this address.
        """
        self._host = host
        self._opening = 0.0
        self._jobs: queue.SimpleQueue[tuple[bool, Future[None]] | None] = queue.SimpleQueue()
        self._busy = threading.Event()
        self._closed = threading.Event()
        self._gripper: franky.Gripper | None = _connect(host)
        try:
            self._measure()
        except FRANKY_ERRORS as error:
            raise in_words(error, host) from error
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("gripper", self._work), ("gripper-state", self._watch))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def opening(self) -> float:
        """Last measured opening, 0 (closed) to 1 (open)."""
        return self._opening

    @property
    def max_width(self) -> float:
        """Largest opening that the gripper knows [m]; 0 before its homing."""
        gripper = self._gripper
        return 0.0 if gripper is None else float(gripper.state.max_width)

    def start(self, opened: bool) -> Future[None]:
        """Start opening or closing.

        Returns:
            Done when the gripper is; its exception is a RobotError, PreemptedError after a stop.
        """
        done: Future[None] = Future()
        self._busy.set()
        self._jobs.put((opened, done))
        return done

    def stop(self) -> None:
        """End a running command; without one nothing happens, so that a held object stays held."""
        if self._busy.is_set():
            threading.Thread(target=self._stop, name="gripper-stop", daemon=True).start()

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed.is_set()

    def close(self) -> None:
        """End the threads and disconnect: a hand talks to one client at a time."""
        self._closed.set()
        self._jobs.put(None)
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self._gripper = None  # whoever waits in a command that never ends still has it

    def _stop(self) -> None:
        gripper = self._gripper
        try:
            if gripper is not None:
                gripper.stop()
        except FRANKY_ERRORS as error:
            _log.warning("the gripper did not take the stop: %s", error)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            opened, done = job
            gripper = self._gripper
            try:
                if gripper is None:
                    raise PreemptedError("The gripper was disconnected.")
                if opened:
                    moved = gripper.move(OPEN_WIDTH, SPEED)
                else:
                    moved = gripper.grasp(0.0, SPEED, FORCE, epsilon_outer=GRASP_TOLERANCE)
                with contextlib.suppress(*FRANKY_ERRORS):
                    self._measure()
                if moved:
                    done.set_result(None)
                else:
                    word = "open" if opened else "close"
                    done.set_exception(
                        RobotError(f"The gripper did not {word}; look what is in its way.")
                    )
            except RobotError as error:
                done.set_exception(error)
            except FRANKY_ERRORS as error:
                done.set_exception(_gripper_error(error, self._host))
            finally:
                gripper = None
                self._busy.clear()

    def _watch(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            with contextlib.suppress(*FRANKY_ERRORS):  # the arm's state tells of a lost connection
                self._measure()

    def _measure(self) -> None:
        gripper = self._gripper
        if gripper is None:
            return
        width = gripper.state.width
        self._opening = float(min(1.0, max(0.0, width / OPEN_WIDTH)))


def _connect(host: str) -> franky.Gripper:
    """Connect; a hand that another client holds would never answer.

    Raises:
        RobotError: If there is none, or it does not answer in time.
    """
    made: Future[franky.Gripper] = Future()

    def work() -> None:
        try:
            made.set_result(franky.Gripper(host))
        except FRANKY_ERRORS as error:
            made.set_exception(error)

    threading.Thread(target=work, name="gripper-connect", daemon=True).start()
    try:
        return made.result(CONNECT_SECONDS)
    except TimeoutError as error:
        raise RobotLostError(
            f"The gripper at {host} does not answer within {CONNECT_SECONDS:.0f} s; is another "
            "program connected to it?"
        ) from error
    except FRANKY_ERRORS as error:
        raise in_words(error, host) from error


def _gripper_error(error: BaseException, host: str) -> RobotError:
    if "abort" in str(error).lower():
        return PreemptedError("The gripper was stopped.")
    return in_words(error, host)
