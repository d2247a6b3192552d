"""Opens LeRobot data sets of the versions 2.1 and 3.0 without the ``lerobot`` package.

The layout was read from huggingface/lerobot (``datasets/lerobot_dataset.py``, ``datasets/utils.py``
of 0.3.3 and 0.4). File names in the metadata are not trusted: they must stay below the folder.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.types import StudioError
from training.data import pictures
from training.data.types import ABOUT, Clip, EpisodeInfo, Feature

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

_PLACES = {"chunk_index", "file_index", "episode_chunk", "episode_index", "video_key"}
_DATA_2 = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
_VIDEO_2 = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
_DATA_3 = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEO_3 = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """An open data set; holds no open files, so it may be sent to other processes.

    Attributes:
        root: Its folder.
        version: "v2.0", "v2.1" or "v3.0".
        fps: Rows per second.
        robot: Type of the robot, if told.
        features: Columns by name.
        tasks: Instructions by ``task_index``.
        episodes: In the order of their numbers.
        about: Contents of ``meta/action_reasoning.json``; empty for any other data set.
    """

    root: Path
    version: str
    fps: float
    robot: str
    features: Mapping[str, Feature]
    tasks: Mapping[int, str]
    episodes: tuple[EpisodeInfo, ...]
    about: Mapping[str, Any]

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the columns with pictures."""
        return tuple(name for name, feature in self.features.items() if feature.is_camera)

    def rows(self, episode: EpisodeInfo, columns: tuple[str, ...] = ()) -> dict[str, NDArray[Any]]:
        """Read an episode's rows without its pictures.

        Args:
            episode: One of :attr:`episodes`.
            columns: Which columns; none means all without pictures.

        Returns:
            By column (N,) or (N, …) arrays; texts have the dtype object.

        Raises:
            StudioError: If the file is missing, damaged, or has another number of rows.
        """
        wanted = columns or tuple(n for n, f in self.features.items() if not f.is_picture)
        table = self._table(episode, wanted)
        return {name: _array(table[name], self.features.get(name)) for name in table.column_names}

    def frames(self, episode: EpisodeInfo, camera: str) -> Iterator[Picture]:
        """Yield the picture of every row, (H, W, 3) uint8 RGB.

        Raises:
            StudioError: If there is no such camera, or a picture is missing or damaged.
        """
        for number, picture in enumerate(self.pictures(episode, camera)):
            if picture is None:
                raise StudioError(
                    f"Episode {episode.number} has no picture of camera '{camera}' for row "
                    f"{number}; its video ends too early."
                )
            yield picture

    def pictures(self, episode: EpisodeInfo, camera: str) -> Iterator[Picture | None]:
        """Yield the picture of every row, None where the video has none.

        Raises:
            StudioError: If there is no such camera, or its file is missing or damaged.
        """
        if self._kind(camera) == "image":
            for cell in self._cells(episode, camera):
                yield pictures.decode_picture(cell, self.root)
            return
        yield from pictures.read_clip(
            self._clip(episode, camera), self._times(episode), tolerance=0.5 / self.fps
        )

    def picture(self, episode: EpisodeInfo, camera: str, row: int) -> Picture:
        """Return the picture of one row without reading those before it.

        Raises:
            StudioError: As :meth:`frames`.
        """
        if self._kind(camera) == "image":
            found = pictures.decode_picture(self._cells(episode, camera)[row], self.root)
        else:
            time = self._times(episode)[row : row + 1]
            clip = self._clip(episode, camera)
            found = next(iter(pictures.read_clip(clip, time, tolerance=0.5 / self.fps)), None)
        if found is None:
            raise StudioError(
                f"Episode {episode.number} has no picture of camera '{camera}' for row {row}."
            )
        return found

    def raw_pictures(self, episode: EpisodeInfo, column: str) -> Iterator[NDArray[Any] | None]:
        """Yield the picture of every row with the values that it is stored with, as for depth.

        Raises:
            StudioError: As :meth:`pictures`.
        """
        if self._kind(column) == "image":
            for cell in self._cells(episode, column):
                yield pictures.decode_raw(cell, self.root)
            return
        yield from pictures.read_clip(
            self._clip(episode, column),
            self._times(episode),
            tolerance=0.5 / self.fps,
            form=pictures.GREY,
        )

    def table(self, episode: EpisodeInfo) -> pa.Table:
        """Read an episode's rows as they are, pictures in the table included."""
        return self._table(episode, tuple(self._stored()))

    def _stored(self) -> list[str]:
        return [name for name, feature in self.features.items() if feature.dtype != "video"]

    def _cells(self, episode: EpisodeInfo, camera: str) -> list[Any]:
        return self._table(episode, (camera,))[camera].to_pylist()

    def _times(self, episode: EpisodeInfo) -> NDArray[np.float64]:
        if "timestamp" not in self.features:
            return np.arange(episode.length) / self.fps
        return np.asarray(self.rows(episode, ("timestamp",))["timestamp"], dtype=np.float64)

    def _kind(self, camera: str) -> str:
        if camera not in self.features or not self.features[camera].is_picture:
            known = ", ".join(self.cameras) or "none"
            raise StudioError(f"'{self.root}' has no camera '{camera}'; its cameras: {known}.")
        return self.features[camera].dtype

    def _clip(self, episode: EpisodeInfo, camera: str) -> Clip:
        clip = episode.clips.get(camera)
        if clip is None or not clip.path.is_file():
            where = clip.path if clip is not None else f"of camera '{camera}'"
            raise StudioError(
                f"Episode {episode.number} has no video {where}. Download the data set with its "
                "videos."
            )
        return clip

    def _table(self, episode: EpisodeInfo, columns: tuple[str, ...]) -> pa.Table:
        try:
            table = pq.read_table(
                episode.data,
                columns=list(columns),
                filters=[("episode_index", "=", episode.number)],
            )
        except FileNotFoundError as error:
            raise StudioError(f"{episode.data} is missing; the data set is incomplete.") from error
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise StudioError(f"{episode.data} cannot be read: {reason}") from error
        if table.num_rows != episode.length:
            raise StudioError(
                f"Episode {episode.number} has {table.num_rows} rows in {episode.data.name}; its "
                f"metadata say {episode.length}."
            )
        missing = [name for name in columns if name not in table.column_names]
        if missing:
            raise StudioError(f"{episode.data} has no column '{missing[0]}'.")
        return table


