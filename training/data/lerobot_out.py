"""Writes LeRobot data sets of version 3.0 from finished episodes.

Every episode has a data file of its own, as in :mod:`core.export.lerobot`, whose tables of episodes
and tasks are used here. Videos are either copied as they are, so that nothing is encoded twice, or
new.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.export.lerobot import (
    CODEBASE,
    DATA,
    EPISODES,
    PER_CHUNK,
    VIDEO,
    plain_stats,
    tasks_table,
    write_json,
    write_table,
)
from core.export.statistics import joined
from core.types import StudioError
from training.data.types import Clip

INDEX = ("timestamp", "frame_index", "episode_index", "index", "task_index")
GROUP = 8
"""Rows that are stored together where rows hold pictures: training reads them in any order."""

STATS_DTYPES = ("float32", "float64", "int64", "int32", "bool", "uint8", "int16", "uint16")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Episode:
    """A finished episode.

    Attributes:
        table: Its columns but those of :data:`INDEX`, and ``timestamp``: the time in its videos
            [s].
        tasks: What the robot was told, for every row.
        stats: LeRobot's statistics by column.
        clips: Where its pictures are now, by camera.
        about: Further columns of the table of episodes.
    """

    table: pa.Table
    tasks: Sequence[str]
    stats: Mapping[str, Mapping[str, Any]]
    clips: Mapping[str, Clip] = field(default_factory=dict[str, Clip])
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


def index_features() -> dict[str, dict[str, Any]]:
    """Return the features of the columns that every data set has."""
    kinds = dict.fromkeys(INDEX, "int64") | {"timestamp": "float32"}
    return {name: {"dtype": kind, "shape": [1], "names": None} for name, kind in kinds.items()}


def write_dataset(
    folder: Path,
    episodes: Iterable[Episode],
    *,
    features: Mapping[str, Mapping[str, Any]],
    fps: float,
    robot: str,
    link: bool = False,
) -> int:
    """Write a data set; what is there already is written over with the same bytes.

    Args:
        folder: Where.
        episodes: In their order; they are numbered anew.
        features: ``features`` of ``info.json``.
        fps: Rows per second.
        robot: Type of the robot.
        link: Whether videos become hard links instead of copies.

    Returns:
        Number of rows.

    Raises:
        StudioError: If it cannot be written.
    """
    tasks: dict[str, int] = {}
    videos = _Videos(folder, link=link)
    records: list[dict[str, Any]] = []
    stats: list[Mapping[str, Any]] = []
    start = 0
    for number, episode in enumerate(episodes):
        place = {"chunk_index": number // PER_CHUNK, "file_index": number % PER_CHUNK}
        for task in episode.tasks:
            tasks.setdefault(task, len(tasks))
        count = episode.table.num_rows
        table = _indexed(episode, number, start, tasks)
        path = folder / DATA.format(**place)
        path.parent.mkdir(parents=True, exist_ok=True)
        heavy = any(e["dtype"] == "image" or len(e["shape"]) == 2 for e in features.values())
        write_table(path, _declared(table, features), group=GROUP if heavy else None)
        record: dict[str, Any] = {
            "episode_index": number,
            "tasks": list(dict.fromkeys(episode.tasks)),
            "length": count,
            "data/chunk_index": place["chunk_index"],
            "data/file_index": place["file_index"],
            "dataset_from_index": start,
            "dataset_to_index": start + count,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        last = float(np.asarray(episode.table["timestamp"])[-1])
        for camera, clip in episode.clips.items():
            prefix = f"videos/{camera}"
            record |= {f"{prefix}/{key}": v for key, v in videos.put(camera, clip.path).items()}
            record[f"{prefix}/from_timestamp"] = clip.begin_s
            record[f"{prefix}/to_timestamp"] = clip.begin_s + last + 1.0 / fps
        plain = plain_stats({name: dict(entry) for name, entry in episode.stats.items()})
        for name, entry in plain.items():
            record |= {f"stats/{name}/{kind}": value for kind, value in entry.items()}
        records.append(record | dict(episode.about))
        stats.append(episode.stats)
        start += count
    if not records:
        raise StudioError("There is nothing to write: no episode is left.")
    _meta(folder, records, stats, tasks, features=features, fps=fps, robot=robot, rows=start)
    return start


class _Videos:
    """Puts every video file at its place once."""

    def __init__(self, folder: Path, *, link: bool) -> None:
        self._folder, self._link = folder, link
        self._places: dict[tuple[str, Path], dict[str, int]] = {}
        self._counts: dict[str, int] = {}

    def put(self, camera: str, source: Path) -> dict[str, int]:
        """Return where a video of a camera is, after putting it there."""
        known = self._places.get((camera, source))
        if known is not None:
            return known
        number = self._counts.get(camera, 0)
        self._counts[camera] = number + 1
        place = {"chunk_index": number // PER_CHUNK, "file_index": number % PER_CHUNK}
        target = self._folder / VIDEO.format(video_key=camera, **place)
        if source != target:
            _copy(source, target, link=self._link)
        self._places[camera, source] = place
        return place


def _copy(source: Path, target: Path, *, link: bool) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        if link:
            os.link(source.resolve(), part)
        else:
            shutil.copyfile(source, part)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StudioError(
            f"The video {source} cannot be copied to {target.parent}: {error.strerror or error}."
        ) from error


def _indexed(episode: Episode, number: int, start: int, tasks: Mapping[str, int]) -> pa.Table:
    count = episode.table.num_rows
    own = {
        "timestamp": np.asarray(episode.table["timestamp"], dtype=np.float32),
        "frame_index": np.arange(count),
        "episode_index": np.full(count, number),
        "index": start + np.arange(count),
        "task_index": np.array([tasks[task] for task in episode.tasks], dtype=np.int64),
    }
    table = episode.table.drop_columns([n for n in INDEX if n in episode.table.column_names])
    for name, values in own.items():
        table = table.append_column(name, pa.array(values))
    return table


def _declared(table: pa.Table, features: Mapping[str, Any]) -> pa.Table:
    """Return the declared columns in their order, without what the source told about its table."""
    names = [name for name, entry in features.items() if entry["dtype"] != "video"]
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise StudioError(f"An episode has no column '{missing[0]}', which others have.")
    return table.select(names).combine_chunks().replace_schema_metadata(None)


def _meta(
    folder: Path,
    records: list[dict[str, Any]],
    stats: list[Mapping[str, Any]],
    tasks: Mapping[str, int],
    *,
    features: Mapping[str, Mapping[str, Any]],
    fps: float,
    robot: str,
    rows: int,
) -> None:
    whole = int(fps) if float(fps).is_integer() else fps
    info = {
        "codebase_version": CODEBASE,
        "robot_type": robot,
        "total_episodes": len(records),
        "total_frames": rows,
        "total_tasks": len(tasks),
        "chunks_size": PER_CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": whole,
        "splits": {"train": f"0:{len(records)}"},
        "data_path": DATA,
        "video_path": VIDEO if any(e["dtype"] == "video" for e in features.values()) else None,
        "features": dict(features),
    }
    names = [name for name in stats[0] if all(name in entry for entry in stats)]
    total = {name: joined([entry[name] for entry in stats]) for name in names}
    meta = folder / "meta"
    (meta / "episodes" / "chunk-000").mkdir(parents=True, exist_ok=True)
    write_json(meta / "info.json", info)
    write_json(meta / "stats.json", plain_stats(total))
    write_table(meta / "tasks.parquet", tasks_table(list(tasks)))
    path = folder / EPISODES.format(chunk_index=0, file_index=0)
    write_table(path, _typed(pa.Table.from_pylist(records)))


def _typed(table: pa.Table) -> pa.Table:
    """Give columns a type in which nobody said anything; readers stumble over those without one."""
    fields = [f.with_type(pa.float64()) if pa.types.is_null(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


def read_shard(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """Read a table and the facts that were written with it.

    Raises:
        StudioError: If the file is damaged.
    """
    import json

    try:
        table = pq.read_table(path)
        facts = json.loads((table.schema.metadata or {})[FACTS])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise StudioError(f"{path} is damaged; delete it and run the command again.") from error
    return table, facts


FACTS = b"steering_studio"


def write_shard(path: Path, table: pa.Table, facts: Mapping[str, Any]) -> None:
    """Write a table with facts about it, completely or not at all.

    Raises:
        StudioError: If it cannot be written.
    """
    import json

    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    write_table(path, table.combine_chunks().replace_schema_metadata({FACTS: text.encode()}))


def numeric_stats(table: pa.Table, features: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the columns of numbers of which LeRobot keeps statistics, as (N, D) arrays."""
    result: dict[str, NDArray[Any]] = {}
    for name, entry in features.items():
        if name in table.column_names and entry["dtype"] in STATS_DTYPES:
            if len(entry["shape"]) > 1:
                continue
            values = table[name].to_pylist()
            result[name] = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return result
