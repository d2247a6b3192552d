"""`python main.py run`: start the services and open the window."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.faults.plan import parse_plan

logger = logging.getLogger(__name__)

SWITCH_S = 0.0005
"""How long a thread may keep Python from the window's [s]; the default is a third of a frame."""

LAB_INSTRUCTION = "pick up the object"
"""What stands in the box in the lab when nothing was chosen: the embedded model knows it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py run``."""
    parser.add_argument("--policy", metavar="URL", help="use this policy server")
    parser.add_argument("--policy-token", metavar="TOKEN", help="secret of the policy server")
    parser.add_argument(
        "--policy-keys",
        metavar="KEYS",
        help="names of an observation's parts for another openpi server: libero, droid, or "
        "changes such as image=cam_high,state=",
    )
    parser.add_argument("--model", help="folder or hub id of the checkpoint to serve")
    parser.add_argument("--rig", metavar="URL", help="use this rig instead of the simulated lab")
    parser.add_argument("--rig-token", metavar="TOKEN", help="secret of the rig")
    parser.add_argument(
        "--hold-to-run",
        action="store_true",
        help="let the lab's arm move only while a button, key or pedal is held, as a real one does",
    )
    parser.add_argument(
        "--faults",
        metavar="SPEC",
        help="let the lab go wrong on purpose, as an exercise: reflex@5,camera-freeze@10:2s or "
        "random:SEED[:MEAN_SECONDS]",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first scene of the lab")
    parser.add_argument("--instruction", help="what stands in the instruction box at the start")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours")
    parser.add_argument("--sessions", type=Path, help="folder of the session files")
    parser.add_argument("--no-record", action="store_true", help="keep no session file")


def run_studio(args: argparse.Namespace) -> int:
    """Open the studio and return when its window is closed.

    Args:
        args: The options of :func:`add_arguments`.

    Returns:
        The exit status.

    Raises:
        StudioError: If there is no display, or the settings are wrong.
    """
    if args.faults:
        parse_plan(args.faults)  # said here and not by a child that cannot start
    if not has_display():
        raise StudioError(
            "There is no display to open a window on; use 'python main.py demo' to drive the "
            "studio without one."
        )
    app = make_application()
    from PySide6.QtCore import QTimer

    from app.notify import excepthooks

    studio, window = build_studio(app, args)
    with excepthooks(studio.notifier):
        window.show()
        QTimer.singleShot(0, studio, studio.start)
        # Python sees a signal only between its own instructions; this gives it some.
        wake = QTimer(interval=500)
        wake.timeout.connect(_nothing)
        wake.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: window.close())
        return int(app.exec())


def make_application() -> Any:
    """Make the QApplication with what has to be set before it exists."""
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtWidgets import QApplication

    from core.memory import give_memory_back

    give_memory_back()
    sys.setswitchinterval(SWITCH_S)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Steering Studio")
    app.setDesktopFileName("steering-studio")
    return app


def build_studio(app: Any, args: argparse.Namespace) -> tuple[Any, Any]:
    """Build the studio and its window from the options; nothing is started or shown yet.

    Args:
        app: The application.
        args: The options of :func:`add_arguments`.

    Returns:
        The :class:`app.studio.Studio` and its :class:`app.main_window.MainWindow`.
    """
    from app import theme
    from app.main_window import MainWindow
    from app.services import Services
    from app.settings import load_settings, window_state
    from app.studio import Studio
    from app.tokens import load_token
    from core.policy.client import RemotePolicy
    from core.policy.keys import parse_keys
    from core.session.client import RecorderClient
    from robot.rig.client import RigClient

    saved = load_settings()
    chosen = {
        "theme": args.theme,
        "instruction": args.instruction,
        "sessions": args.sessions,
        "policy": args.policy,
        "policy_keys": args.policy_keys,
        "rig": args.rig,
    }
    given: dict[str, Any] = {n: str(value) for n, value in chosen.items() if value is not None}
    if args.no_record:
        given["record"] = False
    if not args.rig and not saved.instruction:
        given.setdefault("instruction", LAB_INSTRUCTION)
    settings = replace(saved, **given)
    log_to_file(Path(settings.sessions))
    theme.apply_theme(app, settings.theme, scale=settings.font_scale / 100)
    tokens = {"policy": args.policy_token, "rig": args.rig_token}
    addresses = {
        name: (url, token or load_token(name))
        for name, token in tokens.items()
        if (url := getattr(settings, name))
    }
    studio = Studio(
        settings=settings,
        saved=saved,
        make_policy=lambda url, token: RemotePolicy(
            url, token, keys=parse_keys(studio.settings.policy_keys)
        ),
        # its sign of life is this event loop, which calls pulse(): the arm stops when it hangs
        make_rig=lambda url, token: RigClient(url, token, own_pulse=False),
        make_recorder=lambda: RecorderClient(
            Path(studio.settings.sessions), {"program": "studio"}, video=studio.settings.film
        ),
        services=Services(service_specs(args)),
        addresses=addresses,
    )
    return studio, MainWindow(studio, window_state())


def service_specs(args: argparse.Namespace) -> list[Any]:
    """Return the child processes that can be started; those used elsewhere are left out later."""
    from app.services import ServiceSpec

    child = ["--port", "0", "--child"]
    model = ["--model", args.model] if args.model else []
    strict = ["--faults", args.faults] if args.faults else []
    if args.hold_to_run:
        strict.append("--hold-to-run")
    return [
        ServiceSpec(
            name="lab",
            title="The simulated lab",
            arguments=lambda _: ["lab", *child, "--seed", str(args.seed)],
        ),
        ServiceSpec(
            name="rig",
            title="The rig",
            arguments=lambda ready: ["rig", *child, "--lab", str(ready["lab"]["ready"]), *strict],
            needs=("lab",),
        ),
        ServiceSpec(
            name="policy",
            title="The policy server",
            # Without a GPU the model takes every core it gets; who draws must not wait for it.
            arguments=lambda _: ["serve", *child, "--background", *model],
        ),
    ]


def log_to_file(folder: Path) -> None:
    """Keep what the programs log in ``studio.log`` beside the session files.

    Raises:
        StudioError: If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "studio.log", maxBytes=2_000_000, backupCount=2, encoding="utf-8"
        )
    except OSError as error:
        raise StudioError(
            f"The folder {folder} for session files cannot be written ({error.strerror}); name "
            "another one with --sessions."
        ) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("app").setLevel(logging.INFO)


def has_display() -> bool:
    """Tell whether a window can be opened."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _nothing() -> None:
    """Wake up."""