def open_dataset(path: Path) -> Dataset:
    """Open a data set's folder; nothing but its metadata is read.

    Raises:
        StudioError: If it is no LeRobot data set, of another version, or its metadata are damaged.
    """
    info = _json(path / "meta" / "info.json")
    version = str(info.get("codebase_version", ""))
    if version not in ("v2.0", "v2.1", "v3.0"):
        raise StudioError(
            f"'{path}' is a LeRobot data set of version '{version or 'unknown'}'; versions 2.0, "
            "2.1 and 3.0 can be read."
        )
    try:
        features = {name: _feature(name, entry) for name, entry in info["features"].items()}
        fps = float(info["fps"])
        read = _episodes_3 if version == "v3.0" else _episodes_2
        tasks, episodes = read(path, info, features)
    except StudioError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StudioError(f"The metadata of '{path}' are damaged: {error!r}.") from error
    if not fps > 0:
        raise StudioError(f"'{path}' says that it has {fps} rows per second.")
    about = path / ABOUT
    return Dataset(
        root=path,
        version=version,
        fps=fps,
        robot=str(info.get("robot_type") or ""),
        features=features,
        tasks=tasks,
        episodes=tuple(sorted(episodes, key=lambda episode: episode.number)),
        about=_json(about) if about.is_file() else {},
    )


def _feature(name: str, entry: Mapping[str, Any]) -> Feature:
    names = entry.get("names")
    while isinstance(names, Mapping):  # {"motors": [...]} or {"axes": [...]}
        names = next(iter(names.values()), None)
    known = tuple(str(n) for n in names) if isinstance(names, list) else ()
    shape = tuple(int(size) for size in entry["shape"])
    return Feature(name=name, dtype=str(entry["dtype"]), shape=shape, names=known, entry=entry)


def _episodes_2(
    root: Path, info: Mapping[str, Any], features: Mapping[str, Feature]
) -> tuple[dict[int, str], list[EpisodeInfo]]:
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


def _episodes_3(
    root: Path, info: Mapping[str, Any], features: Mapping[str, Feature]
) -> tuple[dict[int, str], list[EpisodeInfo]]:
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


_LISTS = (pa.types.is_list, pa.types.is_fixed_size_list, pa.types.is_large_list)


def _path(root: Path, template: str, values: Mapping[str, Any]) -> Path:
    """Fill a path of ``info.json`` in; it may name nothing but the known values, as they are."""
    fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    pure = PurePosixPath(template.format(**values)) if set(fields) <= _PLACES else None
    if pure is None or pure.is_absolute() or ".." in pure.parts:
        raise StudioError(f"'{root}' has a file name that leads elsewhere: {template}")
    return root / pure


def _array(column: Any, feature: Feature | None) -> NDArray[Any]:
    """Return an Arrow column as an array; missing numbers become NaN."""
    kind = column.type
    depth = 0
    while (
        pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_large_list(kind)
    ):
        kind, depth = kind.value_type, depth + 1
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        return np.array(column.to_pylist(), dtype=object)
    if depth == 0:
        return column.to_numpy()
    flat = column.combine_chunks()
    for _ in range(depth):
        flat = flat.flatten()
    values = flat.to_numpy(zero_copy_only=False)
    shape = feature.shape if feature is not None and feature.shape else (-1,)
    if values.size != len(column) * int(np.prod(shape)):
        shape = (-1,)
        if not len(column) or values.size % len(column):
            raise StudioError("A column's rows have different numbers of values.")
    return values.reshape(len(column), *shape)


def _json(path: Path) -> dict[str, Any]:
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
