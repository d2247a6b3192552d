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
    "camera check": ("robot.cameras.command:run_camera_check", "look at a camera, its calibration"),
    "serve": ("core.policy.server:run_server", "policy server: the model"),
    "doctor": ("core.doctor.command:run_doctor", "look at this machine and say what is missing"),
    "export": ("core.export.command:run_export", "sessions as LeRobot, Rerun, MP4, CSV and more"),
    "replay": ("core.review.command:run_replay", "look at a session, or ask its model again"),
    "record": ("core.session.recorder:run_recorder", "recorder: writes the session file"),
    "study new": ("app.study.files:run_new", "begin a study file from a built-in one"),
    "study check": ("app.study.files:run_check", "say what a study file means"),
    "study prepare": ("app.study.files:run_prepare", "make the videos of a study"),
    "study run": ("app.study.run:run_study", "carry out a study"),
    "study withdraw": ("app.study.people:run_withdraw", "erase what a participant said"),
    "study exclude": ("app.study.people:run_exclude", "leave a participant out, with a reason"),
    "study report": ("app.study.report:run_report", "the results of a study"),
    "study demo": ("app.study.demo:run_demo", "a whole study with simulated participants"),
    "study worker": ("app.study.worker:run_worker", "makes videos for a live study"),
    "eval steer": ("robot.sim.evaluate:run_eval_steer", "success of steering in the lab"),
    "eval fig3": ("robot.sim.harness.fig3:run_eval_fig3", "words against a drawn line"),
    "eval shaky": ("robot.sim.harness.shaky:run_eval_shaky", "bad hands and lines to nowhere"),
    "eval ood": ("robot.sim.harness.ood:run_eval_ood", "tables unlike those of training"),
    "eval model": ("core.model.parity:run_eval_model", "agreement with the golden outputs"),
    "ratings": ("core.ratings.command:run_ratings", "ratings and their report from votes"),
    "power": ("core.ratings.power_command:run_power", "how large a study must be"),
    "bench ratings": ("core.ratings.bench:run_bench_ratings", "the ratings checked and timed"),
    "bench decoder": ("core.decoding.bench:run_bench_decoder", "speed of each decoding step"),
    "bench review": ("core.review.bench:run_bench_review", "how soon long sessions open and seek"),
    "bench guard": ("robot.bench_guard:run_bench_guard", "hostile chunks against the guard"),
    "bench gui": ("app.bench.gui:run_bench_gui", "how soon the window paints and stops"),
    "bench stop": ("app.bench.stop:run_bench_stop", "how soon the arm rests, at the driver"),
    "bench faults": ("app.bench.faults:run_bench_faults", "an hour in which things go wrong"),
    "bench serve": ("core.policy.bench:run_bench_serve", "speed of the policy server"),
    "bench gpu": ("core.decoding.bench_gpu:run_bench_gpu", "the engine at 7B-D size on a GPU"),
    "bench recorder": (
        "core.session.bench.command:run_bench_recorder",
        "what the recorder loses, and what it costs",
    ),
    "train": ("training.cli:run_train", "train the embedded model, or fine-tune a checkpoint"),
    "data label": (
        "training.data.label_command:run_label",
        "depth and traces for a robot data set",
    ),
    "data from-sessions": (
        "training.data.from_sessions:run_from_sessions",
        "steered sessions as post-training data",
    ),
    "data make-lab": ("training.data.make_lab_command:run_make_lab", "a small data set of the lab"),
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
