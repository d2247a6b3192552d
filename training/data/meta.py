"""``meta/action_reasoning.json``: what an action-reasoning data set says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.ply import write_whole
from training.data.conventions import Conventions
from training.data.dataset import Dataset
from training.data.settings import Settings
from training.data.types import ABOUT

VERSION = 1
PROGRAM = "Steering Studio"

ACTION_WORDS = (
    "per arm: change of position [m] and rotation vector [rad] in the base frame, added to the "
    "commanded pose, then gripper opening, 0 closed to 1 open"
)
TRACE_WORDS = (
    "x and y of up to 5 points, 0 to 255 across the first camera's picture, from the row's frame "
    "to the end; -1 where there is no point"
)


def describe_labels(
    dataset: Dataset, conventions: Conventions, settings: Settings, own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is known before the rows are counted."""
    depth: dict[str, Any] = {"source": settings.depth}
    if settings.depth != "none":
        from training.data.depth import load_codec

        codec = load_codec(settings.codec, settings.device)
        metric = codec.near is not None and settings.depth != "depth-anything"
        depth |= {
            "codec": codec.digest,
            "input": "[0, 1], bilinear" if settings.released_depth else "[-1, 1], nearest",
            "range": {"near": codec.near, "far": codec.far} if metric else None,
        }
        if settings.depth == "depth-anything":
            depth["network"] = Path(settings.depth_model).name
    trace: dict[str, Any] = {
        "source": settings.trace,
        "columns": conventions.trace_columns(),
        "meaning": TRACE_WORDS,
    }
    if settings.trace == "pointing":
        trace |= {"every": settings.every, "network": Path(settings.pointing_model).name}
    return {
        "version": VERSION,
        "program": PROGRAM,
        "source": {
            "name": dataset.root.absolute().name,
            "version": dataset.version,
            "episodes": len(dataset.episodes),
            "frames": sum(episode.length for episode in dataset.episodes),
        },
        "conventions": dict(conventions.source),
        "cameras": [camera.column for camera in conventions.cameras],
        "arms": [arm.name for arm in conventions.arms],
        "rate": conventions.rate,
        "action": ACTION_WORDS,
        "columns": list(own),
        "depth": depth,
        "trace": trace,
    }


def write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the file.

    Raises:
        StudioError: If it cannot be written.
    """
    text = json.dumps(dict(about), indent=2, ensure_ascii=False)
    write_whole(folder / ABOUT, text.encode())
