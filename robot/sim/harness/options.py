"""What the evaluation commands have in common: options, cases, progress, files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.policy.server import EMBEDDED_MODEL
from core.report import Report
from core.types import StudioError
from robot.sim.harness.cases import Case, Scene
from robot.sim.harness.runner import Means, run_cases
from robot.sim.harness.store import TrialStore, model_name
from robot.sim.tasks import TaskKind
from robot.sim.trials import MAX_CYCLES, Trial

ALL = "all"
TRIALS_FILE = "trials.jsonl"


def add_common(parser: argparse.ArgumentParser, *, episodes: int, task: str = ALL) -> None:
    """Add the options that all of them have.

    Args:
        parser: Where to.
        episodes: Default number of tables.
        task: Default kind of task.
    """
    parser.add_argument("--episodes", type=int, default=episodes, help="held-out tables to try")
    parser.add_argument("--task", choices=(ALL, *TaskKind), default=task, help="kind of task")
    parser.add_argument("--seed", type=int, default=0, help="first block of held-out tables")
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help="checkpoint folder")
    parser.add_argument(
        "--direct", action="store_true", help="bypass the robot protocol: faster, same scene"
    )
    parser.add_argument("--processes", type=int, default=1, help="only with --direct")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--videos", type=Path, metavar="DIR", help="write a video of each trial")


def add_study(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of a study, which is kept in a folder and can be resumed.

    Args:
        parser: Where to.
        name: Name of the study, for its folder.
    """
    parser.add_argument(
        "--scene", type=Scene, choices=list(Scene), default=Scene.FULL,
        help="'simple' has cubes and cylinders only, for a model that knows no more",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", default=Path("out") / name,
        help=f"folder for trials, plot and report; a run that broke off goes on from it "
        f"(default: out/{name})",
    )  # fmt: skip


def check_common(arguments: argparse.Namespace) -> None:
    """Refuse numbers that make no sense.

    Raises:
        StudioError: With what would be right.
    """
    if arguments.episodes < 1:
        raise StudioError(f"--episodes is {arguments.episodes}; at least one trial is needed")
    if not 0 <= arguments.seed <= 100_000:
        raise StudioError(
            f"--seed is {arguments.seed}; blocks of held-out tables have numbers from 0 on, to "
            "100,000"
        )
    if arguments.processes < 1:
        raise StudioError(f"--processes is {arguments.processes}; at least one is needed")
    if arguments.processes > 1 and not arguments.direct:
        raise StudioError("--processes is for --direct; the real driver tries one after another")
    if arguments.task != TaskKind.PICK and getattr(arguments, "scene", None) is Scene.SIMPLE:
        raise StudioError("the simple scene has nothing to put things on; add --task pick")


def kinds_of(arguments: argparse.Namespace) -> list[TaskKind]:
    """Return the kinds of task that were asked for."""
    return list(TaskKind) if arguments.task == ALL else [TaskKind(arguments.task)]


def means_of(arguments: argparse.Namespace) -> Means:
    """Return what the trials are carried out with."""
    return Means(
        model=arguments.model,
        direct=arguments.direct,
        processes=arguments.processes,
        videos=arguments.videos,
    )


def carry_out_study(cases: Sequence[Case], arguments: argparse.Namespace) -> list[Trial]:
    """Carry out what a study's folder does not hold yet; returns all trials, in the cases' order.

    Raises:
        StudioError: If the folder is about another model or driver, or something fails.
    """
    means = means_of(arguments)
    about = {
        "model": model_name(means.model),
        "driver": means.driver,
        "cycles": {str(kind): most for kind, most in MAX_CYCLES.items()},
    }
    store = TrialStore(arguments.out / TRIALS_FILE, about)
    try:
        known = sum(case.key in store.trials for case in cases)
        if known:
            print(f"{known} of {len(cases)} trials are in {store.path} already", flush=True)
        progress = Progress(len(cases), known)
        for trial in run_cases(cases, means, store):
            progress.tell(trial)
        return [store.trials[case.key] for case in cases]
    finally:
        store.close()


def write_trials(report: Report, trials: Sequence[Trial], driver: str) -> None:
    """Add every trial to a report, after its summary was printed."""
    for trial in trials:
        report.add_row(trial=trial.key, driver=driver, outcome=trial.outcome, **asdict(trial))


class Progress:
    """Says how far a run is and how long it will take."""

    def __init__(self, total: int, known: int) -> None:
        """Begin to count.

        Args:
            total: How many trials there will be.
            known: How many there were before.
        """
        self._total, self._known, self._done = total, known, 0
        self._started = time.monotonic()

    def tell(self, trial: Trial) -> None:
        """Print a line about a trial."""
        self._done += 1
        left = self._total - self._known - self._done
        pace = (time.monotonic() - self._started) / self._done
        words = "done" if trial.done else trial.outcome if not trial.target else "not done"
        print(
            f"[{self._known + self._done}/{self._total}] {trial.key}: {words}"
            f" ({trial.ended}, {trial.cycles} cycles); {_span(left * pace)} left",
            file=sys.stdout,
            flush=True,
        )


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
