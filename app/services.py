"""The programs behind the window, as child processes: lab, rig, policy server, recorder.

A child prints one JSON line when it is ready ({"ready": "ws://...", ...}) or why it cannot start
({"error": "..."}), and before that how far a long start is ({"progress": "..."}); with ``--child``
it leaves when its standard input closes. Nothing here blocks the event loop except
:meth:`Services.shutdown`, which the closing window calls: a restart waits by signals.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QProcess, QProcessEnvironment, QTimer, Signal

logger = logging.getLogger(__name__)

MAIN = Path(__file__).resolve().parent.parent / "main.py"
SLOW_START_MS = 120_000
STOPPED = "stopped"
"""Status of a service that a person has ended."""
_LEAVE_MS = 3000
_TERMINATE_MS = 2000
_TAIL = 40
"""Lines of standard error that are kept for the log when a child dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """How to start one service.

    Attributes:
        name: Short name, such as "rig".
        title: Name in sentences, such as "The rig".
        arguments: Gets what the services that it needs announced, by name; returns the words after
            ``main.py``.
        needs: Names of services that have to be ready first.
        variables: Environment variables on top of the studio's own.
    """

    name: str
    title: str
    arguments: Callable[[dict[str, dict[str, Any]]], list[str]]
    needs: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


class Service(QObject):
    """One child process."""

    ready = Signal(str, object)
    progress = Signal(str, str)
    failed = Signal(str, str)
    left = Signal(str)
    """It has ended because it was asked to."""

    def __init__(self, spec: ServiceSpec, command: tuple[str, ...], parent: QObject) -> None:
        super().__init__(parent)
        self.spec = spec
        self.facts: dict[str, Any] | None = None
        self._command = command
        self._buffer = b""
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._leaving = False
        self._told = True
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in spec.variables:
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read_output)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._refused)
        self._slow = QTimer(self, singleShot=True, interval=SLOW_START_MS)
        self._slow.timeout.connect(self._too_slow)
        self._press = QTimer(self, singleShot=True)
        self._press.timeout.connect(self._press_harder)

    @property
    def running(self) -> bool:
        """Whether the process exists."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def process_id(self) -> int:
        """Number of the process; 0 while there is none."""
        return int(self._process.processId())

    def start(self, announced: dict[str, dict[str, Any]]) -> None:
        """Start the process with what the services before it announced."""
        self.facts, self._buffer, self._leaving, self._told = None, b"", False, False
        self._tail.clear()
        words = [*self._command[1:], *self.spec.arguments(announced)]
        self._process.start(self._command[0], words)
        self._slow.start()

    def leave(self) -> None:
        """Ask the process to leave by closing its standard input."""
        self._leaving = True
        self._slow.stop()
        if self.running:
            self._process.closeWriteChannel()

    def end(self, *, at_once: bool = False) -> None:
        """Ask the process to leave and press harder in steps, without waiting for it.

        Args:
            at_once: Whether it is no use to ask kindly, as it is still busy starting.
        """
        self.facts = None
        self.leave()
        if not self.running:
            return
        if at_once:
            self._process.terminate()
        self._press.start(_TERMINATE_MS if at_once else _LEAVE_MS)

    def _press_harder(self) -> None:
        if self._press.interval() == _LEAVE_MS:
            self._process.terminate()
            self._press.start(_TERMINATE_MS)
        else:
            logger.warning("%s does not leave; killing it", self.spec.name)
            self._process.kill()

    def wait(self) -> None:
        """Wait until it has left; press harder in steps."""
        self._press.stop()
        if self.running and not self._process.waitForFinished(_LEAVE_MS):
            self._process.terminate()
            if not self._process.waitForFinished(_TERMINATE_MS):
                logger.warning("%s does not leave; killing it", self.spec.name)
                self._process.kill()
                self._process.waitForFinished(_TERMINATE_MS)

    def _read_output(self) -> None:
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            self._read_line(line)

    def _read_line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict) or self.facts is not None:
            self._tail.append(line.decode(errors="replace"))
        elif "ready" in message:
            self.facts = message
            self._slow.stop()
            self.ready.emit(self.spec.name, message)
        elif "progress" in message:
            self._slow.start()  # slow, but not stuck
            self.progress.emit(self.spec.name, str(message["progress"]))
        elif "error" in message:
            self._fail(f"{self.spec.title} could not start: {message['error']}")

    def _read_errors(self) -> None:
        text = _text(self._process.readAllStandardError())
        for line in text.splitlines():
            self._tail.append(line)
            logger.info("%s: %s", self.spec.name, line)

    def _refused(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(f"{self.spec.title} could not be started: {self._process.errorString()}.")

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        if self._leaving:
            self._press.stop()
            self.facts = None
            self.left.emit(self.spec.name)
            return
        how = "crashed" if status == QProcess.ExitStatus.CrashExit else f"ended with status {code}"
        when = "" if self.facts else " before it was ready"
        self._fail(f"{self.spec.title} {how}{when}. Restart it with Ctrl+Shift+R.")

    def _too_slow(self) -> None:
        seconds = SLOW_START_MS // 1000
        self._fail(f"{self.spec.title} is still not ready after {seconds} s; see the log.")

    def _fail(self, sentence: str) -> None:
        """Report the first thing that went wrong; what follows from it is only logged."""
        self._slow.stop()
        if self._told:
            return
        self._told = True
        self.facts = None
        logger.error("%s\n%s", sentence, "\n".join(self._tail))
        self.failed.emit(self.spec.name, sentence)


class Services(QObject):
    """Starts the services in the order of their needs and ends them in the reverse of it."""

    progress = Signal(str, str)
    ready = Signal(str, object)
    failed = Signal(str, str)

    def __init__(
        self,
        specs: list[ServiceSpec],
        command: tuple[str, ...] = (sys.executable, str(MAIN)),
        parent: QObject | None = None,
    ) -> None:
        """Prepare the services; nothing is started yet.

        Args:
            specs: What to run; a service comes after those that it needs.
            command: Program and first words of every command line.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._services = {spec.name: Service(spec, command, self) for spec in specs}
        self._held: set[str] = set()
        """Services that a person has ended; a restart brings them back."""
        self.unused: frozenset[str] = frozenset()
        """Services that run elsewhere and are not started here."""
        self._closing = False
        for service in self._services.values():
            service.left.connect(self._on_left)
            service.ready.connect(self._on_ready)
            service.progress.connect(self.progress)
            service.failed.connect(self.failed)

    @property
    def names(self) -> list[str]:
        """Names of the services, in starting order."""
        return list(self._services)

    def start(self) -> None:
        """Start what needs nothing; the rest follows as its needs become ready."""
        self._start_possible()

    def restart(self, name: str = "") -> None:
        """Start again what has died or was ended, with everything that depends on it.

        Args:
            name: Restart this one too, whether or not it runs.
        """
        again: set[str] = set()
        for key, service in self._services.items():
            if key in self.unused:
                continue
            idle = not service.running or key in self._held
            if name == key or idle or again.intersection(service.spec.needs):
                again.add(key)
                service.end()
        self._held -= again
        self._start_possible()

    def stop(self, name: str) -> None:
        """End a service with everything that depends on it; a restart brings them back."""
        gone: set[str] = set()
        for key, service in self._services.items():
            if key == name or gone.intersection(service.spec.needs):
                gone.add(key)
                self._held.add(key)
                service.end(at_once=True)
                self.progress.emit(key, STOPPED)

    def process_id(self, name: str) -> int:
        """Number of a service's process; 0 while it does not run."""
        return self._services[name].process_id

    def shutdown(self) -> None:
        """End all services: those that others need come last."""
        self._closing = True
        for service in reversed(self._services.values()):
            service.leave()
            service.wait()

    def _start_possible(self) -> None:
        announced = {n: s.facts for n, s in self._services.items() if s.facts is not None}
        for name, service in self._services.items():
            missing = [need for need in service.spec.needs if need not in announced]
            if name in self._held | self.unused or service.facts is not None or service.running:
                continue
            if missing:
                self.progress.emit(name, f"waits for {missing[0]}")
            else:
                self.progress.emit(name, "starting")
                service.start(announced)

    def _on_ready(self, name: str, facts: dict[str, Any]) -> None:
        self.progress.emit(name, "")
        self.ready.emit(name, facts)
        self._start_possible()

    def _on_left(self, _name: str) -> None:
        if not self._closing:
            self._start_possible()


def _text(data: QByteArray) -> str:
    return bytes(data.data()).decode(errors="replace")
