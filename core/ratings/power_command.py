"""``main.py power``: how large a study must be, before there is a vote."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from core.ratings.bias import points_per_logit
from core.ratings.power import GAPS, PARTICIPANTS, USUAL_SPREAD, VOTES_EACH, power_table
from core.ratings.recipe import Recipe
from core.report import format_table
from core.types import StudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``power``."""
    parser.add_argument("--policies", type=int, default=3, help="policies that meet each other")
    parser.add_argument("--ties", type=float, default=0.2, help="share of undecided votes")
    parser.add_argument(
        "--spread",
        type=float,
        default=USUAL_SPREAD,
        help="how much people differ about two policies [logits]; a pilot's report tells it",
    )
    parser.add_argument(
        "--participants", type=int, nargs="+", default=list(PARTICIPANTS), help="to choose from"
    )
    parser.add_argument(
        "--votes", type=int, nargs="+", default=list(VOTES_EACH), help="votes of each, likewise"
    )


def run_power(arguments: argparse.Namespace) -> int:
    """Run ``main.py power``; returns 0.

    Raises:
        StudioError: If a number makes no sense.
    """
    if arguments.policies < 2 or min(arguments.participants) < 2 or min(arguments.votes) < 1:
        raise StudioError("A study has at least 2 policies, 2 participants and 1 vote of each.")
    if not 0.0 <= arguments.ties < 1.0 or not 0.0 <= arguments.spread < 100.0:
        raise StudioError("--ties must be from 0 to below 1, --spread 0 or more.")
    table = power_table(
        arguments.policies,
        unit=points_per_logit(Recipe()),
        ties=arguments.ties,
        spread=arguments.spread,
        participants=arguments.participants,
        votes_each=arguments.votes,
    )
    rows: list[dict[str, Any]] = [
        {
            "participants": row.participants,
            "votes each": row.votes_each,
            "half interval [points]": round(row.half_width),
            **{
                f"finds {gap:.0f} points [%]": round(100 * chance)
                for gap, chance in zip(GAPS, row.power, strict=True)
            },
        }
        for row in table.rows
    ]
    print(format_table(rows), file=sys.stdout, flush=True)
    return 0
