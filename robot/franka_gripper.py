"""The Franka Hand: commands in a thread of their own, so that a stop never waits for them."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from concurrent.futures import Future

import franky

from robot.base import PreemptedError, RobotError
from robot.franka_words import FRANKY_ERRORS, in_words

OPEN_WIDTH = 0.08
SPEED = 0.10
FORCE = 40.0
GRASP_TOLERANCE = 0.08
"""Any width counts as grasped: whether something is held is read from the width."""

POLL_SECONDS = 0.1

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
        try:
            self._gripper = franky.Gripper(host)
            self._measure()
        except FRANKY_ERRORS as error:
            raise in_words(error, host) from error
        threading.Thread(target=self._work, name="gripper", daemon=True).start()
        threading.Thread(target=self._watch, name="gripper-state", daemon=True).start()

    @property
    def opening(self) -> float:
        """Last measured opening, 0 (closed) to 1 (open)."""
        return self._opening

    @property
    def max_width(self) -> float:
        """Largest opening that the gripper knows [m]; 0 before its homing."""
        return float(self._gripper.state.max_width)

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

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        self._jobs.put(None)

    def _stop(self) -> None:
        try:
            self._gripper.stop()
        except FRANKY_ERRORS as error:
            _log.warning("the gripper did not take the stop: %s", error)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            opened, done = job
            try:
                if opened:
                    moved = self._gripper.move(OPEN_WIDTH, SPEED)
                else:
                    moved = self._gripper.grasp(0.0, SPEED, FORCE, epsilon_outer=GRASP_TOLERANCE)
                with contextlib.suppress(*FRANKY_ERRORS):
                    self._measure()
                if moved:
                    done.set_result(None)
                else:
                    word = "open" if opened else "close"
                    done.set_exception(
                        RobotError(f"The gripper did not {word}; look what is in its way.")
                    )
            except FRANKY_ERRORS as error:
                done.set_exception(_gripper_error(error, self._host))
            finally:
                self._busy.clear()

    def _watch(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            with contextlib.suppress(*FRANKY_ERRORS):  # the arm's state tells of a lost connection
                self._measure()

    def _measure(self) -> None:
        width = self._gripper.state.width
        self._opening = float(min(1.0, max(0.0, width / OPEN_WIDTH)))


def _gripper_error(error: BaseException, host: str) -> RobotError:
    if "abort" in str(error).lower():
        return PreemptedError("The gripper was stopped.")
    return in_words(error, host)
