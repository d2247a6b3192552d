"""LeRobot datasets of version 3.0, written without the ``lerobot`` package.

Every episode has a data file and a video per camera of its own, which the format allows, so that an
export can be broken off between episodes. Source: study-log-safety.md B3, stack.md section 8.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.export.job import SKIPPED, Facts, Part, one_by_one
from core.export.lerobot_rows import (
    MEANING,
    RULES,
    as_table,
    columns,
    features,
    usable,
    video_key,
)
from core.export.pictures import newest
from core.export.redact import session_name
from core.export.request import ExportRequest, Pace
from core.export.statistics import PictureStats, column_stats, joined
from core.export.take import Step, Take
from core.export.timing import Picture
from core.ply import write_whole
from core.types import StudioError
from core.video import VideoFile, even, shaper

CODEBASE = "v3.0"
PER_CHUNK = 1000
"""Files in a folder."""

KEYFRAMES = 2
"""Training reads pictures in any order, so every second one stands for itself."""

_PLACE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
DATA, VIDEO = f"data/{_PLACE}.parquet", "videos/{video_key}/" + f"{_PLACE}.mp4"
EPISODES = f"meta/episodes/{_PLACE}.parquet"


class LeRobotJob:
    """An episode after the other; the metadata at the end."""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        """Look what the episodes have in common.

        Raises:
            StudioError: If their steps have different rates, or they share no camera.
        """
        self.parts = one_by_one(takes)
        self._request = request
        rates = sorted({round(step.rate_hz, 3) for take in takes for step in take.steps})
        if len(rates) > 1:
            words = " and ".join(f"{rate:g}" for rate in rates)
            raise StudioError(
                f"These episodes have steps at {words} Hz; a LeRobot dataset has one rate. Export "
                "them into a dataset each."
            )
        self._fps = max(round(rates[0]), 1) if rates else 1
        named = [set(take.cameras) for take in takes]
        shared = set.intersection(*named) if named else set[str]()
        self._cameras = sorted(shared & set(request.cameras) if request.cameras else shared)
        if not self._cameras:
            raise StudioError(
                "These episodes have no camera in common. Choose sessions that were recorded with "
                "the same cameras."
            )
        self._robot = "franka_fr3_lab" if takes[0].robot == "lab" else "franka_fr3"

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the data file and the videos of an episode."""
        take = part.takes[0]
        steps = usable(take)
        if not steps:
            return {SKIPPED: f"{take.title} has no executed step."}
        earlier = [fact for fact in before if SKIPPED not in fact]
        number = len(earlier)
        place = {"chunk_index": number // PER_CHUNK, "file_index": number % PER_CHUNK}
        sizes = earlier[0]["sizes"] if earlier else None
        films = _films(folder, place, self._cameras, self._fps, sizes)
        try:
            ages, missing = _film(take, steps, films, pace)
            if missing:
                return {SKIPPED: f"{take.title} has no picture of camera {missing}."}
            for film in films.values():
                film.finish()
        finally:
            for film in films.values():
                film.abandon()
        found = {name: film.size for name, film in films.items()}
        start = sum(fact["length"] for fact in earlier)
        tasks = {task: k for k, task in enumerate(earlier[-1]["all_tasks"] if earlier else [])}
        own = list(dict.fromkeys(step.instruction for step in steps))
        tasks |= {task: len(tasks) + k for k, task in enumerate(t for t in own if t not in tasks)}
        first = {"episode": number, "index": start, "tasks": tasks}
        data = columns(take, steps, ages, self._fps, first)
        path = folder / DATA.format(**place)
        path.parent.mkdir(parents=True)
        pq.write_table(as_table(data, features(found, self._fps)), path)
        stats = {name: column_stats(values) for name, values in data.items()}
        stats |= {video_key(name): film.stats.stats() for name, film in films.items()}
        return {
            "length": len(steps),
            "start": start,
            "sizes": found,
            "tasks": own,
            "all_tasks": list(tasks),
            "place": place,
            "stats": plain_stats(stats),
            "about": self._about(take),
        }

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Write ``meta``."""
        made = [fact for fact in facts if SKIPPED not in fact]
        if not made:
            return
        sizes = {name: (size[0], size[1]) for name, size in made[0]["sizes"].items()}
        table = features(sizes, self._fps)
        length = sum(fact["length"] for fact in made)
        info = {
            "codebase_version": CODEBASE,
            "robot_type": self._robot,
            "total_episodes": len(made),
            "total_frames": length,
            "total_tasks": len(made[-1]["all_tasks"]),
            "chunks_size": PER_CHUNK,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": self._fps,
            "splits": {"train": f"0:{len(made)}"},
            "data_path": DATA,
            "video_path": VIDEO,
            "features": table,
        }
        stats = {name: joined([fact["stats"][name] for fact in made]) for name in made[0]["stats"]}
        meta = folder / "meta"
        about = {"columns": MEANING, "rules": RULES, "program": "Steering Studio"}
        (meta / "episodes" / "chunk-000").mkdir(parents=True, exist_ok=True)
        write_json(meta / "info.json", info)
        write_json(meta / "stats.json", plain_stats(stats))
        write_json(meta / "steering_studio.json", about)
        write_table(meta / "tasks.parquet", tasks_table(made[-1]["all_tasks"]))
        path = folder / EPISODES.format(chunk_index=0, file_index=0)
        write_table(path, _episodes(made, self._fps))

    def _about(self, take: Take) -> dict[str, Any]:
        return {
            "session": session_name(take.path, self._request.keep),
            "session_episode": take.number,
            "outcome": str(take.outcome or ""),
            "success": str(take.outcome) == "success",
            "progress": None if take.progress is None else take.progress / 100,
            "steered_by": sorted(str(way) for way in take.steered),
            "rubric": take.episode.rubric if take.episode is not None else "",
            "policy": take.policy,
            "checkpoint": take.checkpoint,
        }


class _Film:
    """The video of one camera: a picture for every step."""

    def __init__(self, path: Path, fps: int, size: tuple[int, int] | None) -> None:
        self._path, self._fps, self._asked = path, fps, size
        self._file: VideoFile | None = None
        self._shape: Any = None
        self.stats = PictureStats()
        self.count = 0
        self.size = (0, 0)

    def add(self, picture: Picture) -> None:
        """Append a picture, in the size of the dataset."""
        if self._file is None:
            source = (picture.shape[1], picture.shape[0])
            self.size = even(self._asked or source)
            self._path.parent.mkdir(parents=True)
            self._shape = shaper(source, self.size)
            self._file = VideoFile(
                self._path, size=self.size, fps=self._fps, keyframe_every=KEYFRAMES
            )
        shaped = self._shape(picture)
        self._file.add(shaped)
        self.stats.add(shaped)
        self.count += 1

    def finish(self) -> None:
        """Complete the file."""
        if self._file is not None:
            self._file.finish()

    def abandon(self) -> None:
        """Leave nothing half-made."""
        if self._file is not None:
            self._file.abandon()


def _films(
    folder: Path, place: dict[str, int], cameras: Iterable[str], fps: int, sizes: Any
) -> dict[str, _Film]:
    return {
        name: _Film(
            folder / VIDEO.format(video_key=video_key(name), **place),
            fps,
            (sizes[name][0], sizes[name][1]) if sizes else None,
        )
        for name in cameras
    }


def _film(
    take: Take, steps: list[Step], films: dict[str, _Film], pace: Pace
) -> tuple[NDArray[np.float64], str]:
    """Give every film its picture of every step: the newest one when the step began.

    Returns:
        (N, cameras) age of the pictures [s], and the name of a camera without any picture.
    """
    due = [take.since_start(step.begun_ns) for step in steps]
    ages = np.zeros((len(steps), len(films)))
    columns = {name: column for column, name in enumerate(films)}
    for name, index, age, picture in newest(take, films, due, pace):
        ages[index, columns[name]] = age
        films[name].add(picture)
    missing = [name for name, film in films.items() if not film.count]
    return ages, missing[0] if missing else ""


def _episodes(made: list[Facts], fps: int) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for number, fact in enumerate(made):
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": fact["tasks"],
            "length": fact["length"],
            "data/chunk_index": fact["place"]["chunk_index"],
            "data/file_index": fact["place"]["file_index"],
            "dataset_from_index": fact["start"],
            "dataset_to_index": fact["start"] + fact["length"],
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        for name in fact["sizes"]:
            prefix = f"videos/{video_key(name)}"
            row |= {f"{prefix}/{key}": value for key, value in fact["place"].items()}
            row |= {f"{prefix}/from_timestamp": 0.0, f"{prefix}/to_timestamp": fact["length"] / fps}
        for name, stats in fact["stats"].items():
            row |= {f"stats/{name}/{kind}": value for kind, value in stats.items()}
        rows.append(row | fact["about"])
    return pa.Table.from_pylist(rows)


def tasks_table(tasks: list[str]) -> pa.Table:
    """Return the table of tasks; readers expect pandas to make the words its index."""
    column = {"field_name": "task", "name": "task", "pandas_type": "unicode"}
    number = {"field_name": "task_index", "name": "task_index", "pandas_type": "int64"}
    about = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [
            number | {"numpy_type": "int64", "metadata": None},
            column | {"numpy_type": "object", "metadata": None},
        ],
    }
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": tasks})
    return table.replace_schema_metadata({"pandas": json.dumps(about)})


def plain_stats(stats: dict[str, dict[str, NDArray[np.float64]]]) -> dict[str, dict[str, Any]]:
    """Return statistics as plain values; counts are whole numbers."""

    def values(kind: str, array: NDArray[np.float64]) -> Any:
        return [round(float(array[0]))] if kind == "count" else array.tolist()

    return {
        name: {kind: values(kind, np.asarray(array)) for kind, array in entry.items()}
        for name, entry in stats.items()
    }


def write_json(path: Path, values: Any) -> None:
    """Write plain values, completely or not at all."""
    write_whole(path, json.dumps(values, indent=2, ensure_ascii=False).encode())


def write_table(path: Path, table: pa.Table, *, group: int | None = None) -> None:
    """Write a parquet file, completely or not at all; ``group`` rows can be read by themselves."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group)
    write_whole(path, sink.getvalue().to_pybytes())
