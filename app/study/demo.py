"""``python main.py study demo``: a whole study with simulated participants, ended by a report.

Rollouts of the model that comes with the studio are filmed in the lab; one participant sits before
the real window and is played by mouse and key events, the others answer without one. One of them is
careless, one withdraws.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from app.study.simulated import judge, person, take_part
from core.study import people
from core.study.base import StudyBase, study_folder
from core.study.plan import StudyPlan
from core.study.schedule import slots
from core.study.weaker import write_weaker
from core.types import StudioError

LEAST = 3
SPEED = 4.0
"""Of the videos where a program watches: it need not wait for a person's eyes."""


HANDICAP = "guided_by: instruction, noise: 0.8"
"""What the built-in study says of its weaker policy."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``study demo``."""
    parser.add_argument("--participants", type=int, default=12, help="how many, the window's too")
    parser.add_argument("--seed", type=int, default=1, help="of layouts' order, people and draws")
    parser.add_argument("--out", type=Path, default=Path("out/study-demo"), help="folder")


def run_demo(arguments: argparse.Namespace) -> int:
    """Make the rollouts, let everybody take part, write the report.

    Raises:
        StudioError: If the folder holds another study, or something cannot be made.
    """
    if arguments.participants < LEAST:
        raise StudioError(
            f"--participants is {arguments.participants}; at least {LEAST} are shown."
        )
    file = write_study(arguments.out, arguments.participants, arguments.seed)
    began = time.monotonic()
    with StudyBase(study_folder(file)) as base:
        base.lock(file.read_text(encoding="utf-8"))
        plan = base.plan()
        if base.one("SELECT 1 FROM participant") is not None:
            raise StudioError(f"{arguments.out} holds a study already; name another with --out.")
        _make(base, plan, file)
        made = time.monotonic()
        fault = _in_the_window(base, plan, arguments)
        if fault:
            raise StudioError(f"The participant in the window did not come to the end: {fault}")
        _without_a_window(base, plan, arguments)
    from app.study.report import write_report

    folder = write_report(file)
    facts = summary(file) | {
        "report": str(folder / "report.html"),
        "seconds_rollouts": round(made - began, 1),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(facts), file=sys.stdout)
    return 0


def write_study(out: Path, participants: int, seed: int) -> Path:
    """Write the demonstration's study file with its seed and a target that will be reached.

    Raises:
        StudioError: If it cannot be written.
    """
    from app.study.files import BUILT_IN

    text = (BUILT_IN / "demo.yaml").read_text(encoding="utf-8")
    # 12 normal and shared items each; one participant withdraws, one may be half-way
    text = text.replace("votes: 100", f"votes: {12 * (participants - 2)}")
    text = text.replace("\nseed: 1\n", f"\nseed: {seed}\n")
    weaker = json.dumps(str((out / "weaker").resolve()))
    text = text.replace(f"use: embedded, {HANDICAP}", f"use: {weaker}, guided_by: instruction")
    file = out / "study.yaml"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        write_weaker(out / "weaker", seed)
    except OSError as error:
        raise StudioError(f"{file} cannot be written: {error.strerror}.") from error
    return file


def summary(file: Path) -> dict[str, Any]:
    """Return the counts of a finished demonstration as plain values."""
    from core.study.harvest import harvest

    with StudyBase(study_folder(file)) as base:
        found = harvest(base, base.plan())
    counts = found.counts
    return {
        "participants": counts.participants,
        "simulated": counts.simulated,
        "withdrawn": counts.withdrawn,
        "votes": counts.votes,
        "target": counts.target,
        "counted": len(found.votes),
        "excluded": [f"{one.participant}: {one.words}" for one in found.excluded],
        "data_sha256": found.data_sha256,
        "audit": found.audit_fault or "whole",
    }


def _make(base: StudyBase, plan: StudyPlan, file: Path) -> None:
    from app.study.making import prepare

    def told(done: int, total: int) -> None:
        print(f"\rRollouts: {done} of {total}", end="" if done < total else "\n", flush=True)

    prepare(base, plan, file.parent, told)


def _in_the_window(base: StudyBase, plan: StudyPlan, arguments: argparse.Namespace) -> str:
    """Let one participant sit before the real window; returns why it ended early, if it did."""
    from app.main import has_display, make_application

    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QTimer

    from app import theme
    from app.study.conductor import Conductor
    from app.study.demo_hands import Hands
    from app.study.participant import ParticipantWindow
    from app.study.run import milestones_of
    from app.task import Tasks
    from core.study.sitting import next_step

    app = make_application()
    theme.apply_theme(app, "light", scale=1.0)
    tasks = Tasks(threads=1)
    conductor = Conductor(base, plan, tasks)
    window = ParticipantWindow(conductor, plan, milestones_of(plan), SPEED)
    window.resize(1440, 900)
    mind = person(arguments.seed, 0)
    # The database is idle while a question is on the screen, so this thread may read it.
    hands = Hands(
        window,
        lambda: judge(base, mind, next_step(base, plan, conductor.code)),
        arguments.out / "pictures",
        ponder_ms=800,
    )
    faults: list[str] = []
    hands.ended.connect(faults.append)
    hands.ended.connect(lambda _: QTimer.singleShot(0, window, window.close))
    hands.judged.connect(lambda done: print(f"\rWindow: {done} items", end="", flush=True))
    window.closed.connect(app.quit)
    window.show()
    conductor.begin(simulated=True)
    hands.start()
    app.exec()
    tasks.shutdown()
    print(file=sys.stdout)
    return faults[0] if faults else "The window was closed."


def _without_a_window(base: StudyBase, plan: StudyPlan, arguments: argparse.Namespace) -> None:
    """Let the others take part; the last one is careless, the one before withdraws half-way."""
    total = arguments.participants
    for number in range(1, total):
        who = people.enrol(base, simulated=True, code=f"SIM{number:03d}")
        people.consent(base, who.code, plan.consent)
        items = len(slots(plan, who.number))
        leaves = number == total - 2
        mind = person(arguments.seed, number, careless=number == total - 1)
        take_part(base, plan, who, mind, items // 2 if leaves else items)
        if leaves:
            people.withdraw(base, who.code)
        print(f"\rOthers: {number} of {total - 1}", end="", flush=True)
    print(file=sys.stdout)
