"""``study withdraw`` and ``study exclude``: what an experimenter does about one participant."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.study import people
from core.study.base import StudyBase, study_folder
from core.study.exclusions import exclude_by_hand
from core.types import StudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``study withdraw`` and ``study exclude``."""
    parser.add_argument("file", type=Path, help="the study file")
    parser.add_argument("code", help="the participant's code")
    if parser.prog.endswith("exclude"):
        parser.add_argument("--reason", required=True, help="why; the report says so")


def run_withdraw(arguments: argparse.Namespace) -> int:
    """Erase what a participant said, for somebody who asks for it later."""
    with _existing(arguments.file) as base:
        code = people.find(base, arguments.code).code
        erased = people.withdraw(base, code, "experimenter")
    print(f"Erased {erased} answers of {code}.", file=sys.stdout)
    return 0


def run_exclude(arguments: argparse.Namespace) -> int:
    """Leave a participant's votes out of the results; they stay in the database."""
    if not arguments.reason.strip():
        raise StudioError("Say with --reason why the participant is left out; the report says so.")
    with _existing(arguments.file) as base:
        code = people.find(base, arguments.code).code
        exclude_by_hand(base, code, arguments.reason.strip())
    print(f"{code} is left out of the results.", file=sys.stdout)
    return 0


def _existing(file: Path) -> StudyBase:
    folder = study_folder(file)
    if not (folder / "study.db").is_file():
        raise StudioError(f"Nobody has taken part in {file} yet; {folder} holds no database.")
    return StudyBase(folder)
