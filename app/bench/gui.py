"""``main.py bench gui``: the real window with all its services, measured from inside.

The same heartbeat and the same pointer are measured on a bare window before, so that what the
machine itself costs can be told from what the studio costs. Without a display the command starts
itself again under Xvfb. The way through the display server and the glass of the screen are not
measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from app import main as studio_main
from app.demo import start_again_under_xvfb
from core.report import Report
from core.types import StudioError

INSTRUCTION = "pick up the object"
PARTS = ("pointer", "live", "cloud", "stop", "memory")
SECONDS, QUICK_SECONDS = 20.0, 4.0
STOPS, QUICK_STOPS = 100, 10
MINUTES, QUICK_MINUTES = 30.0, 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py bench gui``: those of ``run`` and a few more."""
    studio_main.add_arguments(parser)
    parser.set_defaults(seed=7, instruction=INSTRUCTION, theme="light")
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    parser.add_argument("--quick", action="store_true", help="measure for a few seconds only")
    parser.add_argument("--minutes", type=float, help=f"looped use, by default {MINUTES:g} min")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        help="measure only these parts, after start and idle",
    )


def run_bench_gui(args: argparse.Namespace) -> int:
    """Run ``main.py bench gui``; returns 0 when it ran, whether or not the goals hold.

    Raises:
        StudioError: If there is no display and no Xvfb, or a measurement had to be broken off.
    """
    if not studio_main.has_display():
        start_again_under_xvfb()
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        # The person's own preferences and window place are neither used nor changed.
        os.environ["XDG_CONFIG_HOME"] = folder
        args.sessions = args.sessions or Path(folder) / "sessions"
        report, error = _measure(args)
    report.print()
    if args.json is not None:
        report.write(args.json)
    if error:
        raise StudioError(f"{error} What was measured until then is above.")
    return 0


def _measure(args: argparse.Namespace) -> tuple[Report, str]:
    """Open the windows, play the script, close; return the report and why it broke off."""
    app = studio_main.make_application()
    imported = time.time() - psutil.Process().create_time()
    from app.bench.player import Player
    from app.bench.probes import CollectorWatch, Heartbeat, StallWatch
    from app.bench.stage import Stage

    words = " ".join(sys.argv[1:]) or "bench gui"
    report = Report(f"main.py {words}", seed=args.seed)
    beat = Heartbeat()
    stage = Stage(
        report=report,
        beat=beat,
        stalls=StallWatch(beat),
        collector=CollectorWatch(),
        seconds=QUICK_SECONDS if args.quick else SECONDS,
        stops=QUICK_STOPS if args.quick else STOPS,
        minutes=args.minutes or (QUICK_MINUTES if args.quick else MINUTES),
        say=_say,
    )
    app.setQuitOnLastWindowClosed(False)
    player = Player(_script(app, args, stage, imported))
    errors: list[str] = []

    def leave(sentence: str) -> None:
        errors.append(sentence)
        if stage.window is not None:
            stage.window.close()
        app.quit()

    player.finished.connect(leave)
    player.start()
    app.exec()
    beat.stop()
    stage.stalls.stop()
    stage.collector.stop()
    for place, count in stage.stalls.culprits.most_common(8):
        report.add_row(measurement=f"over 30 ms late in {place}", n=count)
    return report, errors[0] if errors else "The window was closed."


def _script(app: Any, args: argparse.Namespace, stage: Any, imported: float) -> Any:
    """Play every part, one after the other."""
    from app.bench.bare import measure_baseline
    from app.bench.drawing import measure_drawing, measure_idle
    from app.bench.seeing import measure_cloud, measure_live
    from app.bench.soak import measure_memory
    from app.bench.starting import measure_start
    from app.bench.stopping import measure_stops

    parts: dict[str, Callable[[Any], Any]] = {
        "pointer": measure_drawing,
        "live": measure_live,
        "cloud": measure_cloud,
        "stop": measure_stops,
        "memory": measure_memory,
    }
    stage.say("bare window")
    yield from measure_baseline(stage)
    stage.say("start")
    yield from measure_start(app, args, stage, imported)
    stage.say("idle")
    yield from measure_idle(stage)
    for name, part in parts.items():
        if name in args.only:
            stage.say(name)
            yield from part(stage)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
