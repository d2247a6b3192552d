"""Metadata of LeRobot data sets: episodes, tasks and columns of the versions 2.1 and 3.0.

File names in them are not trusted: they must stay below the folder.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.types import StudioError
from training.data.types import Clip, EpisodeInfo, Feature

_PLACES = {"chunk_index", "file_index", "episode_chunk", "episode_index", "video_key"}
_DATA_2 = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
_VIDEO_2 = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
_DATA_3 = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEO_3 = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


def read_feature(name: str, entry: Mapping[str, Any]) -> Feature:
    """Return a column as ``info.json`` tells of it."""
    names = entry.get("names")
    while isinstance(names, Mapping):  # {"motors": [...]} or {"axes": [...]}
        names = next(iter(names.values()), None)
    known = tuple(str(n) for n in names) if isinstance(names, list) else ()
    shape = tuple(int(size) for size in entry["shape"])
    return Feature(name=name, dtype=str(entry["dtype"]), shape=shape, names=known, entry=entry)


def episodes_2(
    root: Path, info: Mapping[str, Any], features: Mapping[str, Feature]
) -> tuple[dict[int, str], list[EpisodeInfo]]:
    """Return the tasks and episodes of a data set of version 2.1: a file for every one."""
    tasks = {int(t["task_index"]): str(t["task"]) for t in _lines(root / "meta" / "tasks.jsonl")}
    videos = [name for name, feature in features.items() if feature.dtype == "video"]
    size = int(info.get("chunks_size", 1000))
    data_path, video_path = info.get("data_path") or _DATA_2, info.get("video_path") or _VIDEO_2
    episodes: list[EpisodeInfo] = []
    for entry in _lines(root / "meta" / "episodes.jsonl"):
        number = int(entry["episode_index"])
        place = {"episode_index": number, "episode_chunk": number // size}
        clips = {
            key: Clip(path=_path(root, video_path, {**place, "video_key": key})) for key in videos
        }
        episodes.append(
            EpisodeInfo(
                number=number,
                length=int(entry["length"]),
                tasks=tuple(str(task) for task in entry.get("tasks", ())),
                data=_path(root, data_path, place),
                clips=clips,
                about={k: v for k, v in entry.items() if k not in _EPISODE_KEYS},
            )
        )
    return tasks, episodes


def episodes_3(
    root: Path, info: Mapping[str, Any], features: Mapping[str, Feature]
) -> tuple[dict[int, str], list[EpisodeInfo]]:
    """Return the tasks and episodes of a data set of version 3.0, in shared files."""
    table = _parquet(root / "meta" / "tasks.parquet")
    words = table["task"] if "task" in table.column_names else table["__index_level_0__"]
    numbers = table["task_index"].to_pylist()
    tasks = {int(k): str(word) for k, word in zip(numbers, words.to_pylist(), strict=True)}
    videos = [name for name, feature in features.items() if feature.dtype == "video"]
    data_path, video_path = info.get("data_path") or _DATA_3, info.get("video_path") or _VIDEO_3
    files = sorted((root / "meta" / "episodes").glob("*/*.parquet"))
    if not files:
        raise StudioError(f"'{root}' has no list of episodes (meta/episodes).")
    episodes: list[EpisodeInfo] = []
    for entry in (row for file in files for row in _parquet(file).to_pylist()):
        place = {kind: int(entry[f"data/{kind}"]) for kind in ("chunk_index", "file_index")}
        clips: dict[str, Clip] = {}
        for key in videos:
            prefix = f"videos/{key}"
            if entry.get(f"{prefix}/file_index") is None:
                continue
            spot = {kind: int(entry[f"{prefix}/{kind}"]) for kind in place}
            clips[key] = Clip(
                path=_path(root, video_path, {**spot, "video_key": key}),
                begin_s=float(entry.get(f"{prefix}/from_timestamp") or 0.0),
            )
        known = {k: v for k, v in entry.items() if "/" not in k and k not in _EPISODE_KEYS}
        episodes.append(
            EpisodeInfo(
                number=int(entry["episode_index"]),
                length=int(entry["length"]),
                tasks=tuple(str(task) for task in entry.get("tasks") or ()),
                data=_path(root, data_path, place),
                clips=clips,
                about=known,
            )
        )
    return tasks, episodes


_EPISODE_KEYS = {"episode_index", "length", "tasks", "dataset_from_index", "dataset_to_index"}


def _path(root: Path, template: str, values: Mapping[str, Any]) -> Path:
    """Fill a path of ``info.json`` in; it may name nothing but the known values, as they are."""
    fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    pure = PurePosixPath(template.format(**values)) if set(fields) <= _PLACES else None
    if pure is None or pure.is_absolute() or ".." in pure.parts:
        raise StudioError(f"'{root}' has a file name that leads elsewhere: {template}")
    return root / pure


def read_json(path: Path) -> dict[str, Any]:
    """Read a table of facts below a data set's folder.

    Raises:
        StudioError: If it is missing or damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudioError(
            f"'{path.parent.parent}' is no LeRobot data set: it has no meta/{path.name}."
        ) from error
    except (OSError, ValueError) as error:
        raise StudioError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise StudioError(f"{path} holds no table of facts.")
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise StudioError(f"The data set is incomplete: {path} is missing.") from error
    except (OSError, ValueError) as error:
        raise StudioError(f"{path} cannot be read: {error}") from error


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except FileNotFoundError as error:
        raise StudioError(f"The data set is incomplete: {path} is missing.") from error
    except (OSError, pa.ArrowException) as error:
        raise StudioError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
