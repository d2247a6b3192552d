"""Load a data set with the real ``lerobot`` package and compare it with its own files.

Runs in an environment of its own (docs/data-sets.md), so it imports nothing of this project:
``LEROBOT_ENV/bin/python tools/check_lerobot.py DATASET``. Prints one JSON line with what was found;
the exit status is 1 when something differs. Works with 0.6 and, beside read_lerobot.py, with the
environment of requirements-lerobot.txt (0.4.4 without torchvision).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


def check(folder: Path) -> dict[str, object]:
    """Load every row, look at the pictures of some, and compare them with the parquet files.

    Raises:
        AssertionError: If something differs.
    """
    version, options = prepare()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    info = json.loads((folder / "meta" / "info.json").read_text(encoding="utf-8"))
    dataset = LeRobotDataset("local/set", root=folder, **options)
    assert len(dataset) == info["total_frames"], "another number of rows"
    assert dataset.num_episodes == info["total_episodes"], "another number of episodes"
    files = sorted((folder / "data").glob("*/*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    numbers = [
        name
        for name, entry in info["features"].items()
        if entry["dtype"] not in ("video", "image", "string", "language")
        and len(entry["shape"]) == 1
    ]
    pictures = list(dataset.meta.camera_keys)
    step = max(len(rows) // 12, 1)
    for index in [*range(0, len(rows), step), len(rows) - 1]:
        item = dataset[index]
        for name in numbers:
            found, wanted = np.asarray(item[name]), np.asarray(rows[index][name])
            assert np.allclose(found.ravel(), wanted.ravel(), atol=1e-6), f"{name} of row {index}"
        for name in pictures:
            shape = tuple(np.asarray(item[name]).shape)
            height, width = info["features"][name]["shape"][:2]
            assert shape[-2:] == (height, width), f"{name} has the shape {shape}"
        assert isinstance(item["task"], str), "no task"
        assert item["task"], "an empty task"
    chunk = _chunk(folder, info, options)
    events = [dataset[index].get("language_events") or [] for index in range(min(len(rows), 50))]
    return {
        "lerobot": version,
        "frames": len(dataset),
        "episodes": dataset.num_episodes,
        "cameras": pictures,
        "columns": numbers,
        "chunk": chunk,
        "events": sum(len(row) for row in events),
    }


def prepare() -> tuple[str, dict[str, str]]:
    """Import what lerobot needs; return its version and the options that its data sets take."""
    import importlib.util
    from importlib.metadata import version

    import datasets  # noqa: F401 - asks whether torchvision is there, and must be told the truth

    if importlib.util.find_spec("torchvision") is not None:
        return version("lerobot"), {"video_backend": "pyav"}
    from read_lerobot import decoder, stand_in_for_torchvision

    stand_in_for_torchvision()
    decoder()
    return version("lerobot"), {}


def _chunk(folder: Path, info: dict[str, object], options: dict[str, str]) -> list[int] | None:
    """Ask for eight actions at once, as training does."""
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    if "action" not in info["features"]:  # type: ignore[operator]
        return None
    deltas = {"action": [step / float(info["fps"]) for step in range(8)]}  # type: ignore[arg-type]
    dataset = LeRobotDataset("local/set", root=folder, delta_timestamps=deltas, **options)
    return list(dataset[0]["action"].shape)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: check_lerobot.py DATASET")
    print(json.dumps(check(Path(sys.argv[1]))))
