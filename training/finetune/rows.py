"""Action-reasoning data sets in the memory: every label at hand, pictures read when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_codec import encode_chunk
from core.protocol.statistics import NormStats, read_statistics
from core.types import ACTION_DIM, CODEBOOK_SIZE, DEPTH_CODES, TRACE_MAX, StudioError
from training.data.conventions import DepthColumn
from training.data.conventions_file import parse_conventions
from training.data.dataset import Dataset, open_dataset
from training.data.depth import Codec, recorded_depth_at
from training.data.types import (
    ACTION,
    CODES,
    INTERVENTION,
    TRACE,
    TRACE_LENGTH,
    TRACE_SUSPECT,
    EpisodeInfo,
    trace_points,
)
from training.finetune.questions import (
    NEEDS_ACTIONS,
    NEEDS_DEPTH,
    NEEDS_TRACE,
    Facts,
    Kind,
)

TASK = "task_index"


class DataError(StudioError):
    """A data set that cannot be trained on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet:
    """One data set.

    Attributes:
        name: What the mixture calls it; also its key in ``norm_stats``.
        dataset: Reads pictures.
        cameras: Columns of the pictures that a prompt shows, the annotated one first.
        statistics: What its action symbols mean.
        episode: (N,) index into the data set's episodes, for every row.
        row: (N,) number within the episode.
        actions: (N, D) float32.
        codes: (N, 100) int64, or None.
        trace: (N, 10) float32, see :data:`training.data.types.TRACE`.
        trace_length: (N,) int64.
        task: (N,) ``task_index``.
        held_out: (N,) bool, rows that are only evaluated on.
        intervention: (N,) bool, rows in which a person steered.
        left_out: (N,) bool, rows that are not used: of failed episodes, or with a guessed trace.
        depth: Column of the depth that the codes were made of, if the data set has it.
    """

    name: str
    dataset: Dataset
    cameras: tuple[str, ...]
    statistics: NormStats
    episode: NDArray[np.int64]
    row: NDArray[np.int64]
    actions: NDArray[np.float32]
    codes: NDArray[np.int64] | None
    trace: NDArray[np.float32]
    trace_length: NDArray[np.int64]
    task: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    intervention: NDArray[np.bool_]
    left_out: NDArray[np.bool_]
    depth: DepthColumn | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.row)

    def usable(self, kind: Kind, *, held_out: bool) -> NDArray[np.int64]:
        """Return the rows that can answer a kind of question."""
        fits = (self.held_out == held_out) & ~self.left_out
        if kind in NEEDS_DEPTH:
            fits = fits & (self.codes is not None)
        if kind in NEEDS_TRACE:
            fits = fits & (self.trace_length >= 1)
        if kind is Kind.STEERED:
            fits = fits & (self.trace_length >= 2)
        return np.nonzero(fits)[0]

    def facts(self, index: int, kind: Kind, chunk: int) -> Facts:
        """Return what is known about a row.

        Args:
            index: The row.
            kind: What it is asked for; what that does not need is left out.
            chunk: Action rows; the last one of the episode is repeated after its end.
        """
        actions = ""
        if kind in NEEDS_ACTIONS:
            last = index + int(self.dataset.episodes[self.episode[index]].length - self.row[index])
            wanted = np.minimum(np.arange(index, index + chunk), last - 1)
            actions = encode_chunk(self.actions[wanted], self.statistics)
        return Facts(
            instruction=self.dataset.tasks[int(self.task[index])],
            actions=actions,
            trace=trace_points(self.trace[index], int(self.trace_length[index])),
            depth_codes=None if self.codes is None else self.codes[index],
        )

    def pictures(self, index: int, images: int) -> list[NDArray[np.uint8]]:
        """Read a row's pictures, (H, W, 3) uint8 RGB, the annotated one first."""
        episode = self.dataset.episodes[self.episode[index]]
        row = int(self.row[index])
        return [self.dataset.picture(episode, name, row) for name in self.cameras[:images]]

    @property
    def released_depth(self) -> bool:
        """Whether the codec was fed 0 to 1 instead of -1 to 1."""
        told: Any = self.dataset.about.get("depth")
        return isinstance(told, dict) and str(told.get("input", "")).startswith("[0")

    def depth_map(self, index: int, codec: Codec | None) -> NDArray[np.float32] | None:
        """Return the (H, W) distances [m] of a row that its codes were made of.

        None when the data set has none, or made its codes with another codec.
        """
        told: Any = self.dataset.about.get("depth")
        if self.depth is None or codec is None or told.get("codec") != codec.digest:
            return None
        episode, row = self.dataset.episodes[self.episode[index]], int(self.row[index])
        return recorded_depth_at(self.dataset, episode, self.depth, row)


