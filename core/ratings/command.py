"""``main.py ratings``: votes in, a report out."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml

from core.ratings.lmarena import write_votes
from core.ratings.material import read_material
from core.ratings.plain_result import as_plain
from core.ratings.rate import rate
from core.ratings.recipe import Recipe, parse_recipe
from core.ratings.report.document import report
from core.ratings.report.words import headline, number, span
from core.types import StudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``ratings``."""
    parser.add_argument("source", type=Path, help="CSV of votes, or a study: its file or folder")
    parser.add_argument("--out", type=Path, help="write the report here, as HTML")
    parser.add_argument("--json", type=Path, help="write all numbers here")
    parser.add_argument("--csv", type=Path, help="write the votes here, in LMArena's columns")
    parser.add_argument("--recipe", type=Path, help="YAML with the rules for a CSV of votes")
    parser.add_argument(
        "--early", default="", metavar="REASON", help="open a study before its number of votes"
    )


def run_ratings(arguments: argparse.Namespace) -> int:
    """Run ``main.py ratings``; returns 0.

    Raises:
        StudioError: If the votes cannot be read or a file cannot be written.
    """
    material = read_material(arguments.source, _recipe(arguments.recipe), arguments.early)
    ratings = rate(material.votes, material.recipe, material.excluded)
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if arguments.csv is not None:
        _write(arguments.csv, write_votes(material.votes))
    if arguments.json is not None:
        text = json.dumps(as_plain(ratings), indent=2, ensure_ascii=False)
        _write(arguments.json, text + "\n")
    if arguments.out is not None:
        _write(arguments.out, report(ratings, material, made))
    lines = [headline(ratings)]
    lines += [
        f"{one.rank:>3}  {number(one.rating):>6}  {span(one.interval):>14}  {one.policy}"
        for one in ratings.standings
    ]
    lines += [*material.alarms, *(caveat.text for caveat in ratings.caveats)]
    print("\n".join(lines), file=sys.stdout, flush=True)
    return 0


def _recipe(path: Path | None) -> Recipe | None:
    if path is None:
        return None
    try:
        return parse_recipe(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"The recipe '{path}' cannot be read: {error}.") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudioError(f"'{path}' cannot be written ({error.strerror}).") from error
