"""Trials taken together: a line for each kind of task and way of telling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.report import Report
from robot.sim.harness.statistics import Difference, Mean, Share, mean, paired, share
from robot.sim.tasks import TaskKind
from robot.sim.trials import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What some trials came to.

    Attributes:
        kind: Kind of task.
        name: What they have in common besides, such as "trace".
        done: How many did the task.
        progress: Mean score by the task's rubric.
        violations: Commands that a real arm would have refused; None where nothing judged.
        other: How many did the task with another thing, or picked another one.
        toppled: How many knocked something over.
    """

    kind: TaskKind
    name: str
    done: Share
    progress: Mean
    violations: int | None
    other: int
    toppled: int

    def to_row(self) -> dict[str, Any]:
        """Return the line as a row of a report."""
        return {
            "task": str(self.kind),
            "condition": self.name,
            "trials": self.done.trials,
            "done": self.done.done,
            "share": self.done.rate,
            "low": self.done.low,
            "high": self.done.high,
            "progress": self.progress.value,
            "std error": None
            if self.progress.error != self.progress.error
            else self.progress.error,
            "other thing": self.other,
            "toppled": self.toppled,
        }


def line(kind: TaskKind, name: str, trials: Sequence[Trial]) -> Line:
    """Take some trials together."""
    counts = [trial.fci_violations for trial in trials if trial.fci_violations is not None]
    return Line(
        kind=kind,
        name=name,
        done=share(trial.done for trial in trials),
        progress=mean(trial.score for trial in trials),
        violations=sum(counts) if counts else None,
        other=sum(bool(trial.picked) and trial.picked != trial.target for trial in trials),
        toppled=sum(bool(trial.toppled) for trial in trials),
    )


def lines(
    trials: Iterable[Trial], name: Callable[[Trial], str], names: Sequence[str]
) -> dict[tuple[TaskKind, str], Line]:
    """Take trials together by kind of task and by what ``name`` says; empty groups are left out.

    Args:
        trials: All of them.
        name: What a trial belongs to.
        names: The names in the order in which they shall be told.
    """
    groups: dict[tuple[TaskKind, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((TaskKind(trial.kind), name(trial)), []).append(trial)
    return {
        (kind, one): line(kind, one, groups[kind, one])
        for kind in TaskKind
        for one in names
        if (kind, one) in groups
    }


def difference(
    trials: Iterable[Trial], kind: TaskKind, first: Callable[[Trial], bool],
    second: Callable[[Trial], bool],
) -> Difference:  # fmt: skip
    """Compare two groups of trials of a kind on the tables that both were tried on."""
    own = [trial for trial in trials if trial.kind == kind]
    done = [{t.seed: t.done for t in own if chosen(t)} for chosen in (first, second)]
    return paired(done[0], done[1])


def add_violations(report: Report, trials: Sequence[Trial]) -> None:
    """Add the goal that no command went beyond an arm's limits, where a driver judged that."""
    counts = [trial.fci_violations for trial in trials if trial.fci_violations is not None]
    if counts:
        report.add_goal("fci violations", sum(counts), "commands", "= 0", not sum(counts))