def open_set(
    path: Path,
    name: str | None = None,
    *,
    images: int,
    held_out: float,
    failures: bool = False,
    statistics: NormStats | None = None,
) -> TrainingSet:
    """Open a data set and check that it can be trained on.

    Args:
        path: Its folder.
        name: What the mixture calls it; the folder's name when None.
        images: Pictures per prompt.
        held_out: Share of episodes that are only evaluated on.
        failures: Learn from episodes that are marked as failed as well.
        statistics: Action ranges to take instead of the data set's.

    Raises:
        StudioError: No action-reasoning data set, a camera or its videos are missing, or actions,
            traces or statistics are damaged.
    """
    name = name or path.resolve().name
    if not path.is_dir():
        raise DataError(f"there is no data set '{path}'")
    dataset = open_dataset(path)
    _check_columns(dataset, path)
    episodes = [episode for episode in dataset.episodes if episode.length > 0]
    if not episodes:
        raise DataError(f"the data set '{path}' has no rows")
    stats = statistics or _statistics(dataset, path)
    wanted = (ACTION, CODES, TRACE, TRACE_LENGTH, TASK, TRACE_SUSPECT, INTERVENTION)
    columns = tuple(name for name in wanted if name in dataset.features)
    parts = [dataset.rows(episode, columns) for episode in dataset.episodes]
    joined = {column: np.concatenate([part[column] for part in parts]) for column in columns}
    codes = joined.get(CODES)
    lengths = [len(part[ACTION]) for part in parts]
    made = TrainingSet(
        name=name,
        dataset=dataset,
        cameras=_cameras(dataset, path, images),
        statistics=stats,
        episode=np.repeat(np.arange(len(parts)), lengths),
        row=np.concatenate([np.arange(length) for length in lengths]),
        actions=np.asarray(joined[ACTION], dtype=np.float32),
        codes=None if codes is None else np.asarray(codes, dtype=np.int64),
        trace=np.asarray(joined[TRACE], dtype=np.float32).reshape(-1, 10),
        trace_length=np.asarray(joined[TRACE_LENGTH], dtype=np.int64).reshape(-1),
        task=np.asarray(joined[TASK], dtype=np.int64).reshape(-1),
        held_out=np.repeat(held_out_episodes(name, dataset.episodes, held_out), lengths),
        intervention=_flags(joined, INTERVENTION, sum(lengths)),
        left_out=_left_out(dataset, joined, lengths, failures=failures),
        depth=_depth_column(dataset, path),
    )
    _check_values(made, path)
    return made


def held_out_episodes(name: str, episodes: Sequence[EpisodeInfo], share: float) -> list[bool]:
    """Choose the episodes that are only evaluated on: the same ones whatever the seed.

    At least one is chosen when there are several and the share is not 0.

    Args:
        name: Name of the data set.
        episodes: Its episodes.
        share: Share of them.
    """
    order = sorted(
        range(len(episodes)),
        key=lambda i: hashlib.sha256(f"{name}/{episodes[i].number}".encode()).digest(),
    )
    count = round(share * len(episodes))
    if share > 0 and len(episodes) > 1:
        count = min(max(count, 1), len(episodes) - 1)
    chosen = set(order[:count])
    return [index in chosen for index in range(len(episodes))]


def _check_columns(dataset: Dataset, path: Path) -> None:
    lacking = [n for n in (ACTION, TRACE, TRACE_LENGTH, TASK) if n not in dataset.features]
    if lacking:
        raise DataError(
            f"the data set '{path}' has no column '{lacking[0]}'; it is no action-reasoning data "
            "set. Make one with `data label`."
        )
    shape = dataset.features[ACTION].shape
    if shape != (ACTION_DIM,):
        raise DataError(
            f"the actions of '{path}' have {shape[0] if shape else 1} values; expected "
            f"{ACTION_DIM}: change of position and rotation, and the gripper"
        )


