"""The rig itself, without sockets: arm, cameras, executor, and what a client may ask for."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot.base import Camera, Robot
from robot.executor import Executor
from robot.faults.lab import FaultLab
from robot.guard import Limits
from robot.rig.board import Board
from robot.rig.feeds import Feeds
from robot.rig.lab_link import LabLink
from robot.rig.messages import Fault, Hello, RigEvent, chunk_from_message

LAB_GONE = "The simulated lab is gone; start it again."

_log = logging.getLogger(__name__)
Operation = Callable[[dict[str, Any], object], Any]


class Rig:
    """Everything that moves or sees, and the only authority on motion."""

    def __init__(
        self,
        *,
        robot: Robot,
        cameras: list[Camera],
        limits: Limits,
        home: NDArray[np.float64],
        lab: LabLink | None = None,
        faults: FaultLab | None = None,
    ) -> None:
        """Start watching; closes what it was given when it is closed.

        Args:
            robot: The arm.
            cameras: The first is the one that traces refer to.
            limits: What every chunk must keep to.
            home: (7,) joint angles of the home pose [rad].
            lab: The simulated lab, when the arm is in one.
            faults: What makes arm and cameras go wrong on purpose, if anything does.
        """
        self.board = Board()
        self._robot = robot
        self._cameras = cameras
        self._limits = limits
        self._lab = lab
        self._faults = faults
        self._lab_reported = False
        self._listeners: set[Callable[[RigEvent], None]] = set()
        self._lock = threading.Lock()
        self.executor = Executor(robot, limits, home, self._publish)
        self._feeds = Feeds(
            robot=robot,
            cameras=cameras,
            board=self.board,
            report=self._report,
            stopped=lambda: bool(self.executor.stopped_by),
        )
        self._operations: dict[str, Operation] = {
            "preview": self._preview,
            "run": self._run,
            "home": self._home,
            "stop": self._stop,
            "release": self._release,
            "lab": self._ask_lab,
        }
        if faults is not None:
            faults.start(self._publish)

    @property
    def kind(self) -> str:
        """Whether the arm is in the "lab" or "real"."""
        return "real" if self._lab is None else "lab"

    def hello(self) -> Hello:
        """Return what the rig is."""
        box = self._limits.workspace
        return Hello(
            kind=self.kind,
            host=self._robot.host,
            cameras={
                camera.name: camera.model.to_message() if camera.model is not None else None
                for camera in self._cameras
            },
            workspace=None if box is None else (box.low.tolist(), box.high.tolist()),
            stopped_by=self.executor.stopped_by,
            faults="" if self._faults is None else str(self._faults.plan),
        )

    def listen(self, listener: Callable[[RigEvent], None]) -> None:
        """Call ``listener`` with every event from now on; it must not block."""
        with self._lock:
            self._listeners.add(listener)

    def unlisten(self, listener: Callable[[RigEvent], None]) -> None:
        """No longer call ``listener``."""
        with self._lock:
            self._listeners.discard(listener)

    def perform(self, request: dict[str, Any], owner: object) -> Any:
        """Do what a client asks.

        Args:
            request: "op" and its arguments.
            owner: Who asks: runs are stopped when their owner leaves.

        Returns:
            Plain values and arrays.

        Raises:
            StudioError: If it cannot be done; :class:`RejectedError` when the guard says no.
        """
        op = request.get("op")
        operation = self._operations.get(op) if isinstance(op, str) else None
        if operation is None:
            raise StudioError(f"The rig cannot '{op}'; it can: {', '.join(self._operations)}.")
        return operation(request, owner)

    def leave(self, owner: object) -> None:
        """Stop what ``owner`` started: its connection is gone."""
        try:
            self.executor.stop_owner(owner, "the rig, as the connection to the studio was lost")
        except StudioError as error:
            self._report(str(error))

    def close(self) -> None:
        """Stop the arm, then end everything."""
        if self._faults is not None:
            self._faults.close()
        self.executor.close()
        self._feeds.close()
        self._robot.close()
        if self._lab is not None:
            self._lab.close()

    def _preview(self, request: dict[str, Any], _: object) -> Any:
        chunk = chunk_from_message(request.get("chunk"))
        return self.executor.preview(chunk, _steps(request)).to_message()

    def _run(self, request: dict[str, Any], owner: object) -> Any:
        chunk = chunk_from_message(request.get("chunk"))
        return self.executor.run(chunk, _steps(request), owner)

    def _home(self, request: dict[str, Any], owner: object) -> Any:
        return self.executor.home(owner, open_gripper=bool(request.get("open_gripper", False)))

    def _stop(self, request: dict[str, Any], _: object) -> Any:
        self.executor.stop(str(request.get("by", "")))

    def _release(self, _request: dict[str, Any], _owner: object) -> Any:
        if self._lab is not None:
            self._lab.reopen()
        self.executor.release()
        self._lab_reported = False

    def _ask_lab(self, request: dict[str, Any], _: object) -> Any:
        if self._lab is None:
            raise StudioError("This rig drives a real arm; there is no simulated lab to ask.")
        what, arguments = str(request.get("what", "")), request.get("arguments")
        if what == "reset" and self.executor.is_running:
            raise StudioError("The arm is moving; wait for its end before the table is laid anew.")
        return self._lab.perform(what, dict(arguments) if isinstance(arguments, dict) else {})

    def _report(self, sentence: str) -> None:
        if self._lab is not None and not self._lab.is_alive:
            if self._lab_reported:
                return
            self._lab_reported, sentence = True, LAB_GONE
        self._publish(Fault(sentence=sentence))

    def _publish(self, event: RigEvent) -> None:
        if isinstance(event, Fault):
            _log.warning("%s", event.sentence)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener(event)


def _steps(request: dict[str, Any]) -> int | None:
    steps = request.get("steps")
    if steps is None:
        return None
    if not isinstance(steps, int) or isinstance(steps, bool):
        raise StudioError(f"the number of steps is {steps!r}; expected a whole number")
    return steps
