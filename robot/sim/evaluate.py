"""``python main.py eval steer``: success of a policy in the lab, on held-out layouts."""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.policy.server import EMBEDDED_MODEL
from core.types import StudioError
from robot.sim.layout import HELD_OUT_SEED, random_layout
from robot.sim.trials import CONDITIONS, Trial, run_trial

GOALS = {"trace": 0.90, "instruction": 0.60}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``eval steer``."""
    parser.add_argument("--condition", choices=CONDITIONS, required=True)
    parser.add_argument("--episodes", type=int, default=100, help="held-out layouts to try")
    parser.add_argument("--seed", type=int, default=0, help="first held-out layout")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help="checkpoint folder")
    parser.add_argument("--processes", type=int, default=1, help="only with --direct")
    parser.add_argument(
        "--direct", action="store_true", help="bypass the robot protocol: faster, same scene"
    )


def run_eval_steer(arguments: argparse.Namespace) -> int:
    """Run the trials, print a table, and write JSON when asked for."""
    from scipy.stats import binomtest

    from core.report import Report

    if arguments.episodes < 1:
        raise StudioError(f"--episodes is {arguments.episodes}; at least one trial is needed")
    if arguments.seed < 0:
        raise StudioError(f"--seed is {arguments.seed}; held-out layouts have seeds from 0 on")
    driver = "direct" if arguments.direct else "franky"
    report = Report(f"eval steer --condition {arguments.condition} ({driver})", arguments.seed)
    trials: list[Trial] = []
    for trial in _trials(arguments):
        trials.append(trial)
        lifted = sum(one.lifted for one in trials)
        print(
            f"[{len(trials)}/{arguments.episodes}] layout {trial.seed}: {trial.target}"
            f" {'lifted' if trial.lifted else 'not lifted'}"
            f" ({trial.ended}, {trial.cycles} cycles{_refused(trial)});"
            f" {lifted}/{len(trials)} so far",
            flush=True,
        )
    trials.sort(key=lambda trial: trial.seed)
    for trial in trials:
        report.add_row(driver=driver, **asdict(trial))
    lifted = sum(trial.lifted for trial in trials)
    interval = binomtest(lifted, len(trials)).proportion_ci(0.95, "wilson")
    rate = lifted / len(trials)
    goal = GOALS.get(arguments.condition)
    wanted = "" if goal is None else f">= {goal:g}"
    holds = goal is None or rate >= goal
    report.add_goal(f"{arguments.condition} lifted", rate, "share", wanted, holds)
    report.add_goal("lifted, Wilson 95 % low", float(interval.low), "share", "", True)
    report.add_goal("lifted, Wilson 95 % high", float(interval.high), "share", "", True)
    score = sum(trial.score for trial in trials) / len(trials)
    report.add_goal("progress (paper's rubric)", score, "share", "", True)
    if arguments.condition == "trace":
        changed = sum(bool(t.picked) and t.picked != t.planned for t in trials) / len(trials)
        report.add_goal("picked another object than planned", changed, "share", "", True)
        wrong = sum(bool(t.picked) and t.picked != t.target for t in trials) / len(trials)
        report.add_goal("picked an object that was not drawn to", wrong, "share", "", True)
    if not arguments.direct:
        refused = sum(trial.fci_violations or 0 for trial in trials)
        report.add_goal("fci violations", refused, "commands", "= 0", refused == 0)
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def _refused(trial: Trial) -> str:
    count = trial.fci_violations
    return f", {count} commands beyond FR3's limits" if count else ""


def _trials(arguments: argparse.Namespace) -> Iterator[Trial]:
    first = HELD_OUT_SEED + arguments.seed * 10_000
    seeds = range(first, first + arguments.episodes)
    if not arguments.direct:
        yield from _driver_trials(arguments, seeds)
        return
    jobs = [(arguments.model, arguments.condition, seed) for seed in seeds]
    if arguments.processes <= 1:
        yield from map(_direct_trial, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.processes, maxtasksperchild=None) as pool:
        yield from pool.imap_unordered(_direct_trial, jobs)


_open: dict[str, Any] = {}
"""Model and table of this process, made once: loading takes longer than a trial."""


def _direct_trial(job: tuple[str, str, int]) -> Trial:
    from core.policy.local import load_policy
    from robot.sim.trial_labs import DirectTrialLab

    model, condition, seed = job
    if "policy" not in _open:
        _open["policy"] = load_policy(model, device="cpu", threads=1)
        _open["lab"] = DirectTrialLab()
    return run_trial(_open["lab"], _open["policy"], random_layout(seed), condition)


def _driver_trials(arguments: argparse.Namespace, seeds: range) -> Iterator[Trial]:
    from core.policy.local import load_policy
    from robot.sim.driver_lab import DriverTrialLab

    policy = load_policy(arguments.model, device="cpu")
    with closing(DriverTrialLab()) as lab:
        for seed in seeds:
            yield run_trial(lab, policy, random_layout(seed), arguments.condition)
