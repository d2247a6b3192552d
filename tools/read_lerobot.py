"""Opens a dataset with the ``lerobot`` package itself and prints what it saw, as JSON.

Runs in the environment of requirements-lerobot.txt. `lerobot` imports torchvision for one function
that datasets of videos never call; no wheel of torchvision fits every build of torch, so a stand-in
with nothing but that name takes its place. Videos are decoded by torchcodec, as lerobot does by
itself, or by PyAV where the system has no FFmpeg libraries.
"""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path


def stand_in_for_torchvision() -> None:
    """Offer the names that are imported and never used."""
    package, transforms = types.ModuleType("torchvision"), types.ModuleType("transforms")
    transforms.ToTensor = None
    package.transforms = transforms
    sys.modules |= {"torchvision": package, "torchvision.transforms": transforms}


def decoder() -> str:
    """Return which decoder is used, after putting PyAV in where torchcodec cannot run."""
    try:
        from torchcodec.decoders import VideoDecoder  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        from lerobot.datasets import lerobot_dataset

        lerobot_dataset.decode_video_frames = decode_with_pyav
        return "PyAV"
    return "torchcodec"


def decode_with_pyav(path, timestamps, tolerance_s, backend=None):
    """Return (T, 3, H, W) float 0 to 1: the pictures nearest to the times, within the tolerance."""
    import av
    import torch

    with av.open(str(path)) as file:
        seen = [(f.time, f.to_ndarray(format="rgb24")) for f in file.decode(video=0)]
    found = []
    for wanted in timestamps:
        time, picture = min(seen, key=lambda item: abs(item[0] - wanted))
        if abs(time - wanted) > tolerance_s:
            raise ValueError(f"no picture at {wanted} s; the nearest is at {time} s")
        found.append(torch.from_numpy(picture.copy()).permute(2, 0, 1) / 255)
    return torch.stack(found)


def main(folder: Path) -> dict:
    """Read every row and every picture of a dataset."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    from importlib.metadata import version

    import datasets  # noqa: F401 - asks whether torchvision is there, and must be told no

    stand_in_for_torchvision()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    used = decoder()
    dataset = LeRobotDataset("local/export", root=folder)
    rows = [dataset[i] for i in range(len(dataset))]
    key = dataset.meta.video_keys[0]
    return {
        "reader": f"lerobot {version('lerobot')}, {used}",
        "episodes": dataset.num_episodes,
        "rows": len(rows),
        "fps": dataset.fps,
        "videos": dataset.meta.video_keys,
        "picture": list(rows[0][key].shape),
        "picture_mean": round(float(rows[0][key].mean()), 3),
        "tasks": sorted({row["task"] for row in rows}),
        "steered_rows": sum(bool(row["steered"]) for row in rows),
        "done_rows": sum(bool(row["next.done"]) for row in rows),
        "columns": {name: list(value.shape) for name, value in rows[0].items() if name != "task"},
        "action_mean": [round(float(v), 4) for v in dataset.meta.stats["action"]["mean"]],
        "outcomes": list(dataset.meta.episodes["outcome"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
