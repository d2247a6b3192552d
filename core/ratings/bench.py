"""``main.py bench ratings``: is the rating right, are its intervals honest, is it quick.

Four parts: time; agreement with evalica and choix where those can rate at all; how often the 95 %
intervals hold the truth in simulated studies of people who differ; votes that break other
libraries. Goals are printed beside the values and never make the command fail.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from core.ratings.caveats import CaveatKind
from core.ratings.cells import make_cells
from core.ratings.coverage import World, measure
from core.ratings.fit import fit
from core.ratings.oracles import largest_deviations
from core.ratings.rate import rate
from core.ratings.recipe import Recipe, ResampleBy
from core.ratings.resample import resample
from core.ratings.result import Ratings
from core.ratings.simulated import simulated_votes
from core.report import Report
from core.study.votes import Outcome, Vote
from core.types import StudioError

VOTES, POLICIES, PARTICIPANTS, RESAMPLES = 10_000, 5, 50, 1000
LIBRARY_STUDIES = 24
TIME_GOAL_S, AGREEMENT_GOAL, COVERAGE_GOAL = 1.0, 1e-3, (0.92, 0.98)
STRENGTHS = (0.6, 0.0, -0.5)
WORLDS = (
    World(strengths=STRENGTHS, spread=0.5, participants=6),
    World(strengths=STRENGTHS, spread=0.5, participants=10),
    World(strengths=STRENGTHS, spread=1.0, participants=10),
    World(strengths=STRENGTHS, spread=0.5, participants=12, votes=15),
    World(strengths=STRENGTHS, spread=0.5, participants=30),
    World(strengths=STRENGTHS, spread=1.0, participants=30),
    World(strengths=STRENGTHS, spread=0.5, participants=50),
    World(strengths=STRENGTHS, spread=0.0, tie_spread=0.0, participants=30),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench ratings``."""
    parser.add_argument("--repeats", type=int, default=7, help="timed runs")
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies per setting")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything drawn")
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_bench_ratings(arguments: argparse.Namespace) -> int:
    """Run ``main.py bench ratings``; returns 0 when it ran, whether or not goals are reached.

    Raises:
        StudioError: If a number makes no sense, or evalica or choix is missing.
    """
    if arguments.repeats < 1 or arguments.studies < 1 or arguments.seed < 0:
        raise StudioError("--repeats and --studies must be 1 or more, --seed 0 or more.")
    command = f"main.py bench ratings --studies {arguments.studies} --seed {arguments.seed}"
    report = Report(command, arguments.seed)
    generator = np.random.default_rng(arguments.seed)
    time_it(report, generator, arguments.repeats)
    compare(report, generator)
    break_it(report)
    cover(report, generator, arguments.studies)
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def time_it(report: Report, generator: np.random.Generator, repeats: int) -> None:
    """Time the clustered resamples, the plain ones beside them, and a whole rating."""
    votes = simulated_votes(
        votes=VOTES, policies=POLICIES, participants=PARTICIPANTS, generator=generator
    )
    for by in ResampleBy:
        times: list[float] = []
        for _ in range(repeats):
            started = time.perf_counter()
            # all that the votes must go through: counted, fitted, drawn again and fitted again
            cells = make_cells(votes, Recipe(side_bias=True, order_bias=True))
            values = fit(cells, cells.counts.sum(axis=0)[None]).values[0]
            resample(cells, values, by, RESAMPLES, generator)
            times.append(time.perf_counter() - started)
        what = f"{VOTES} votes, {RESAMPLES} resamples of {by}, side and order terms"
        report.add_row(what=what, seconds=round(median(times), 4), slowest=round(max(times), 4))
        if by is ResampleBy.PARTICIPANTS:
            holds = median(times) <= TIME_GOAL_S
            report.add_goal("fit and resamples", median(times), "s", f"<= {TIME_GOAL_S:g}", holds)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        rate(votes, Recipe(resamples=RESAMPLES))
        times.append(time.perf_counter() - started)
    what = "everything in a report: both kinds of resamples, bias, agreement, sensitivity, power"
    report.add_row(what=what, seconds=round(median(times), 4), slowest=round(max(times), 4))
    holds = median(times) <= TIME_GOAL_S
    report.add_goal("a whole rating", median(times), "s", f"<= {TIME_GOAL_S:g}", holds)


