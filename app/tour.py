"""`python main.py tour`: makes the pictures of the tour and writes ``docs/tour.md`` around them.

The pictures are taken from the display, so it runs on one of its own (``make screenshots``).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app import main as studio_main
from app.demo import INSTRUCTION, SEED, start_again_under_xvfb
from app.tour_steps import TourStep
from core.types import StudioError

DOCS = Path(__file__).resolve().parent.parent / "docs"
FOLDER = "images/tour"
COVER = "steer"
"""The step whose picture also stands in the README."""

INTRODUCTION = """# A tour of the studio

Every picture is a screenshot of the running studio with its simulated lab and the embedded model,
made by `make screenshots`, which also writes this page; the words are in `app/tour_steps.py`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py tour``: those of ``run`` and the folder."""
    studio_main.add_arguments(parser)
    parser.set_defaults(seed=SEED, instruction=INSTRUCTION, theme="light")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of tour.md and images")


def run_tour(args: argparse.Namespace) -> int:
    """Play the tour; returns 0 when it was played to its end.

    Raises:
        StudioError: If there is no display and no Xvfb, or the tour had to be broken off.
    """
    if not studio_main.has_display():
        start_again_under_xvfb()
    pictures = args.docs / FOLDER
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="studio-tour-") as folder:
        # The person's own preferences and window place are neither used nor changed.
        os.environ["XDG_CONFIG_HOME"] = folder
        taken, error = _play(args, pictures, Path(folder) / "sessions")
    if error:
        raise StudioError(error)
    (args.docs / "tour.md").write_text(page(taken), encoding="utf-8")
    shutil.copyfile(pictures / f"{COVER}-light.png", args.docs / "images" / "studio.png")
    print(f"{len(taken)} steps in {args.docs / 'tour.md'}", file=sys.stderr)
    return 0


def page(steps: Iterable[TourStep]) -> str:
    """Write the page: a heading, a paragraph and a picture for each step."""
    parts = [INTRODUCTION]
    for step in steps:
        dark, light = (f"{FOLDER}/{step.name}-{theme}.png" for theme in ("dark", "light"))
        parts.append(
            f"## {step.title}\n\n{step.text}\n\n<picture>\n"
            f'  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
            f'  <img alt="{step.title}" src="{light}">\n</picture>\n'
        )
    return "\n".join(parts)


def _play(args: argparse.Namespace, pictures: Path, sessions: Path) -> tuple[list[TourStep], str]:
    """Open the window, play, close it; return the steps with pictures and what went wrong."""
    from app.notify import excepthooks
    from app.tour_driver import TourDriver

    app: Any = studio_main.make_application()
    instruction = args.instruction
    args.instruction, args.sessions = None, sessions  # the driver types it
    studio, window = studio_main.build_studio(app, args)
    driver = TourDriver(window, pictures, instruction=instruction)
    driver.finished.connect(window.close)
    with excepthooks(studio.notifier):
        window.show()
        studio.start()
        driver.start()
        app.exec()
    driver.give_up("The window was closed.")
    return driver.taken, driver.report.error
