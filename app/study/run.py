"""``python main.py study run FILE``: carry out a study.

One program, one database connection, one thread that uses it. The experimenter's window stays on
the desk; each participant gets the whole screen.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.study.conductor import Conductor
from app.study.experimenter import ExperimenterWindow
from app.study.participant import ParticipantWindow, show_to
from app.task import Tasks
from core.rubric import Milestone
from core.study.base import StudyBase, study_folder
from core.study.plan import StudyPlan
from core.study.study_file import read_study
from core.types import StudioError

ROOT = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``study run``."""
    parser.add_argument("file", type=Path, help="the study file")
    parser.add_argument("--revise", metavar="REASON", default="", help="why the file was changed")
    parser.add_argument("--resume", metavar="CODE", help="go on at once with this participant")
    parser.add_argument("--theme", choices=("system", "light", "dark"), default="light")


def run_study(arguments: argparse.Namespace) -> int:
    """Open the experimenter's window and return when it is closed.

    Raises:
        StudioError: If there is no display, the file is wrong or was changed, or videos are
            missing.
    """
    from app import theme
    from app.main import has_display, make_application
    from app.study.files import need_videos

    if not has_display():
        raise StudioError("There is no display to show a study on.")
    _, text = read_study(arguments.file)
    with StudyBase(study_folder(arguments.file)) as base:
        base.lock(text, arguments.revise)
        plan = base.plan()
        need_videos(base, plan, arguments.file)
        milestones = milestones_of(plan)
        app = make_application()
        theme.apply_theme(app, arguments.theme, scale=1.0)
        desk = Desk(base, plan, milestones, arguments.file)
        desk.window.show()
        if arguments.resume:
            desk.begin(arguments.resume)
        app.exec()
        desk.shutdown()
    return 0


def milestones_of(plan: StudyPlan) -> tuple[Milestone, ...]:
    """Return the milestones of a study's rubric; none for a plain scale.

    Raises:
        StudioError: If there is no rubric of that name.
    """
    if not plan.rubric:
        return ()
    from app.own_files import load_rubrics
    from app.settings import settings_folder

    rubrics = {rubric.name: rubric for rubric in load_rubrics(settings_folder())[0]}
    if plan.rubric not in rubrics:
        raise StudioError(
            f"There is no rubric '{plan.rubric}'; there are: {', '.join(sorted(rubrics))}."
        )
    return rubrics[plan.rubric].milestones


class Desk(QObject):
    """The experimenter's window, and a participant's while somebody sits there."""

    def __init__(
        self, base: StudyBase, plan: StudyPlan, milestones: Sequence[Milestone], file: Path
    ) -> None:
        super().__init__()
        self._base, self._plan, self._milestones = base, plan, milestones
        self._file = file
        self.tasks = Tasks(self, threads=1)
        self.window = ExperimenterWindow(base, plan, self.tasks)
        self.window.begin.connect(self.begin)
        self.window.report.connect(self._report)
        self.window.closed.connect(self._leave)
        self.participant: ParticipantWindow | None = None

    @Slot(str)
    def begin(self, code: str) -> None:
        """Give the screen to a participant; one at a time."""
        if self.participant is not None:
            return
        conductor = Conductor(self._base, self._plan, self.tasks, self)
        conductor.failed.connect(self.window.say)
        self.participant = ParticipantWindow(conductor, self._plan, self._milestones)
        self.participant.closed.connect(self._done)
        show_to(self.participant)
        conductor.begin(code)

    @Slot()
    def _done(self) -> None:
        if self.participant is not None:
            self.participant.deleteLater()
            self.participant = None
        self.window.refresh()

    @Slot()
    def _report(self) -> None:
        """Make the report in a program of its own and say where it is."""
        out = study_folder(self._file) / "report"
        command = [sys.executable, str(ROOT / "main.py"), "study", "report", str(self._file)]

        def work(_: object) -> str:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StudioError(done.stderr.strip() or "The report could not be made.")
            return f"The results are in {out}."

        self.tasks.run("Making the report", work, self.window.say, self.window.say)

    @Slot()
    def _leave(self) -> None:
        if self.participant is not None:
            self.participant.close()

    def shutdown(self) -> None:
        """Wait for what is being written."""
        self.tasks.shutdown()
