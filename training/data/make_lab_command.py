"""``python main.py data make-lab``: a small LeRobot data set of the simulated lab."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.types import StudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py data make-lab``."""
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--episodes", type=int, default=8, help="number of episodes")
    parser.add_argument(
        "--names",
        choices=("ours", "other"),
        default="ours",
        help="columns and conventions: the lab's own, or those of an imagined other arm",
    )
    parser.add_argument(
        "--task",
        choices=("pick", "place", "beside", "all"),
        default="pick",
        help="pick up, put on a plate, put next to another thing, or one after the other",
    )
    parser.add_argument(
        "--novel",
        action="store_true",
        help="ask only for combinations of colour and shape that the embedded model never saw",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first table")


def run_make_lab(arguments: argparse.Namespace) -> None:
    """Make the data set and say where it is.

    Raises:
        StudioError: If it cannot be made.
    """
    if not 1 <= arguments.episodes <= 10_000:
        raise StudioError(f"--episodes is {arguments.episodes}; expected 1 to 10000.")
    from training.data.make_lab import make_lab

    folder = make_lab(
        arguments.out,
        episodes=arguments.episodes,
        names=arguments.names,
        task=arguments.task,
        first_seed=arguments.seed,
        novel=arguments.novel,
    )
    print(f"Wrote {folder}; its conventions are in meta/conventions.yaml.", file=sys.stdout)
