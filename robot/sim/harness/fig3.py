"""``python main.py eval fig3``: does drawing steer better than talking? The paper's figure 3.

On each held-out table the policy is first asked without naming anything, which shows the thing it
heads for. Another one is then wanted, in four ways: still unnamed (no steering), in other people's
words (open), in the words of training (a reference that the paper has not), and by a drawn line.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.report import Report
from robot.sim.harness import markdown
from robot.sim.harness.cases import Case, Condition, Goal
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
from robot.sim.harness.paper import COMPARABLE, NOT_COMPARABLE, TABLE_23
from robot.sim.harness.plot import Bar, Group, chart
from robot.sim.harness.statistics import Difference
from robot.sim.harness.summary import Line, add_violations, difference, lines
from robot.sim.tasks import TaskKind
from robot.sim.trials import Trial

CONDITIONS = (Condition.AMBIGUOUS, Condition.OPEN, Condition.INSTRUCTION, Condition.TRACE)
TITLES = {
    "ambiguous": "no steering (ambiguous)",
    "open": "open instruction",
    "instruction": "canonical instruction",
    "trace": "drawn trace",
}
GOALS = {
    Condition.TRACE: {TaskKind.PICK: 0.95, TaskKind.PLACE: 0.85, TaskKind.BESIDE: 0.85},
    Condition.INSTRUCTION: {TaskKind.PICK: 0.85, TaskKind.PLACE: 0.70, TaskKind.BESIDE: 0.70},
}
KIND_TITLES = {
    TaskKind.PICK: "Pick up",
    TaskKind.PLACE: "Put on a plate",
    TaskKind.BESIDE: "Put next to another",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``eval fig3``."""
    add_common(parser, episodes=100)
    add_study(parser, "fig3")
    parser.add_argument(
        "--conditions", nargs="+", type=Condition, choices=CONDITIONS, default=list(CONDITIONS),
        help="only these",
    )  # fmt: skip


def run_eval_fig3(arguments: argparse.Namespace) -> int:
    """Run what is not done yet, then write JSON, plot and report."""
    check_common(arguments)
    driver = means_of(arguments).driver
    report = Report(f"eval fig3 --episodes {arguments.episodes} ({driver})", arguments.seed)
    trials = carry_out_study(plan(arguments), arguments)
    found = judge(report, trials)
    report.print()
    out: Path = arguments.out
    svg = markdown.write_text(out / "fig3.svg", picture(found))
    text = write_up(report, found, trials, driver, arguments.model)
    words = markdown.write_text(out / "fig3.md", text)
    write_trials(report, trials, driver)
    report.write(arguments.json or out / "fig3.json")
    print(f"\n{words}\n{svg}\n{arguments.json or out / 'fig3.json'}", flush=True)
    return 0


def plan(arguments: argparse.Namespace) -> list[Case]:
    """Return the cases: table after table, so that a run that broke off is balanced."""
    cases: list[Case] = []
    for kind in kinds_of(arguments):
        first = Case(kind=kind, seed=0, condition=Condition.TRACE, scene=arguments.scene)
        for seed in tables(first, arguments.seed, arguments.episodes):
            cases += [
                Case(
                    kind=kind, seed=seed, condition=condition, goal=Goal.OTHER,
                    scene=arguments.scene,
                )
                for condition in CONDITIONS
                if condition in arguments.conditions
            ]  # fmt: skip
    return sorted(cases, key=lambda case: case.seed)


def judge(report: Report, trials: Sequence[Trial]) -> dict[tuple[TaskKind, str], Line]:
    """Put the summary and the goals into a report; returns the lines by task and condition."""
    found = lines(trials, lambda trial: trial.condition, [str(one) for one in CONDITIONS])
    for one in found.values():
        report.add_row(**one.to_row())
    for (kind, name), one in found.items():
        goal = GOALS.get(Condition(name), {}).get(kind)
        if goal is not None:
            rate = one.done.rate
            report.add_goal(f"{kind}: {name} done", rate, "share", f">= {goal:g}", rate >= goal)
    for kind in TaskKind:
        drawn, said = found.get((kind, "trace")), found.get((kind, "open"))
        if drawn is None or said is None:
            continue
        gap = drawn.done.low - said.done.high
        wanted = "> 0 (95 % intervals apart)"
        metric = f"{kind}: trace low end minus open high end"
        report.add_goal(metric, gap, "share", wanted, drawn.done.beats(said.done))
        step = _trace_minus_open(trials, kind)
        report.add_goal(f"{kind}: trace minus open, paired", step.value, "share", "", True)
    add_violations(report, trials)
    return found


