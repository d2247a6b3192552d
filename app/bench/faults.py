"""``main.py bench faults``: the automatic mode for an hour while arm and cameras go wrong.

The real window on the simulated lab, whose rig injects faults by a seed (``--faults random:SEED``).
:mod:`app.bench.shift` does what a person would and throws in stops. In the end every fault that the
rig injected is looked for in the session files, every stop is judged at the driver and at the
physics, and a line is fitted to the memory of every program over the second half.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from app.bench.hour import Hour
from app.demo import start_again_under_xvfb
from app.main import has_display
from core.report import Report
from core.types import StudioError

SEED = 11
MINUTES = 60.0
MEAN_S = 30.0
TELL_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py bench faults``."""
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long")
    parser.add_argument("--seed", type=int, default=SEED, help="of faults, scenes and stops")
    parser.add_argument("--mean", type=float, default=MEAN_S, help="seconds between two faults")
    parser.add_argument(
        "--json", type=Path, help="also write the report to this file, every minute"
    )


def run_bench_faults(args: argparse.Namespace) -> int:
    """Run ``main.py bench faults``; returns 0 when it ran, whether or not the goals hold.

    Raises:
        StudioError: If there is no display and no Xvfb, or it had to be broken off.
    """
    if not has_display():
        start_again_under_xvfb()
    words = " ".join(sys.argv[1:]) or "bench faults"
    report = Report(f"main.py {words}", seed=args.seed)
    error = ""
    with tempfile.TemporaryDirectory(prefix="bench-faults-") as folder:
        try:
            _work(args, Path(folder), report)
        except StudioError as fault:
            error = str(fault)
            report.add_goal("worked to the end", error, "", "yes", False)
    report.print()
    if args.json is not None:
        report.write(args.json)
    if error:
        raise StudioError(f"{error} What was measured until then is above.")
    return 0


def _work(args: argparse.Namespace, folder: Path, report: Report) -> None:
    noise = random.Random(args.seed)
    spec = f"random:{args.seed}:{args.mean:g}"
    with Hour(folder, seed=args.seed, spec=spec, noise=noise, say=_say) as hour:
        begun = time.monotonic()
        end = begun + 60 * args.minutes
        while (now := time.monotonic()) < end:
            hour.shift.work(min(end, now + TELL_S))
            hour.add_to(report)
            _say(f"{(time.monotonic() - begun) / 60:.0f} of {args.minutes:g} min: {hour.brief()}")
            if args.json is not None:
                report.write(args.json)
        hour.finish()
        hour.add_to(report)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