def _statistics(dataset: Dataset, path: Path) -> NormStats:
    entries: Any = dataset.about.get("norm_stats")
    if not isinstance(entries, dict) or not entries:
        raise DataError(
            f"the data set '{path}' has no action statistics (norm_stats in "
            "meta/action_reasoning.json); make them with `data label`"
        )
    try:
        stats = read_statistics(entries)
    except StudioError as error:
        raise DataError(f"the data set '{path}': {error}") from error
    for part, values in stats.summary.items():
        if not np.isfinite(values).all():
            raise DataError(
                f"the action statistics of '{path}' hold a {part} that is not finite; count them "
                "again with `data label`"
            )
    if stats.dims != ACTION_DIM:
        raise DataError(
            f"the action statistics of '{path}' have {stats.dims} values; expected {ACTION_DIM}"
        )
    return stats


def _left_out(
    dataset: Dataset, joined: dict[str, NDArray[Any]], lengths: list[int], *, failures: bool
) -> NDArray[np.bool_]:
    failed = [episode.about.get("success") is False for episode in dataset.episodes]
    left_out = np.repeat(np.array(failed) & (not failures), lengths)
    return left_out | _flags(joined, TRACE_SUSPECT, len(left_out))


def _flags(joined: dict[str, NDArray[Any]], column: str, count: int) -> NDArray[np.bool_]:
    """Return a column of yes and no, all no where the data set does not have it."""
    found = joined.get(column)
    return np.zeros(count, bool) if found is None else np.asarray(found, bool).reshape(-1)


def _depth_column(dataset: Dataset, path: Path) -> DepthColumn | None:
    """Return where the depth is that the codes were made of, if it was recorded."""
    told, conventions = dataset.about.get("depth"), dataset.about.get("conventions")
    if not isinstance(told, dict) or told.get("source") not in ("simulator", "sensor"):
        return None
    if not isinstance(conventions, dict):
        return None
    column = parse_conventions(conventions, path).depth
    return column if column is not None and column.column in dataset.features else None


def _cameras(dataset: Dataset, path: Path, images: int) -> tuple[str, ...]:
    """Return the cameras of a prompt; the data set says which one its labels refer to."""
    told = dataset.about.get("cameras")
    names = tuple(told) if isinstance(told, list) and told else dataset.cameras
    missing = [name for name in names if name not in dataset.cameras]
    if missing:
        raise DataError(f"the data set '{path}' has no camera '{missing[0]}', which it names")
    if len(names) < images:
        raise DataError(
            f"a prompt shows {images} pictures and the data set '{path}' has {len(names)} "
            f"cameras ({', '.join(names) or 'none'}); set images={max(len(names), 1)} or record "
            "the missing view"
        )
    for episode in dataset.episodes:
        for name in names[:images]:
            clip = episode.clips.get(name)
            if dataset.features[name].dtype == "video" and not (clip and clip.path.is_file()):
                raise DataError(
                    f"the data set '{path}' has no video of camera '{name}' for episode "
                    f"{episode.number}; fetch it with its videos"
                )
    return names[:images]


def _check_values(made: TrainingSet, path: Path) -> None:
    if not np.isfinite(made.actions).all():
        bad = int(np.nonzero(~np.isfinite(made.actions).all(axis=1))[0][0])
        number = made.dataset.episodes[made.episode[bad]].number
        raise DataError(f"'{path}': an action of episode {number} is not finite")
    points, length = made.trace.reshape(-1, 5, 2), made.trace_length
    if ((length < 0) | (length > 5)).any():
        raise DataError(f"'{path}': a trace has {int(length.max())} points; the most is 5")
    used = np.arange(5) < length[:, None]
    inside = np.isfinite(points) & (points >= 0) & (points <= TRACE_MAX)
    if not np.all(inside.all(axis=2) | ~used):
        raise DataError(f"'{path}': a trace point lies outside of 0 to 255")
    codes = made.codes
    if codes is not None and (
        codes.shape[1:] != (DEPTH_CODES,) or codes.min() < 0 or codes.max() >= CODEBOOK_SIZE
    ):
        raise DataError(
            f"'{path}': depth codes are no {DEPTH_CODES} numbers from 0 to {CODEBOOK_SIZE - 1}"
        )
    unknown = set(np.unique(made.task).tolist()) - set(made.dataset.tasks)
    if unknown:
        raise DataError(f"'{path}': task {min(unknown)} has no instruction")
