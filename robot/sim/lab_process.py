"""The lab's side of one of its processes: start it, ask it, notice its end."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.sim.channel import Channel, ChannelClosedError
from robot.sim.memory import LabMemory

ROOT = Path(__file__).resolve().parents[2]
REQUEST_SECONDS = 5.0
START_SECONDS = 60.0
_STOP_SECONDS = 2.0


class LabProcess:
    """A child process that answers requests over a channel and shares the lab's memory."""

    def __init__(self, title: str, module: str, memory: LabMemory) -> None:
        """Start it; it waits for :meth:`start` before it does anything.

        Args:
            title: What it is, such as "the physics process"; begins the sentences about it.
            module: Module to run.
            memory: The shared block.
        """
        self._title = title
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._channel, theirs = Channel.pair()
        with theirs:
            # a session of its own: Ctrl-C is for the parent, which ends its children in order
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno()), str(memory.descriptor)],
                pass_fds=(theirs.fileno(), memory.descriptor),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def start(self, **facts: Any) -> dict[str, Any]:
        """Send the first message and wait until the process is ready.

        Raises:
            StudioError: With the process's own reason, when it cannot start.
        """
        return self.request("start", timeout=START_SECONDS, **facts)

    def request(
        self, op: str, *, timeout: float = REQUEST_SECONDS, **arguments: Any
    ) -> dict[str, Any]:
        """Ask and wait for the answer; requests of several threads wait for each other.

        Raises:
            StudioError: If the process refuses, is gone, or does not answer in time.
        """
        deadline = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            raise StudioError(f"{self._title} is busy; try again")
        try:
            number = next(self._ids)
            self._channel.send({"id": number, "op": op, **arguments})
            while True:
                reply = self._channel.receive(max(0.0, deadline - time.monotonic()))
                if reply is None:
                    raise StudioError(f"{self._title} did not answer within {timeout:.0f} s")
                if reply["id"] in (0, number):  # 0: the reason why it ends
                    break
        except ChannelClosedError as error:
            raise StudioError(self._end_sentence()) from error
        finally:
            self._lock.release()
        if "error" in reply:
            raise StudioError(str(reply["error"]))
        return reply["result"]

    def ended(self) -> str | None:
        """Return how the process ended as a sentence, or None while it runs."""
        return None if self._process.poll() is None else self._end_sentence()

    def stop(self) -> None:
        """End it, by force when it does not follow."""
        self._channel.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _end_sentence(self) -> str:
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{self._title} no longer talks to the lab"
        if status < 0:
            return f"{self._title} was ended by {signal.Signals(-status).name}"
        return f"{self._title} ended with status {status}"


def _environment() -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    # one thread per process: the lab's arrays are small, and its processes share few cores
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
