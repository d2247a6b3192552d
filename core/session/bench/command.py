"""``main.py bench recorder``: two cameras and a thousand states a second, beside other ways."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.report import Report
from core.session.bench.cost import measure, nothing, recorder
from core.session.bench.kills import Kill, run_kills
from core.session.bench.load import scenes
from core.session.bench.others import lerobot_style, raw_arrays

SEED = 0
LOST_GOAL_S = 0.5

Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py bench recorder``."""
    parser.add_argument("--minutes", type=float, default=5.0, help="length of the session")
    parser.add_argument("--beside", type=float, default=20.0, help="seconds of each other way")
    parser.add_argument("--kills", type=int, default=50, help="how often to kill a recorder")
    parser.add_argument("--folder", type=Path, help="a disk to write to; its files are removed")
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_bench_recorder(arguments: argparse.Namespace) -> int:
    """Run ``main.py bench recorder``; returns 0 when it ran, whether or not the goals hold."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    report = Report(
        f"main.py bench recorder --minutes {arguments.minutes:g} --beside {arguments.beside:g} "
        f"--kills {arguments.kills}",
        seed=SEED,
    )
    with tempfile.TemporaryDirectory(prefix="bench-recorder-", dir=arguments.folder) as name:
        folder = Path(name)
        if arguments.minutes > 0:
            measure_cost(report, folder, 60 * arguments.minutes, arguments.beside, say)
            say(report.text())
        if arguments.kills > 0:
            add_kills(report, run_kills(folder, arguments.kills, SEED, say))
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def measure_cost(report: Report, folder: Path, seconds: float, beside: float, say: Say) -> None:
    """Measure the load alone, the two other ways, and the recorder."""
    images = scenes(SEED)
    row, _ = measure("the load alone", *nothing(), folder / "none", min(beside, seconds), images)
    report.add_row(**row)
    for name, make in (("raw npy", raw_arrays), ("LeRobot-style", lerobot_style)):
        say(f"{name} for {beside:g} s")
        place = folder / name
        row, _ = measure(name, *make(place), place, beside, images)
        report.add_row(**row)
    say(f"the recorder with H.264 for {beside:g} s")
    place = folder / "film"
    sink, finish, _ = recorder(place, video=True)
    row, _ = measure("recorder, H.264", sink, finish, place, beside, images)
    report.add_row(**row)
    say(f"the recorder for {seconds:g} s")
    place = folder / "session"
    sink, finish, durable = recorder(place)
    row, handed = measure("recorder", sink, finish, place, seconds, images)
    report.add_row(**row)
    lost = handed.frames - int(row["kept"])
    events = handed.states + handed.decisions
    missing = events - int(row["states kept"]) - int(row["decisions kept"])
    report.add_goal(f"pictures lost of {handed.frames}", lost, "", "0", lost == 0)
    report.add_goal(f"events lost of {events}", missing, "", "0", missing == 0)
    report.add_goal("append p99", row["append p99 [ms]"], "ms", "", True)
    report.add_goal("append longest", row["append max [ms]"], "ms", "", True)
    report.add_goal("processor share of the recorder", row["CPU recorder"], "cores", "", True)
    for at in (50, 99):
        value = 1000 * float(np.percentile(durable, at)) if durable else None
        report.add_goal(f"decision to the disk p{at}", value, "ms", "", True)


def add_kills(report: Report, kills: list[Kill]) -> None:
    """Add a row for each rate and victim, and the goals over all."""
    for rate, victim in sorted({(kill.rate, kill.victim) for kill in kills}):
        some = [kill for kill in kills if (kill.rate, kill.victim) == (rate, victim)]
        report.add_row(
            **{
                "kill": f"{rate} rate, {victim}",
                "times": len(some),
                "messages": sum(kill.messages for kill in some),
                "lost p50 [s]": float(np.median([kill.lost_s for kill in some])),
                "lost max [s]": max(kill.lost_s for kill in some),
                "decisions": sum(kill.decisions for kill in some),
                "in the file": sum(kill.in_file for kill in some),
                "given back": sum(kill.given_back for kill in some),
                "in flight max [s]": max(kill.flight_s for kill in some),
            },
        )
    worst = max(kill.lost_s for kill in kills)
    report.add_goal(
        f"lost at most, {len(kills)} kills", worst, "s", f"<= {LOST_GOAL_S:g}", worst <= LOST_GOAL_S
    )
    gone = sum(kill.saved_lost for kill in kills)
    report.add_goal("decisions lost after they were reported saved", gone, "", "0", gone == 0)
    alone = [kill for kill in kills if kill.victim == "recorder"]
    nowhere = sum(kill.decisions - kill.in_file - kill.given_back for kill in alone)
    report.add_goal("decisions lost when the recorder alone dies", nowhere, "", "0", nowhere == 0)
    both = [kill for kill in kills if kill.victim == "both"]
    flight = sum(kill.decisions - kill.in_file for kill in both)
    report.add_goal("decisions in flight when both die", flight, "", "0", flight == 0)
