"""Opens LeRobot data sets of the versions 2.1 and 3.0 without the ``lerobot`` package.

The layout was read from huggingface/lerobot (``datasets/lerobot_dataset.py``, ``datasets/utils.py``
of 0.3.3 and 0.4). File names in the metadata are not trusted: they must stay below the folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.types import StudioError
from training.data import pictures
from training.data.metadata import episodes_2, episodes_3, read_feature, read_json
from training.data.types import ABOUT, Clip, EpisodeInfo, Feature

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

BATCH = 16
"""Rows of a column of pictures or depth maps that are held at a time."""

_KNOWN_TIMES: dict[tuple[Path, int], tuple[int, NDArray[np.float64]]] = {}
"""Times of episodes that were read: 8 bytes a row, asked for with every picture."""

_LISTS = (pa.types.is_list, pa.types.is_fixed_size_list, pa.types.is_large_list)


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
            cell = self._cell(episode, camera, row)
            found = None if cell is None else pictures.decode_picture(cell, self.root)
        else:
            found = self._shot(episode, camera, row, pictures.COLOUR)
        if found is None:
            raise StudioError(
                f"Episode {episode.number} has no picture of camera '{camera}' for row {row}."
            )
        return found

    def raw(self, episode: EpisodeInfo, column: str, row: int) -> NDArray[Any] | None:
        """Return a row's picture or array with the values that it is stored with; None if missing.

        Raises:
            StudioError: As :meth:`pictures`.
        """
        feature = self.features.get(column)
        if feature is not None and not feature.is_picture:
            cell = self._cell(episode, column, row)
            return None if cell is None else np.asarray(cell)
        if self._kind(column) == "image":
            cell = self._cell(episode, column, row)
            return None if cell is None else pictures.decode_raw(cell, self.root)
        return self._shot(episode, column, row, pictures.GREY)

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

    def stream(self, episode: EpisodeInfo, column: str) -> Iterator[NDArray[Any]]:
        """Yield a column's value of every row, few at a time: depth maps are large.

        Raises:
            StudioError: As :meth:`rows`.
        """
        for part in self._batches(episode, column):
            yield from _array(pa.chunked_array([part]), self.features.get(column))

    def table(self, episode: EpisodeInfo) -> pa.Table:
        """Read an episode's rows as they are, pictures in the table included."""
        return self._table(episode, tuple(self._stored()))

    def _stored(self) -> list[str]:
        return [name for name, feature in self.features.items() if feature.dtype != "video"]

    def _cells(self, episode: EpisodeInfo, camera: str) -> Iterator[Any]:
        for part in self._batches(episode, camera):
            yield from part.to_pylist()

    def _batches(self, episode: EpisodeInfo, column: str) -> Iterator[pa.Array]:
        try:
            whole = ds.dataset(episode.data, format="parquet")
            mine = ds.field("episode_index") == episode.number
            for batch in whole.to_batches(columns=[column], filter=mine, batch_size=BATCH):
                yield batch.column(0)
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise StudioError(f"{episode.data} cannot be read: {reason}") from error

    def _cell(self, episode: EpisodeInfo, column: str, row: int) -> Any:
        """Return one value; files with small groups of rows give it without reading the others."""
        mine = [("episode_index", "=", episode.number), ("frame_index", "=", row)]
        if "frame_index" in self.features:
            with suppress(OSError, pa.ArrowException):  # reading on will say what is wrong
                table = pq.read_table(episode.data, columns=[column], filters=mine)
                if table.num_rows == 1:
                    return table[column][0].as_py()
        return next(islice(self._cells(episode, column), row, None), None)

    def _shot(self, episode: EpisodeInfo, column: str, row: int, form: str) -> NDArray[Any] | None:
        time = self._times(episode)[row : row + 1]
        clip = self._clip(episode, column)
        found = pictures.read_clip(clip, time, tolerance=0.5 / self.fps, form=form)
        return next(iter(found), None)

    def _times(self, episode: EpisodeInfo) -> NDArray[np.float64]:
        if "timestamp" not in self.features:
            return np.arange(episode.length) / self.fps
        try:
            changed = episode.data.stat().st_mtime_ns
        except OSError as error:
            raise StudioError(f"{episode.data} is missing; the data set is incomplete.") from error
        known = _KNOWN_TIMES.get((episode.data, episode.number))
        if known is None or known[0] != changed:
            times = np.asarray(self.rows(episode, ("timestamp",))["timestamp"], dtype=np.float64)
            known = _KNOWN_TIMES[episode.data, episode.number] = (changed, times)
        return known[1]

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
    info = read_json(path / "meta" / "info.json")
    version = str(info.get("codebase_version", ""))
    if version not in ("v2.0", "v2.1", "v3.0"):
        raise StudioError(
            f"'{path}' is a LeRobot data set of version '{version or 'unknown'}'; versions 2.0, "
            "2.1 and 3.0 can be read."
        )
    try:
        features = {name: read_feature(name, entry) for name, entry in info["features"].items()}
        fps = float(info["fps"])
        read = episodes_3 if version == "v3.0" else episodes_2
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
        about=read_json(about) if about.is_file() else {},
    )


def _array(column: Any, feature: Feature | None) -> NDArray[Any]:
    """Return an Arrow column as an array; missing numbers become NaN."""
    kind = column.type
    depth = 0
    while any(test(kind) for test in _LISTS):
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
