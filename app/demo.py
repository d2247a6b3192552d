"""`python main.py demo`: the whole task in the real window, played by real mouse and key events.

Without a display it starts itself again under Xvfb. The last line on standard output is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from app import main as studio_main
from core.types import StudioError

INSTRUCTION = "pick up the object"
"""Names no object on purpose: the model chooses one, then the drawn line overrules it."""

SEED = 7
SCREEN = "-screen 0 1600x1000x24 +extension GLX"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py demo``: those of ``run`` and a few more."""
    studio_main.add_arguments(parser)
    parser.set_defaults(seed=SEED, instruction=INSTRUCTION, theme="light")
    parser.add_argument(
        "--out", type=Path, default=Path("out/demo"), help="folder for screenshots and session"
    )
    parser.add_argument("--target", default="", help="draw to this object, such as 'red cube'")
    parser.add_argument(
        "--limit", type=float, default=300.0, help="longest time for executing, in seconds"
    )


def run_demo(args: argparse.Namespace) -> int:
    """Drive the studio through instruction, think, draw, steer and run until an object is lifted.

    Args:
        args: The options of :func:`add_arguments`.

    Returns:
        0 when the task was played to its end, whether or not the object was lifted; 1 when it had
        to be broken off.

    Raises:
        StudioError: If there is no display and no Xvfb, or a folder cannot be written.
    """
    if not studio_main.has_display():
        start_again_under_xvfb()
    folder: Path = args.out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    with tempfile.TemporaryDirectory(prefix="studio-demo-") as settings:
        # The person's own preferences and window place are neither used nor changed.
        os.environ["XDG_CONFIG_HOME"] = settings
        report, session = _play(args, folder)
    print(json.dumps(summary(report, session)), flush=True)
    if report.error:
        print(report.error, file=sys.stderr)
    return 1 if report.error else 0


def summary(report: Any, session: str) -> dict[str, Any]:
    """Put a :class:`app.demo_driver.DemoReport` into plain values for the last line."""
    return {
        "instruction": report.instruction,
        "predicted_trace": report.predicted_trace,
        "planned": report.planned,
        "drawn_trace": report.drawn_trace,
        "target": report.target,
        "lifted": report.lifted,
        "success": report.success,
        "seconds": report.seconds,
        "cycles": report.cycles,
        "session": session,
        "screenshots": report.screenshots,
        "error": report.error,
    }


def _play(args: argparse.Namespace, folder: Path) -> tuple[Any, str]:
    """Open the window, play, close it; return the report and the path of the session file."""
    from app.demo_driver import DemoDriver
    from app.notify import excepthooks

    app = studio_main.make_application()
    instruction = args.instruction
    args.instruction, args.sessions = None, folder  # the driver types it
    studio, window = studio_main.build_studio(app, args)
    driver = DemoDriver(
        window, folder, instruction=instruction, target=args.target, limit_s=args.limit
    )
    driver.finished.connect(window.close)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: driver.give_up("The demo was interrupted."))
    with excepthooks(studio.notifier):
        window.show()
        studio.start()
        driver.start()
        app.exec()
    driver.give_up("The window was closed.")
    return driver.report, studio.recorder.final_path


def start_again_under_xvfb() -> None:
    """Replace this process by itself on a virtual display.

    Raises:
        StudioError: If there is no Xvfb.
    """
    program = shutil.which("xvfb-run")
    if program is None:
        raise StudioError(
            "There is no display and no Xvfb; install it with 'apt-get install xvfb xauth'."
        )
    environment = os.environ | {"QT_QPA_PLATFORM": "xcb"}
    words = [program, "-a", "-s", SCREEN, sys.executable, *sys.argv]
    os.execve(program, words, environment)
