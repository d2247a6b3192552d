"""Notes when each call of the driver begins and ends: ``python main.py rig --driver-log FILE``.

For measurements: what reached the driver, and when, seen at the driver and not by whoever asked for
it. Calls are noted in memory and written by a thread of its own, so a stop waits for no disk. Each
line is JSON: ``{"call": name, "begun": ns, "ended": ns, "error": name of an exception or ""}``,
times of the monotonic clock.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from core.types import StudioError
from robot.base import Robot

QUIET = frozenset({"state", "commanded_pose", "wait", "passed"})
"""Calls that only look; a hundred of them a second would hide the others."""

_WRITE_SECONDS = 0.05


class _LoggedRobot:
    """Passes everything on to the driver."""

    def __init__(self, robot: Robot, path: Path) -> None:
        self._robot = robot
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise StudioError(
                f"The driver's log '{path}' cannot be written: {error.strerror}."
            ) from error
        self._notes: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, name="driver-log", daemon=True)
        self._thread.start()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._robot, name)
        if name in QUIET or not callable(value):
            return value
        call = cast("Callable[..., Any]", value)

        def noted(*args: Any, **kwargs: Any) -> Any:
            begun, error = time.monotonic_ns(), ""
            try:
                return call(*args, **kwargs)
            except BaseException as fault:
                error = type(fault).__name__
                raise
            finally:
                ended = time.monotonic_ns()
                self._notes.put({"call": name, "begun": begun, "ended": ended, "error": error})

        return noted

    def close(self) -> None:
        """Close the driver, then the log."""
        self._robot.close()
        self._end.set()
        self._thread.join(1.0)
        self._file.close()

    def _write(self) -> None:
        while not self._end.wait(_WRITE_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        while not self._notes.empty():
            self._file.write(json.dumps(self._notes.get()) + "\n")
        self._file.flush()


def logged(robot: Robot, path: Path) -> Robot:
    """Return the driver with a log of its calls.

    Raises:
        StudioError: If the file cannot be written.
    """
    return cast("Robot", _LoggedRobot(robot, path))


class CallReader:
    """Reads a driver's log that still grows.

    Attributes:
        calls: What was noted so far, in the order of the calls' ends.
    """

    def __init__(self, path: Path) -> None:
        self.calls: list[dict[str, Any]] = []
        self._path = path
        self._read = 0

    def look(self) -> None:
        """Read what is new; a line that is still being written comes with the next look."""
        if not self._path.exists():
            return
        with self._path.open("rb") as stream:
            stream.seek(self._read)
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self.calls.append(json.loads(line))