def picture(found: dict[tuple[TaskKind, str], Line]) -> str:
    """Draw what was found, and the paper's table 23 below it."""
    groups = [
        Group(
            name=KIND_TITLES[kind],
            bars=tuple(
                Bar(name=TITLES[name], share=one.done, progress=one.progress, look=name)
                for (own, name), one in found.items()
                if own is kind
            ),
        )
        for kind in TaskKind
    ]
    paper = tuple(
        Bar(
            name=column.name, share=column.lifted, progress=column.progress,
            look=column.condition or "instruction",
        )
        for column in TABLE_23
    )  # fmt: skip
    groups.append(Group(name="MolmoAct paper, table 23: real arm, pick up the bowl", bars=paper))
    note = "The paper's “success” is the mean progress (diamond). Not the same robot or task."
    return chart("Steering: words against a drawn line", groups, note)


def write_up(
    report: Report,
    found: dict[tuple[TaskKind, str], Line],
    trials: Sequence[Trial],
    driver: str,
    model: str,
) -> str:
    """Return the short report."""
    rows = [
        (
            KIND_TITLES[kind], TITLES[name], f"{one.done.done}/{one.done.trials}",
            markdown.of_share(one.done), markdown.of_mean(one.progress), str(one.other),
        )
        for (kind, name), one in found.items()
    ]  # fmt: skip
    paper = [
        (
            column.name, f"{column.lifted.done}/{column.lifted.trials}",
            markdown.of_share(column.lifted), markdown.of_mean(column.progress),
            _ours(found, column.condition),
        )
        for column in TABLE_23
    ]  # fmt: skip
    pairs = [
        f"* {KIND_TITLES[kind]}: {markdown.of_difference(_trace_minus_open(trials, kind))}"
        for kind in TaskKind
        if (kind, "trace") in found and (kind, "open") in found
    ]
    driven = "the real driver (rig, guard, franky) on the simulated arm"
    lab = driven if driver == "franky" else "the direct lab, without driver and guard"
    parts = [
        "# Steering by words and by a drawn line",
        f"{len(trials)} trials of `{Path(model).name}` through {lab}, on tables that training "
        "never saw. On each table the model was asked without a name first; wanted was another "
        "thing than it headed for, the same one in every condition.",
        markdown.table(
            ("task", "condition", "done", "share, Wilson 95 %", "progress ± s.e.", "other thing"),
            rows,
        ),
        "![Shares and intervals](fig3.svg)",
        "## Drawn trace against open instruction, table by table",
        "\n".join(pairs) or "Not both were tried.",
        "## Goals",
        markdown.goals_table(report.goals),
        "## Beside the paper's table 23",
        markdown.table(
            ("paper", "lifted", "share, Wilson 95 %", "progress ± s.e.", "ours: pick up"), paper
        ),
        "What may be compared:",
        "\n".join(f"* {line}" for line in COMPARABLE),
        "What may not:",
        "\n".join(f"* {line}" for line in NOT_COMPARABLE),
        "How it is measured: docs/evaluation.md. Every trial: trials.jsonl.",
    ]
    return "\n\n".join(parts) + "\n"


def _ours(found: dict[tuple[TaskKind, str], Line], condition: str) -> str:
    one = found.get((TaskKind.PICK, condition))
    if one is None:
        return ""
    return f"{markdown.of_share(one.done)}, progress {markdown.of_mean(one.progress)}"


def _trace_minus_open(trials: Sequence[Trial], kind: TaskKind) -> Difference:
    return difference(
        trials, kind, lambda trial: trial.condition == "trace",
        lambda trial: trial.condition == "open",
    )  # fmt: skip