def compare(report: Report, generator: np.random.Generator) -> None:
    """Compare with other libraries."""
    for name, points in largest_deviations(generator, LIBRARY_STUDIES).items():
        report.add_row(
            what=f"beside {name}, {LIBRARY_STUDIES} sets of votes", largest_deviation_points=points
        )
        holds = points <= AGREEMENT_GOAL
        goal = f"<= {AGREEMENT_GOAL:g}"
        report.add_goal(f"deviation from {name}", points, "points", goal, holds)


def break_it(report: Report) -> None:
    """Rate votes that break other libraries."""
    for name, (votes, wanted) in hard_cases().items():
        found = rate(votes, Recipe(resamples=200))
        flags = [caveat.kind for caveat in found.caveats]
        shown = ", ".join(f"{s.policy} {s.rating:.0f}" for s in found.standings)
        report.add_row(what=f"{name}: {shown}", flags=" ".join(flags))
        holds = is_finite(found) and wanted in flags
        report.add_goal(f"{name}: finite and flagged", holds, "", "yes", holds)


def hard_cases() -> dict[str, tuple[list[Vote], CaveatKind]]:
    """Return sets of votes by name, each with the caveat that it must have."""
    people = [f"p{number}" for number in range(12)]

    def votes(*pairs: tuple[str, str, Outcome], by: list[str] = people) -> list[Vote]:
        return [
            Vote(participant=code, item=f"{code} {number}", left=a, right=b, first=None, outcome=o)
            for code in by
            for number, (a, b, o) in enumerate(pairs)
        ]

    mixed = [("b", "c", Outcome.A), ("c", "b", Outcome.A), ("b", "c", Outcome.TIE)]
    return {
        "undefeated": (
            votes(("a", "b", Outcome.A), ("c", "a", Outcome.B), *mixed),
            CaveatKind.UNDEFEATED,
        ),
        "disconnected": (
            votes(("a", "d", Outcome.A), ("d", "a", Outcome.A), *mixed),
            CaveatKind.DISCONNECTED,
        ),
        "all ties": (
            votes(("a", "b", Outcome.TIE), ("b", "c", Outcome.BOTH_BAD)),
            CaveatKind.ALL_TIES,
        ),
        "single voter": (
            votes(("a", "b", Outcome.A), ("b", "a", Outcome.A), *mixed, by=["p0"]),
            CaveatKind.ONE_PARTICIPANT,
        ),
    }


def is_finite(ratings: Ratings) -> bool:
    """Tell whether every rating and every interval is a number."""
    return all(
        math.isfinite(value)
        for one in ratings.standings
        for value in (one.rating, one.interval.low, one.interval.high, *one.from_mean)
    )


def cover(report: Report, generator: np.random.Generator, studies: int) -> None:
    """Count how often intervals hold the truth."""
    recipe = Recipe(resamples=1000)
    low, high = COVERAGE_GOAL
    for world in WORLDS:
        found = measure(world, recipe, studies, generator)
        name = f"{world.participants} people x {world.votes} votes, spread {world.spread:g}"
        report.add_row(
            what=f"coverage, {name}",
            intervals=found.intervals,
            ours=round(found.expanded, 4),
            percentile=round(found.percentile, 4),
            sandwich=round(found.sandwich, 4),
            by_votes=round(found.by_votes, 4),
        )
        holds = low <= found.expanded <= high
        report.add_goal(f"coverage, {name}", found.expanded, "share", f"{low:g} to {high:g}", holds)
        print(f"coverage, {name}: {found.expanded:.3f}", file=sys.stderr, flush=True)
