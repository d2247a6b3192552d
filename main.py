"""Entry point of every program: parses the command and calls one function.

Each command names its function as ``module:function``. Only the chosen command's module is
imported. A module that takes arguments offers ``add_arguments(parser)`` beside the function, which
gets the parsed ``argparse.Namespace`` and returns None or an exit status.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from types import ModuleType

from core.service import announce_error
from core.types import StudioError

COMMANDS = {
    "run": ("app.main:run_studio", "open the studio (the default)"),
    "demo": ("app.demo:run_demo", "drive the studio through a whole task by itself"),
    "tour": ("app.tour:run_tour", "make the pictures of docs/tour.md"),
    "lab": ("robot.sim.lab:run_lab", "simulated lab alone"),
    "rig": ("robot.rig.server:run_rig", "rig server: cameras, arm, guard"),
    "serve": ("core.policy.server:run_server", "policy server: the model"),
    "doctor": ("core.doctor.command:run_doctor", "look at this machine and say what is missing"),
    "record": ("core.session.recorder:run_recorder", "recorder: writes the session file"),
    "eval steer": ("robot.sim.evaluate:run_eval_steer", "success of steering in the lab"),
    "eval model": ("core.model.parity:run_eval_model", "agreement with the golden outputs"),
    "ratings": ("core.ratings.command:run_ratings", "ratings and their report from votes"),
    "power": ("core.ratings.power_command:run_power", "how large a study must be"),
    "bench ratings": ("core.ratings.bench:run_bench_ratings", "the ratings checked and timed"),
    "bench decoder": ("core.decoding.bench:run_bench_decoder", "speed of each decoding step"),
    "bench gui": ("app.bench.gui:run_bench_gui", "how soon the window paints and stops"),
    "bench serve": ("core.policy.bench:run_bench_serve", "speed of the policy server"),
    "bench gpu": ("core.decoding.bench_gpu:run_bench_gpu", "the engine at 7B-D size on a GPU"),
    "train": ("training.cli:run_train", "train the embedded model"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command in ``argv`` and return the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] in (["-h"], ["--help"]):
        print(_overview())
        return 0
    command = _take_command(words)
    if command not in COMMANDS:
        choices = ", ".join(COMMANDS)
        print(f"There is no command '{command}'; choose one of: {choices}.", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    target, summary = COMMANDS[command]
    module_name, function = target.split(":")
    arguments = argparse.Namespace()
    try:
        module = importlib.import_module(module_name)
        arguments = _parse(command, summary, module, words)
        return int(getattr(module, function)(arguments) or 0)
    except StudioError as error:
        if getattr(arguments, "child", False):
            announce_error(str(error))
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _take_command(words: list[str]) -> str:
    """Remove the one or two words of the command from the front and return them joined."""
    if not words or words[0].startswith("-"):
        return "run"
    command = words.pop(0)
    if any(name.startswith(f"{command} ") for name in COMMANDS) and words:
        command += f" {words.pop(0)}"
    return command


def _parse(command: str, summary: str, module: ModuleType, words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"main.py {command}", description=f"{summary[0].upper()}{summary[1:]}."
    )
    add_arguments = getattr(module, "add_arguments", None)
    if add_arguments is not None:
        add_arguments(parser)
    return parser.parse_args(words)


def _overview() -> str:
    lines = ["usage: main.py [COMMAND] [options]", "", "commands (each has its own --help):"]
    lines += [f"  {name:<12}{summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
