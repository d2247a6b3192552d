"""``python main.py data from-sessions``: steered sessions become post-training data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from core.export.command import session_files
from core.export.lerobot_rows import video_key
from core.ply import write_whole
from core.protocol.statistics import compute_statistics
from core.types import StudioError
from training.data.conventions import FILE
from training.data.lab_names import OURS
from training.data.label_command import left_out_words
from training.data.lerobot_out import Episode, write_dataset
from training.data.meta import ACTION_WORDS, PROGRAM, TRACE_WORDS, VERSION, write_about
from training.data.sessions import (
    Counts,
    chosen_takes,
    session_episodes,
    session_features,
    shared_cameras,
)
from training.data.sheet import write_sheet
from training.data.types import TRACE
from training.data.workplace import Workplace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py data from-sessions``."""
    parser.add_argument(
        "sessions", type=Path, nargs="+", metavar="SESSION", help="session files, or folders"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        help="only this camera; repeatable, the annotated one first",
    )
    parser.add_argument(
        "--unmarked",
        action="store_true",
        help="also episodes, and sessions without episodes, about which nobody said how they ended",
    )
    parser.add_argument("--name", default="", help="key of the action statistics")


def run_from_sessions(arguments: argparse.Namespace) -> None:
    """Make the data set, show what was left out, and say where it is.

    Raises:
        StudioError: If it is not possible.
    """
    folder, counts = from_sessions(
        session_files(arguments.sessions),
        arguments.out,
        cameras=arguments.camera,
        unmarked=arguments.unmarked,
        name=arguments.name,
    )
    skipped = {reason: count for reason, count in counts.skipped.items() if count}
    print(left_out_words(skipped, counts.left_out), file=sys.stdout)
    print(
        f"Wrote {len(counts.actions)} episodes with {counts.rows} rows to {folder}; a person's "
        f"trace steered {counts.steered} of them. I+ is rebuilt exactly for {counts.rebuilt} of "
        f"{counts.asked} drawn traces.",
        file=sys.stdout,
    )


def from_sessions(
    sessions: Sequence[Path],
    out: Path,
    *,
    cameras: Sequence[str] = (),
    unmarked: bool = False,
    name: str = "",
) -> tuple[Path, Counts]:
    """Turn sessions into a data set.

    Args:
        sessions: Session files.
        out: Folder of the data set.
        cameras: Which cameras, the annotated one first; none means all that are shared.
        unmarked: Whether episodes count as good about which nobody said anything.
        name: Key of the statistics; the folder's name when empty.

    Returns:
        Where it is, and what was counted.

    Raises:
        StudioError: If it is not possible.
    """
    counts = Counts()
    takes, rate = chosen_takes(sessions, counts, unmarked=unmarked)
    chosen = shared_cameras(takes, cameras)
    place = Workplace(out, None)
    try:
        folder = place.bench()
        first: list[Episode] = []
        source = session_episodes(takes, chosen, rate, counts)
        for episode in source:
            first.append(episode)
            break
        if not first:
            raise StudioError("No episode has pictures of all cameras.")
        sizes = {camera: _size(first[0], video_key(camera)) for camera in chosen}
        features = session_features(sizes)
        robot = "franka_fr3_lab" if takes[0].robot == "lab" else "franka_fr3"

        def all_episodes() -> Any:
            yield from first
            yield from source

        rows = write_dataset(folder, all_episodes(), features=features, fps=rate, robot=robot)
        statistics = compute_statistics(
            np.concatenate(counts.actions), trajectories=len(counts.actions)
        )
        declared = _conventions(takes[0].cameras, chosen, rate)
        text = yaml.safe_dump(declared, sort_keys=False, default_flow_style=None, width=100)
        write_whole(folder / FILE, text.encode())
        about: dict[str, Any] = {
            "version": VERSION,
            "program": PROGRAM,
            "source": {
                "name": "sessions",
                "version": "mcap",
                "episodes": len(takes) + sum(counts.left_out.values()),
                "frames": sum(len(take.steps) for take in takes),
            },
            "conventions": declared,
            "cameras": [video_key(camera) for camera in chosen],
            "arms": ["right"],
            "rate": rate,
            "action": ACTION_WORDS,
            "columns": [column for column in features if not column.startswith("observation")],
            "depth": {"source": "none"},
            "trace": {"source": "sessions", "columns": {"right": TRACE}, "meaning": TRACE_WORDS},
            "norm_stats": {name or out.absolute().name: statistics.to_config()},
            "episodes": len(counts.actions),
            "rows": rows,
            "steered_rows": counts.steered,
            "drawn_traces": counts.asked,
            "rebuilt_exactly": counts.rebuilt,
            "model_image_size": list(counts.image_size) if counts.image_size else None,
            "skipped": {reason: n for reason, n in sorted(counts.skipped.items()) if n},
            "left_out": dict(sorted(counts.left_out.items())),
        }
        write_about(folder, about)
        write_sheet(folder)
        return place.complete(), replace(counts)
    finally:
        place.close()


def _size(episode: Episode, column: str) -> tuple[int, int]:
    from training.data.pictures import decode_picture

    picture = decode_picture(episode.table[column][0].as_py(), Path())
    return picture.shape[1], picture.shape[0]


def _conventions(known: Any, cameras: Sequence[str], rate: float) -> dict[str, Any]:
    """Return what the numbers mean, in the words of a conventions file."""
    entries: list[dict[str, Any]] = []
    for camera in cameras:
        entry: dict[str, Any] = {"column": video_key(camera), "role": camera}
        if known.get(camera) is not None:
            entry["calibration"] = known[camera].to_message()
        entries.append(entry)
    names = ["x", "y", "z", "rx", "ry", "rz", "gripper"]
    action = {
        "form": "delta",
        "frame": "base",
        "position": {"column": "action", "values": names[:3], "unit": "m"},
        "rotation": {"column": "action", "values": names[3:6], "form": "rotvec"},
        "gripper": {"column": "action", "values": names[6:], "closed": 0, "open": 1},
    }
    return {"rate": rate, "cameras": entries, "action": action, "state": OURS["state"]}
