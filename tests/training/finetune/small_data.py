"""A small action-reasoning data set of version 3.0, with pictures in its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.protocol.statistics import compute_statistics
from training.data.pictures import encode_png
from training.data.types import trace_row

CAMERAS = ("observation.images.front", "observation.images.wrist")
TASKS = ("pick up the red cube", "pick up the blue cylinder")
WORDS = (
    *("steps=4", "batch=4", "micro_batch=2", "image_size=[32, 24]"),
    *("build.crop=32", "build.width=16", "build.heads=2"),
    *("lab.trials=0", "rehearse=false", "log_every=1", "save_every=2", "evaluate_samples=2"),
)
"""Settings that make the smallest run of the preset tiny-smoke."""

SIZE = (24, 32)
"""Height and width of the pictures."""


def write_small_set(
    folder: Path,
    *,
    episodes: int = 3,
    rows: int = 6,
    seed: int = 0,
    codes: bool = True,
    cameras: tuple[str, ...] = CAMERAS,
    dims: int = 7,
    change: dict[str, Any] | None = None,
    success: list[int] | None = None,
) -> Path:
    """Write a data set of random labels.

    Args:
        folder: Folder to write.
        episodes: Number of episodes.
        rows: Rows of each.
        seed: Seed of everything.
        codes: Whether rows have depth codes.
        cameras: Names of the pictures.
        dims: Values of an action.
        change: Columns that are replaced.
        success: Whether each episode succeeded, if that is told.
    """
    rng = np.random.default_rng(seed)
    n = episodes * rows
    actions = rng.normal(0.0, 0.02, (n, dims)).astype(np.float32)
    actions[:, -1] = rng.random(n) < 0.5
    length = rng.integers(2, 6, n)
    traces = [trace_row(rng.uniform(0, 255, (k, 2))) for k in length]
    columns: dict[str, Any] = {
        "action": [row.tolist() for row in actions],
        "trace": [row.tolist() for row in traces],
        "trace_length": length,
        "timestamp": np.tile(np.arange(rows) / 5.0, episodes).astype(np.float32),
        "frame_index": np.tile(np.arange(rows), episodes),
        "episode_index": np.repeat(np.arange(episodes), rows),
        "index": np.arange(n),
        "task_index": np.repeat(np.arange(episodes) % len(TASKS), rows),
    }
    if codes:
        columns["depth_codes"] = rng.integers(0, 128, (n, 100)).tolist()
    for name in cameras:
        pictures = rng.integers(0, 256, (n, *SIZE, 3), dtype=np.uint8)
        columns[name] = [{"bytes": encode_png(one), "path": None} for one in pictures]
    columns |= change or {}
    shapes = {"action": [dims], "trace": [10], "depth_codes": [100]}
    features = {
        name: {
            "dtype": "image" if name in cameras else str(np.asarray(values).dtype),
            "shape": [*SIZE, 3] if name in cameras else shapes.get(name, [1]),
            "names": None,
        }
        for name, values in columns.items()
    }
    info = {"codebase_version": "v3.0", "fps": 5, "robot_type": "lab", "features": features}
    (folder / "meta").mkdir(parents=True)
    (folder / "meta" / "info.json").write_text(json.dumps(info))
    _table(folder / "data/chunk-000/file-000.parquet", columns)
    _table(folder / "meta/tasks.parquet", {"task_index": [0, 1], "task": list(TASKS)})
    listed = {
        "episode_index": list(range(episodes)),
        "length": [rows] * episodes,
        "tasks": [[TASKS[k % len(TASKS)]] for k in range(episodes)],
        "data/chunk_index": [0] * episodes,
        "data/file_index": [0] * episodes,
    }
    if success is not None:
        listed["success"] = [bool(one) for one in success]
    _table(folder / "meta/episodes/chunk-000/file-000.parquet", listed)
    stats = compute_statistics(actions, trajectories=episodes).to_config()
    write_about(folder, {"cameras": list(cameras), "norm_stats": {folder.name: stats}})
    return folder


def write_about(folder: Path, values: dict[str, Any]) -> None:
    (folder / "meta" / "action_reasoning.json").write_text(json.dumps(values))


def _table(path: Path, columns: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
