"""``main.py bench stop``: how soon the arm rests, measured at the driver and at the physics.

The real window, the real rig and its driver on the simulated lab. Part *keys* presses Esc in the
middle of motions at three speeds. Part *losses* freezes and kills the window, the policy server and
the recorder in the middle of motions and reads the session file that is left. Times of the arm are
those of its physics, step by step (:mod:`robot.sim.trail`); times of the driver are those of its
calls (:mod:`robot.driver_log`). Nothing is taken from what the window believes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from app.demo import start_again_under_xvfb
from app.main import has_display
from core.report import Report
from core.types import StudioError

SEED = 7
TIMES, QUICK_TIMES = 20, 2
KEY_TIMES = 10
PARTS = ("keys", "window", "policy", "recorder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py bench stop``."""
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    parser.add_argument("--quick", action="store_true", help="two repetitions of everything")
    parser.add_argument("--times", type=int, help=f"repetitions of each loss, by default {TIMES}")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure only these parts"
    )


def run_bench_stop(args: argparse.Namespace) -> int:
    """Run ``main.py bench stop``; returns 0 when it ran, whether or not the goals hold.

    Raises:
        StudioError: If there is no display and no Xvfb, or a measurement had to be broken off.
    """
    if not has_display():
        start_again_under_xvfb()
    words = " ".join(sys.argv[1:]) or "bench stop"
    report = Report(f"main.py {words}", seed=SEED)
    times = args.times or (QUICK_TIMES if args.quick else TIMES)
    error = ""
    with tempfile.TemporaryDirectory(prefix="bench-stop-") as folder:
        try:
            _measure(args, Path(folder), report, times)
        except StudioError as fault:
            error = str(fault)
    report.print()
    if args.json is not None:
        report.write(args.json)
    if error:
        raise StudioError(f"{error} What was measured until then is above.")
    return 0


def _measure(args: argparse.Namespace, folder: Path, report: Report, times: int) -> None:
    from app.bench.crew import Crew
    from app.bench.driven import Driven
    from app.bench.keys import measure_keys
    from app.bench.motions import Stage
    from app.bench.victims import CASES, Victims, add_case

    noise = random.Random(SEED)
    _say("lab, rig and policy server")
    with Crew(folder, seed=SEED) as crew:

        def stage(driven: Driven) -> Stage:
            return Stage(crew=crew, driven=driven, noise=noise)

        victims = Victims(crew, folder, stage, _say)
        if "keys" in args.only:
            _say("stop key")
            with victims.studio() as driven:
                measure_keys(stage(driven), report, min(times, KEY_TIMES), _say)
        for case in CASES:
            if case.victim in args.only:
                _say(case.name)
                add_case(report, case, victims.carry_out(case, times))
                if args.json is not None:
                    report.write(args.json)  # what a run broken off leaves is still evidence


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
