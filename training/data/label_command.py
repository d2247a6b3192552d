"""``python main.py data label``: depth codes and traces for a robot data set."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path

from core.types import StudioError

CODEC = Path(__file__).resolve().parents[2] / "assets" / "models" / "embedded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py data label``."""
    parser.add_argument("dataset", type=Path, help="LeRobot data set of version 2.1 or 3.0")
    parser.add_argument("--out", type=Path, required=True, help="folder of the result")
    parser.add_argument(
        "--conventions",
        type=Path,
        help="what the numbers mean (YAML); by default the data set's meta/conventions.yaml",
    )
    parser.add_argument(
        "--depth",
        choices=("auto", "simulator", "sensor", "depth-anything", "none"),
        default="auto",
        help="where depth comes from; auto: the declared column, else depth-anything",
    )
    parser.add_argument(
        "--depth-model",
        default="depth-anything/Depth-Anything-V2-Small-hf",
        help="Depth-Anything-V2: a folder, or a name on the hub",
    )
    parser.add_argument(
        "--codec",
        type=Path,
        default=CODEC,
        help="checkpoint folder with the depth codec (VQ-VAE); by default the embedded model's",
    )
    parser.add_argument(
        "--depth-input",
        choices=("centred", "released"),
        default="centred",
        help="centred: -1 to 1, nearest; released: 0 to 1, bilinear, as the released script did",
    )
    parser.add_argument(
        "--trace",
        choices=("auto", "kinematics", "pointing", "column", "keep"),
        default="auto",
        help="where the gripper's place comes from; auto: what the conventions make possible",
    )
    parser.add_argument("--every", type=int, default=5, help="point in every so many frames")
    parser.add_argument("--pointing-url", default="", help="address of a vLLM server, http://…")
    parser.add_argument(
        "--pointing-model", default="", help="a folder or hub name; with an address its name there"
    )
    parser.add_argument("--device", default="cpu", help="where networks run: cpu, cuda, cuda:1 …")
    parser.add_argument("--processes", type=int, default=1, help="local processes")
    parser.add_argument("--name", default="", help="key of the action statistics")
    parser.add_argument(
        "--link-videos", action="store_true", help="hard links instead of copies of the videos"
    )


def run_label(arguments: argparse.Namespace) -> None:
    """Label the data set, show what was left out, and say where the result is.

    Raises:
        StudioError: If it is not possible.
    """
    from training.data.label import LabelRequest, label
    from training.data.settings import Settings

    if arguments.every < 1 or arguments.processes < 1:
        raise StudioError("--every and --processes are whole numbers from 1 on.")
    settings = Settings(
        depth=arguments.depth,
        codec=str(arguments.codec.absolute()),
        depth_model=arguments.depth_model,
        released_depth=arguments.depth_input == "released",
        trace=arguments.trace,
        every=arguments.every,
        pointing_url=arguments.pointing_url,
        pointing_model=arguments.pointing_model,
        device=arguments.device,
    )
    result = label(
        LabelRequest(
            dataset=arguments.dataset,
            out=arguments.out,
            conventions=arguments.conventions,
            settings=settings,
            name=arguments.name,
            processes=arguments.processes,
            link=arguments.link_videos,
        ),
        _tell,
    )
    print(file=sys.stderr)
    for sentence in result.odd:
        print(f"Odd: {sentence}", file=sys.stderr)
    if result.reused:
        print(f"{result.reused} episodes had been labelled before.", file=sys.stderr)
    print(left_out_words(result.skipped, result.left_out), file=sys.stdout)
    print(
        f"Wrote {result.episodes} episodes with {result.rows} rows to {result.folder}; look at "
        "contact_sheet.html there before you train.",
        file=sys.stdout,
    )


def left_out_words(skipped: Mapping[str, int], left_out: Mapping[str, int]) -> str:
    """Return what was left out and why, a line each."""
    lines = [f"  {count:>7} frames: {reason}" for reason, count in skipped.items()]
    lines += [f"  {count:>7} episodes: {reason}" for reason, count in left_out.items()]
    return "\n".join(["Left out:", *lines] if lines else ["Nothing was left out."])


def _tell(done: int, total: int, left: float, words: str) -> None:
    time = "" if math.isnan(left) else f", {int(left) // 60}:{int(left) % 60:02d} left"
    print(f"\r{done} of {total} episodes{time}, {words}   ", end="", file=sys.stderr, flush=True)
