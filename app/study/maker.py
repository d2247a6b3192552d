"""Asks the worker program for the two rollouts of a live item, without ever blocking the window."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from app.study.making import Job
from app.study.worker import job_to
from core.study.rollouts import Rollout

ROOT = Path(__file__).resolve().parents[2]


class Maker(QObject):
    """One worker program; it is started with the first jobs and lives until :meth:`close`."""

    made = Signal(object)
    """All jobs are done: a list of :class:`core.study.rollouts.Rollout`."""

    failed = Signal(str)

    def __init__(self, videos: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._done: list[Rollout] = []
        self._rest = b""
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments([str(ROOT / "main.py"), "study", "worker", str(videos)])
        self._process.setWorkingDirectory(str(Path.cwd()))
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.errorOccurred.connect(self._lost)
        self._process.finished.connect(self._lost)

    def make(self, jobs: list[Job]) -> None:
        """Make rollouts, one after the other; an earlier order must have ended."""
        self._jobs, self._done = list(jobs), []
        if self._process.state() == QProcess.ProcessState.NotRunning:
            self._process.start()
        self._ask()

    def close(self) -> None:
        """Let the worker end."""
        self._jobs = []
        process = self._process
        if process.state() != QProcess.ProcessState.NotRunning:
            process.blockSignals(True)
            process.closeWriteChannel()
            if not process.waitForFinished(1500):
                process.kill()
                process.waitForFinished(1000)

    def _ask(self) -> None:
        job = self._jobs[len(self._done)]
        self._process.write((json.dumps(job_to(job)) + "\n").encode())

    @Slot()
    def _read(self) -> None:
        self._rest += bytes(self._process.readAllStandardOutput().data())
        while b"\n" in self._rest:
            line, self._rest = self._rest.split(b"\n", 1)
            if line.startswith(b"{") and self._jobs:
                self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("fault"):
            self._jobs = []
            self.failed.emit(str(message["fault"]))
            return
        self._done.append(Rollout(**message))
        if len(self._done) < len(self._jobs):
            self._ask()
        else:
            self._jobs = []
            self.made.emit(self._done)

    @Slot()
    def _lost(self, *_: object) -> None:
        if self._jobs:
            self._jobs = []
            self.failed.emit("The program that makes the videos has ended.")
