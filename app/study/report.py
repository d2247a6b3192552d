"""``python main.py study report FILE``: results, once the number of votes is reached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.study.base import study_folder
from core.study.study_file import read_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``study report``."""
    parser.add_argument("file", type=Path, help="the study file")
    parser.add_argument("--out", type=Path, help="folder of the report; default: in the study's")
    parser.add_argument(
        "--early",
        metavar="REASON",
        default="",
        help="open the results before the target; the report says so",
    )


def run_report(arguments: argparse.Namespace) -> int:
    """Write report, numbers and votes.

    Raises:
        StudioError: If the study cannot be read, has no votes, or is not complete.
    """
    read_study(arguments.file)
    out = write_report(arguments.file, arguments.out, arguments.early)
    print(f"Report: {out / 'report.html'}", file=sys.stdout)
    return 0


def write_report(file: Path, out: Path | None = None, early: str = "") -> Path:
    """Write ``report.html``, ``ratings.json`` and ``votes.csv``.

    Args:
        file: The study file.
        out: Folder; by default ``report`` in the study's folder.
        early: Why the results are opened before the target.

    Returns:
        The folder.
    """
    from core.ratings.command import run_ratings

    folder = out or study_folder(file) / "report"
    run_ratings(
        argparse.Namespace(
            source=file,
            out=folder / "report.html",
            json=folder / "ratings.json",
            csv=folder / "votes.csv",
            recipe=None,
            early=early,
        )
    )
    return folder
