"""The way into a study from the main window: choose a file, have it carried out elsewhere.

A study runs in a program of its own: the participant's screen must not share a process with the
arm's controls, and ending one must not end the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.notify import Notifier

ROOT = Path(__file__).resolve().parents[2]


class StudyDialog(QFileDialog):
    """Asks for a study file; not modal, so that Esc still stops the arm."""

    def __init__(self, notifier: Notifier, parent: QWidget) -> None:
        """Ask in front of a window.

        Args:
            notifier: Takes what goes wrong.
            parent: The window.
        """
        super().__init__(parent, "Open a study")
        self.setModal(False)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.setNameFilter("Studies (*.yaml *.yml)")
        self.launcher = StudyLauncher(notifier, parent)
        self.fileSelected.connect(self.launcher.launch)


class StudyLauncher(QObject):
    """Starts ``study run`` and says why when it ends with a fault."""

    ended = Signal(int)

    def __init__(self, notifier: Notifier, parent: QObject) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._process: QProcess | None = None

    @Slot(str)
    def launch(self, file: str) -> None:
        """Carry out a study; the studio stays as it is."""
        if self._process is not None:
            self._notifier.warning("A study is open already; close its window first.")
            return
        process = self._process = QProcess(self)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        process.start(sys.executable, [str(ROOT / "main.py"), "study", "run", file])

    @Slot(int)
    def _finished(self, status: int) -> None:
        process, self._process = self._process, None
        if process is not None and status:
            words = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
            self._notifier.error(words.splitlines()[-1] if words else "The study has ended early.")
        if process is not None:
            process.deleteLater()
        self.ended.emit(status)

    @Slot()
    def _failed(self, *_: object) -> None:
        if (
            self._process is not None
            and self._process.error() == QProcess.ProcessError.FailedToStart
        ):
            self._process = None
            self._notifier.error("The study could not be started.")
