"""``python main.py eval ood``: how much each difference from training costs.

Axes: language (other people's words on usual tables), and tables at the rim, with distractors, with
colours and shapes that training never combined, in other light, on another table, with the camera
moved. Each axis is tried by instruction and by a drawn line, beside usual held-out tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.report import Report
from robot.sim.harness import markdown
from robot.sim.harness.cases import PICTURE_AXES, Axis, Case, Condition, Goal, Scene
from robot.sim.harness.fig3 import KIND_TITLES
from robot.sim.harness.layouts import tables
from robot.sim.harness.options import (
    add_common,
    add_study,
    carry_out_study,
    check_common,
    kinds_of,
    means_of,
    write_trials,
)
from robot.sim.harness.plot import Bar, Group, chart
from robot.sim.harness.statistics import Share
from robot.sim.harness.summary import Line, add_violations, lines
from robot.sim.tasks import TaskKind
from robot.sim.trials import Trial

LANGUAGE = "language"
CONDITIONS = (Condition.INSTRUCTION, Condition.TRACE)
NAMES = [f"{axis}, {one}" for axis in (LANGUAGE, *Axis) for one in ("instruction", "trace")]
"""Lines in the order in which they are told; "none" are usual tables."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``eval ood``."""
    add_common(parser, episodes=50)
    add_study(parser, "ood")
    parser.add_argument(
        "--axes", nargs="+", choices=(LANGUAGE, *Axis), help="only these (default: all that the "
        "lab can; light, texture and camera need --direct)",
    )  # fmt: skip


def run_eval_ood(arguments: argparse.Namespace) -> int:
    """Run what is not done yet, then write JSON, plot and report."""
    check_common(arguments)
    driver = means_of(arguments).driver
    report = Report(f"eval ood --episodes {arguments.episodes} ({driver})", arguments.seed)
    trials = carry_out_study(plan(arguments), arguments)
    found = judge(report, trials)
    report.print()
    out: Path = arguments.out
    svg = markdown.write_text(out / "ood.svg", picture(found))
    words = markdown.write_text(out / "ood.md", write_up(found, trials, driver))
    write_trials(report, trials, driver)
    report.write(arguments.json or out / "ood.json")
    print(f"\n{words}\n{svg}\n{arguments.json or out / 'ood.json'}", flush=True)
    return 0


def axes_of(arguments: argparse.Namespace) -> list[str]:
    """Return the axes that are tried: usual tables always, others as asked or as the lab can."""
    if arguments.axes:
        return list(dict.fromkeys([str(Axis.NONE), *map(str, arguments.axes)]))
    axes = [str(Axis.NONE), LANGUAGE]
    for axis in Axis:
        simple = arguments.scene is Scene.SIMPLE and axis in (Axis.DISTRACTORS, Axis.NOVEL)
        blind = axis in PICTURE_AXES and not arguments.direct
        if axis is not Axis.NONE and not simple and not blind:
            axes.append(str(axis))
    return axes


def plan(arguments: argparse.Namespace) -> list[Case]:
    """Return the cases, table after table."""
    cases: list[Case] = []
    for kind in kinds_of(arguments):
        for name in axes_of(arguments):
            axis = Axis.NONE if name == LANGUAGE else Axis(name)
            conditions = (Condition.OPEN,) if name == LANGUAGE else CONDITIONS
            first = Case(
                kind=kind, seed=0, condition=conditions[0], goal=Goal.OTHER, axis=axis,
                scene=arguments.scene,
            )  # fmt: skip
            for seed in tables(first, arguments.seed, arguments.episodes):
                cases += [
                    Case(
                        kind=kind, seed=seed, condition=condition, goal=Goal.OTHER, axis=axis,
                        scene=arguments.scene,
                    )
                    for condition in conditions
                ]  # fmt: skip
    return sorted(cases, key=lambda case: case.seed)


def name_of(trial: Trial) -> str:
    """Return which line a trial belongs to."""
    if trial.condition == Condition.OPEN:
        return f"{LANGUAGE}, instruction"
    return f"{trial.axis}, {trial.condition}"


def judge(report: Report, trials: Sequence[Trial]) -> dict[tuple[TaskKind, str], Line]:
    """Put the summary into a report; returns the lines by task and axis."""
    found = lines(trials, name_of, NAMES)
    for (kind, name), one in found.items():
        axis, condition = name.split(", ")
        cost = cost_of(found, kind, name)
        report.add_row(**one.to_row() | {"condition": condition}, axis=axis, cost=cost)
    add_violations(report, trials)
    return found


def cost_of(found: dict[tuple[TaskKind, str], Line], kind: TaskKind, name: str) -> float | None:
    """Return the share that an axis loses against usual tables; None without them."""
    usual = found.get((kind, f"{Axis.NONE}, {name.split(', ')[1]}"))
    return None if usual is None else usual.done.rate - found[kind, name].done.rate


def picture(found: dict[tuple[TaskKind, str], Line]) -> str:
    """Draw every axis below the usual tables."""
    groups = [
        Group(
            name=KIND_TITLES[kind],
            bars=tuple(
                Bar(
                    name=_title(name), share=one.done, progress=one.progress,
                    look=name.split(", ")[1],
                )
                for (own, name), one in found.items()
                if own is kind
            ),
        )
        for kind in TaskKind
    ]  # fmt: skip
    return chart("Away from what training showed", groups)


def write_up(found: dict[tuple[TaskKind, str], Line], trials: Sequence[Trial], driver: str) -> str:
    """Return the short report."""
    rows = [
        (
            KIND_TITLES[kind], *_title(name).split(", "), f"{one.done.done}/{one.done.trials}",
            markdown.of_share(one.done), markdown.of_mean(one.progress),
            _points(cost_of(found, kind, name), one.done),
        )
        for (kind, name), one in found.items()
    ]  # fmt: skip
    parts = [
        "# Away from what training showed",
        f"{len(trials)} trials ({driver}). Wanted is another thing than the model heads for. The "
        "cost is what is lost against usual held-out tables under the same condition; tables of "
        "different axes are not the same, so it has the uncertainty of two shares.",
        markdown.table(
            ("task", "axis", "condition", "done", "share, Wilson 95 %", "progress ± s.e.",
             "cost [points]"),
            rows,
        ),
        "![Shares and intervals](ood.svg)",
        "How it is measured: docs/evaluation.md. Every trial: trials.jsonl.",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _title(name: str) -> str:
    axis, condition = name.split(", ")
    return f"{'usual tables' if axis == Axis.NONE else axis}, {condition}"


def _points(cost: float | None, share: Share) -> str:
    return f"{100 * cost:.1f}" if cost is not None and share.trials else ""
