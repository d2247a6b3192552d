"""The programs behind a measurement of stops: lab, rig, policy server, each to be killed alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.driver_log import CallReader
from robot.sim.lab_client import LabClient
from robot.sim.memory import LabMemory
from robot.sim.trail import Way

MAIN = Path(__file__).resolve().parents[2] / "main.py"
READY_S = 300.0
LEAVE_S = 10.0


class Child:
    """A service of ours, started with ``--child``."""

    def __init__(self, *words: str, log: Path) -> None:
        """Start it and wait until it is ready.

        Args:
            words: The command and its options.
            log: Where its standard error goes.

        Raises:
            StudioError: If it cannot start, with its own reason.
        """
        self.words = words
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(MAIN), *words, "--child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            self.facts = self._wait_ready()
        except StudioError:
            self.end()
            raise

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.facts["ready"])

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self.process.pid

    def _wait_ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        late = threading.Timer(READY_S, self.process.kill)
        late.start()
        try:
            for line in self.process.stdout:
                message = json.loads(line) if line.startswith(b"{") else {}
                if "ready" in message:
                    return message
                if "error" in message:
                    raise StudioError(str(message["error"]))
        finally:
            late.cancel()
        raise StudioError(f"'{' '.join(self.words)}' ended before it was ready")

    def end(self) -> None:
        """Let it leave; press harder when it does not."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(LEAVE_S)


class Crew:
    """Lab, rig and policy server, and what is known of the arm from below; a context manager."""

    def __init__(self, folder: Path, *, seed: int, rig_words: tuple[str, ...] = ()) -> None:
        """Start them.

        Args:
            folder: Gets their logs.
            seed: Seed of the table's layout.
            rig_words: More options of the rig.

        Raises:
            StudioError: If one does not start.
        """
        self._folder = folder
        calls = folder / "driver.jsonl"
        self._reader = CallReader(calls)
        self._children: list[Child] = []
        self._undo = contextlib.ExitStack()
        try:
            self.lab = self._start("lab", "--port", "0", "--seed", str(seed))
            log = ("--driver-log", str(calls))
            self.rig = self._start("rig", "--lab", self.lab.url, "--port", "0", *log, *rig_words)
            self.policy = self._start("serve", "--port", "0", "--background")
            client = LabClient(self.lab.url)
            self._undo.callback(client.close)
            self._memory = self._attach(client)
        except StudioError:
            self.close()
            raise

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what was started, the lab last."""
        self._undo.close()
        for child in reversed(self._children):
            child.end()
        self._children = []

    def way(self, since_ns: int) -> Way:
        """Return what the arm did since a moment [ns, monotonic], from its own physics."""
        return self._memory.trail.since(since_ns)

    def calls(self, name: str, since_ns: int) -> list[int]:
        """Return when the driver was called by this name since a moment [ns, monotonic]."""
        self._reader.look()
        recent: list[int] = []
        for call in reversed(self._reader.calls):
            if call["ended"] < since_ns:
                break
            if call["call"] == name and call["begun"] >= since_ns:
                recent.append(int(call["begun"]))
        return sorted(recent)

    @property
    def children(self) -> list[Child]:
        """The programs, in the order of their starts."""
        return list(self._children)

    def restart_policy(self) -> None:
        """Start the policy server again, at the same address.

        Raises:
            StudioError: If it does not start.
        """
        port = self.policy.url.rpartition(":")[2]
        self.policy.process.kill()
        self.policy.end()
        self._children.remove(self.policy)
        deadline = time.monotonic() + LEAVE_S
        while True:
            try:
                self.policy = self._start("serve", "--port", port, "--background")
            except StudioError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)  # the port is given back a moment after the process
            else:
                return

    def _start(self, *words: str) -> Child:
        child = Child(*words, log=self._folder / f"{words[0]}.log")
        self._children.append(child)
        return child

    def _attach(self, client: LabClient) -> LabMemory:
        where = client.request("hello")["memory"]
        try:
            memory = LabMemory.attach(where["pid"], where["descriptor"])
        except (OSError, ValueError) as error:
            raise StudioError("the lab's memory cannot be read from here") from error
        self._undo.callback(memory.close)
        return memory
