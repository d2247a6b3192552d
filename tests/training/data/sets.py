"""Tiny LeRobot data sets written by hand, so that reading and writing do not test each other."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.camera import CameraModel
from core.video import VideoFile

SIZE = (64, 48)
FPS = 10
FRONT, WRIST = "observation.images.front", "observation.images.hand"
IDLE = (4, 5)
"""Rows in which nothing is asked of the arm."""


def camera():
    """Look down on the table from 1 m above (0.5, 0, 0)."""
    pose = np.eye(4)
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0])
    pose[:3, 3] = (0.5, 0.0, 1.0)
    return CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=1.0, pose=pose)


def declared(**changes):
    """Return the plain values of a conventions file that fits the data."""
    turn = {"form": "rotvec", "unit": "rad"}
    return {
        "rate": FPS,
        "cameras": [
            {"column": FRONT, "role": "front", "calibration": camera().to_message()},
            {"column": WRIST, "role": "wrist"},
        ],
        "action": {
            "form": "delta",
            "frame": "base",
            "position": {"column": "action", "values": [0, 1, 2], "unit": "m"},
            "rotation": {"column": "action", "values": [3, 4, 5], **turn},
            "gripper": {"column": "action", "values": [6], "closed": 0, "open": 1},
        },
        "state": {
            "position": {"column": "observation.state", "values": ["x", "y", "z"], "unit": "m"},
            "rotation": {"column": "observation.state", "values": ["rx", "ry", "rz"], **turn},
            "gripper": {"column": "observation.state", "values": ["g"], "closed": 0, "open": 1},
        },
        "depth": {"column": "depth", "unit": "m"},
    } | changes


def rows(episode, length):
    """Return the columns of an episode: the arm goes where it is told, and closes half-way."""
    rng = np.random.default_rng(episode)
    moves = rng.uniform(-0.01, 0.01, (length, 3))
    moves[IDLE[0] : IDLE[-1] + 1] = 0.0
    gripper = (np.arange(length) < length // 2 + 2).astype(float)
    place = np.array([0.5, 0.0, 0.2]) + np.vstack([np.zeros(3), np.cumsum(moves, axis=0)[:-1]])
    down = np.tile([np.pi, 0.0, 0.0], (length, 1))
    measured = np.r_[1.0, gripper[:-1]]
    slope = np.linspace(0.6, 1.4, 16 * 12).reshape(12, 16)
    return {
        "observation.state": np.column_stack([place, down, measured]),
        "action": np.column_stack([moves, np.zeros((length, 3)), gripper]),
        "depth": np.stack([slope + 0.01 * row for row in range(length)]),
        "timestamp": np.arange(length) / FPS,
        "frame_index": np.arange(length),
        "episode_index": np.full(length, episode),
        "index": np.arange(length) + episode * length,
        "task_index": np.full(length, episode % 2),
    }


def picture(episode, row, wrist=False):
    image = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    image[:, : SIZE[0] // 2] = 60 + 10 * row + (5 if wrist else 0)
    image[: SIZE[1] // 2, SIZE[0] // 2 :] = 30 + 40 * episode % 200
    return image


FEATURES = {
    "observation.state": {
        "dtype": "float32",
        "shape": [7],
        "names": {"motors": ["x", "y", "z", "rx", "ry", "rz", "g"]},
    },
    "action": {"dtype": "float32", "shape": [7], "names": None},
    "depth": {"dtype": "float32", "shape": [12, 16], "names": None},
    "timestamp": {"dtype": "float32", "shape": [1], "names": None},
    "frame_index": {"dtype": "int64", "shape": [1], "names": None},
    "episode_index": {"dtype": "int64", "shape": [1], "names": None},
    "index": {"dtype": "int64", "shape": [1], "names": None},
    "task_index": {"dtype": "int64", "shape": [1], "names": None},
}
TASKS = ["pick up the red cube", "pick up the blue can"]


def table(columns):
    arrays = {}
    for name, values in columns.items():
        kind = getattr(pa, FEATURES[name]["dtype"])()
        if values.ndim == 2:
            kind = pa.list_(kind)
        elif values.ndim == 3:
            kind = pa.list_(pa.list_(kind))
        arrays[name] = pa.array(values.tolist(), type=kind)
    return pa.table(arrays)


def video_entry():
    return {"dtype": "video", "shape": [SIZE[1], SIZE[0], 3], "names": ["height", "width", "c"]}


def write_set(folder, version="v3.0", *, episodes=3, length=12, videos=True, change=None):
    """Write a data set; of version 3.0 all episodes share their files, of 2.1 none does.

    Args:
        change: Called with an episode's number and its columns, to spoil them.
    """
    parts = [rows(number, length) for number in range(episodes)]
    for number, part in enumerate(parts):
        if change is not None:
            change(number, part)
    features = dict(FEATURES)
    if videos:
        features |= {FRONT: video_entry(), WRIST: video_entry()}
    info = {"codebase_version": version, "robot_type": "toy", "fps": FPS, "features": features}
    (folder / "meta").mkdir(parents=True)
    write = _write_2 if version == "v2.1" else _write_3
    (folder / "meta/info.json").write_text(json.dumps(info | write(folder, parts, videos)))
    return folder


def _write_2(folder, parts, videos):
    lines = []
    for number, part in enumerate(parts):
        path = folder / f"data/chunk-000/episode_{number:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(part), path)
        tasks = [TASKS[int(part["task_index"][0])]]
        length = len(part["index"])
        lines.append({"episode_index": number, "tasks": tasks, "length": length})
        for key in (FRONT, WRIST) if videos else ():
            _film(
                folder / f"videos/chunk-000/{key}/episode_{number:06d}.mp4",
                [picture(number, row, key == WRIST) for row in range(length)],
            )
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "meta/episodes.jsonl").write_text(text + "\n")
    tasks = [{"task_index": index, "task": task} for index, task in enumerate(TASKS)]
    (folder / "meta/tasks.jsonl").write_text("\n".join(json.dumps(task) for task in tasks))
    return {"chunks_size": 1000}


def _write_3(folder, parts, videos):
    path = folder / "data/chunk-000/file-000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.concat_tables([table(part) for part in parts]), path, row_group_size=5)
    records, start = [], 0
    films = {key: [] for key in ((FRONT, WRIST) if videos else ())}
    for number, part in enumerate(parts):
        length = len(part["index"])
        record = {
            "episode_index": number,
            "tasks": [TASKS[int(part["task_index"][0])]],
            "length": length,
            "data/chunk_index": 0,
            "data/file_index": 0,
            "dataset_from_index": start,
            "dataset_to_index": start + length,
            "success": number != 1,
        }
        for key, film in films.items():
            record |= {
                f"videos/{key}/chunk_index": 0,
                f"videos/{key}/file_index": 0,
                f"videos/{key}/from_timestamp": start / FPS,
                f"videos/{key}/to_timestamp": (start + length) / FPS,
            }
            film += [picture(number, row, key == WRIST) for row in range(length)]
        records.append(record)
        start += length
    for key, film in films.items():
        _film(folder / f"videos/{key}/chunk-000/file-000.mp4", film)
    path = folder / "meta/episodes/chunk-000/file-000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(records), path)
    words = pa.table({"task_index": list(range(len(TASKS))), "__index_level_0__": TASKS})
    pq.write_table(words, folder / "meta/tasks.parquet")
    return {"total_episodes": len(parts)}


def _film(path, pictures):
    path.parent.mkdir(parents=True, exist_ok=True)
    film = VideoFile(path, size=SIZE, fps=FPS, keyframe_every=4)
    for image in pictures:
        film.add(image)
    film.finish()
