"""``python main.py eval steer``: success of a policy in the lab, on held-out layouts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace

from core.ratings.intervals import wilson
from core.report import Report
from robot.sim.harness.cases import Case, Condition, Goal, Scene
from robot.sim.harness.layouts import tables
from robot.sim.harness.options import add_common, check_common, kinds_of, means_of
from robot.sim.harness.runner import run_cases
from robot.sim.tasks import TaskKind
from robot.sim.trials import Trial

CONDITIONS = (Condition.INSTRUCTION, Condition.AMBIGUOUS, Condition.OPEN, Condition.TRACE)
GOALS_OF = {
    Condition.INSTRUCTION: Goal.DRAWN,
    Condition.AMBIGUOUS: Goal.PLANNED,
    Condition.OPEN: Goal.DRAWN,
    Condition.TRACE: Goal.OTHER,
}
"""Which task is wanted: for ambiguous words the one that the model chose itself."""

GOALS = {Condition.TRACE: 0.90, Condition.INSTRUCTION: 0.60}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``eval steer``."""
    parser.add_argument("--condition", type=Condition, choices=CONDITIONS, required=True)
    add_common(parser, episodes=100, task=TaskKind.PICK)


def run_eval_steer(arguments: argparse.Namespace) -> int:
    """Run the trials, print a table, and write JSON when asked for."""
    check_common(arguments)
    driver = means_of(arguments).driver
    report = Report(f"eval steer --condition {arguments.condition} ({driver})", arguments.seed)
    total = arguments.episodes * len(kinds_of(arguments))
    trials: list[Trial] = []
    for trial in _trials(arguments):
        trials.append(trial)
        done = sum(one.done for one in trials)
        words = done_word(trial.kind)
        print(
            f"[{len(trials)}/{total}] layout {trial.seed}: {trial.target}"
            f" {words if trial.done else f'not {words}'}"
            f" ({trial.ended}, {trial.cycles} cycles{_refused(trial)});"
            f" {done}/{len(trials)} so far",
            flush=True,
        )
    trials.sort(key=lambda trial: (trial.kind, trial.seed))
    for trial in trials:
        report.add_row(driver=driver, **asdict(trial))
    kinds = kinds_of(arguments)
    for kind in kinds:
        own = [trial for trial in trials if trial.kind == kind]
        _judge(report, arguments.condition, own, f"{kind}: " if len(kinds) > 1 else "")
    if not arguments.direct:
        refused = sum(trial.fci_violations or 0 for trial in trials)
        report.add_goal("fci violations", refused, "commands", "= 0", refused == 0)
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def done_word(kind: str) -> str:
    """Return what a success of a kind of task is called: "lifted" or "done"."""
    return "lifted" if kind == TaskKind.PICK else "done"


def _judge(report: Report, condition: Condition, trials: list[Trial], about: str) -> None:
    """Add what the trials of one kind of task came to."""
    word = done_word(trials[0].kind)
    done, count = sum(trial.done for trial in trials), len(trials)
    rate, goal = done / count, GOALS.get(condition)
    wanted = "" if goal is None else f">= {goal:g}"
    holds = goal is None or rate >= goal
    report.add_goal(f"{about}{condition} {word}", rate, "share", wanted, holds)
    low, high = wilson(done, count)
    report.add_goal(f"{about}{word}, Wilson 95 % low", low, "share", "", True)
    report.add_goal(f"{about}{word}, Wilson 95 % high", high, "share", "", True)
    score = sum(trial.score for trial in trials) / count
    report.add_goal(f"{about}progress (paper's rubric)", score, "share", "", True)
    if condition is Condition.TRACE:
        changed = sum(bool(t.picked) and t.picked != t.planned for t in trials) / count
        report.add_goal(f"{about}picked another object than planned", changed, "share", "", True)
        wrong = sum(bool(t.picked) and t.picked != t.target for t in trials) / count
        metric = f"{about}picked an object that was not drawn to"
        report.add_goal(metric, wrong, "share", "", True)


def _refused(trial: Trial) -> str:
    count = trial.fci_violations
    return f", {count} commands beyond FR3's limits" if count else ""


def _trials(arguments: argparse.Namespace) -> Iterator[Trial]:
    cases: list[Case] = []
    for kind in kinds_of(arguments):
        first = Case(
            kind=kind,
            seed=0,
            condition=arguments.condition,
            goal=GOALS_OF[arguments.condition],
            scene=scene_of(kind),
        )
        for seed in tables(first, arguments.seed, arguments.episodes):
            cases.append(replace(first, seed=seed))
    yield from run_cases(cases, means_of(arguments), None)


def scene_of(kind: TaskKind) -> Scene:
    """Return the tables of ``eval steer``: for picking up those that it has always had."""
    return Scene.SIMPLE if kind is TaskKind.PICK else Scene.FULL
