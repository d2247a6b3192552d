"""``study new``, ``study check`` and ``study prepare``: a study before anybody takes part."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from core.study.base import StudyBase, study_folder
from core.study.blinding import leaks
from core.study.plan import EMBEDDED, EXPERT, FILES, STILL, Kind, StudyPlan
from core.study.rollouts import missing, wanted
from core.study.schedule import SlotKind, slots
from core.study.study_file import digest_of, read_study
from core.types import StudioError

BUILT_IN = Path(__file__).resolve().parents[2] / "assets" / "studies"


def built_in() -> dict[str, Path]:
    """Return the built-in studies by name."""
    return {path.stem: path for path in sorted(BUILT_IN.glob("*.yaml"))}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that ``study new``, ``study check`` and ``study prepare`` share."""
    parser.add_argument("file", type=Path, help="the study file")
    if parser.prog.endswith("new"):
        parser.add_argument(
            "--like",
            choices=tuple(built_in()),
            default="instruction-following",
            help="built-in study to begin with",
        )


def run_new(arguments: argparse.Namespace) -> int:
    """Write a copy of a built-in study to be changed."""
    target: Path = arguments.file
    if target.exists():
        raise StudioError(f"{target} exists already; name another file.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built_in()[arguments.like], target)
    except OSError as error:
        raise StudioError(f"{target} cannot be written: {error.strerror}.") from error
    _say(f"Wrote {target}. Change it, then look at it with 'study check {target}'.")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Say what a study file means, and what may be wrong with it."""
    plan, text = read_study(arguments.file)
    for line in describe(plan):
        _say(line)
    _say(f"SHA-256      {digest_of(text)}")
    faults = [*leaks(plan), *_table_faults(plan), *_video_faults(plan, arguments.file.parent)]
    for fault in faults:
        _say(f"! {fault}")
    _say("Nothing stands out." if not faults else f"{len(faults)} things to look at.")
    return 1 if faults else 0


def run_prepare(arguments: argparse.Namespace) -> int:
    """Make all videos that are shown without waiting."""
    from app.study.making import prepare

    plan, text = read_study(arguments.file)
    with StudyBase(study_folder(arguments.file)) as base:
        base.lock(text)
        made = prepare(
            base,
            plan,
            arguments.file.parent,
            lambda done, total: print(f"\r{done} of {total} videos", end="", flush=True),
        )
    _say(f"\nMade {made} videos; start with 'study run {arguments.file}'.")
    return 0


def describe(plan: StudyPlan) -> list[str]:
    """Say in lines what a study will do."""
    kinds = slots(plan, 0)
    counts = {kind: kinds.count(kind) for kind in SlotKind if kind in kinds}
    parts = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    counted = counts.get(SlotKind.NORMAL, 0) + counts.get(SlotKind.SHARED, 0)
    people = -(-plan.votes // max(counted, 1))
    return [
        f"Study        {plan.name} ({plan.kind})",
        f"Policies     {', '.join(plan.aliases)}: {len(plan.pairs)} pairs",
        f"Scenes       {len(plan.scenes)}",
        f"Participant  {parts}",
        f"Votes        {plan.votes} wanted: {people} participants of {counted} votes each",
        f"Videos       {len(wanted(plan))} made beforehand, {plan.seconds:g} s each",
        f"Hypotheses   {len(plan.hypotheses)}",
    ]


def need_videos(base: StudyBase, plan: StudyPlan, file: Path) -> None:
    """Refuse to start without the videos.

    Raises:
        StudioError: If some are missing.
    """
    if left := missing(base, plan):
        raise StudioError(
            f"{len(left)} of {len(wanted(plan))} videos are still to be made; run "
            f"'python main.py study prepare {file}'."
        )


def _table_faults(plan: StudyPlan) -> list[str]:
    from app.study.making import table_of

    faults: list[str] = []
    if all(policy.use == FILES for policy in plan.policies) and plan.kind == Kind.RECORDED:
        return faults
    for scene in plan.scenes:
        try:
            table_of(scene)
        except StudioError as error:
            faults.append(str(error))
    return faults


def _video_faults(plan: StudyPlan, beside: Path) -> list[str]:
    """Look for files and folders that the study names."""
    faults = [
        f"The video {beside / one.video} is not there."
        for one in plan.videos
        if not (beside / one.video).is_file()
    ]
    known = (EMBEDDED, EXPERT, STILL, FILES)
    for policy in plan.policies:
        if policy.use not in known and "://" not in policy.use and not Path(policy.use).is_dir():
            faults.append(
                f"Policy '{policy.alias}' uses '{policy.use}', which is neither a folder nor an "
                f"address nor one of {', '.join(known)}."
            )
    return faults


def _say(line: str) -> None:
    print(line, file=sys.stdout)
