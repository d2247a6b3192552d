"""Labels one episode: the function that a local process calls, and a Ray Data actor may call.

It takes and returns plain values only, loads its networks once for each process, and writes its
result in one go. The same values give the same bytes, whoever runs it and however often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from core.export.lerobot_rows import as_table
from core.export.statistics import PictureStats, column_stats
from core.types import DEPTH_CODES, StudioError
from training.data import gripper
from training.data.actions import canonical_actions, declared_rows, idle_rows
from training.data.conventions import Camera, Conventions
from training.data.conventions_file import parse_conventions
from training.data.dataset import Dataset, open_dataset
from training.data.depth import (
    Codec,
    encode,
    load_codec,
    load_depth_anything,
    recorded_depth,
    to_values,
)
from training.data.lerobot_out import numeric_stats, write_shard
from training.data.pointing import load_pointer, question_for
from training.data.settings import Settings
from training.data.types import (
    ACTION,
    CODES,
    DEPTH_ERROR,
    JOINTS,
    SOURCE_FRAME,
    TRACE_SUSPECT,
    EpisodeInfo,
)

SOURCE_ACTION = "source_action"
"""Name of an original column "action", whose place the canonical one takes."""

LOOKED_AT = 12
"""Pictures of a camera and an episode that enter its statistics."""


Skip = Callable[[NDArray[np.bool_], str], None]
"""Marks rows as left out, for a reason."""


def label_episode(job: Mapping[str, Any]) -> dict[str, Any]:
    """Label an episode and write its rows.

    Args:
        job: "dataset" and "out", paths as text; "episode", its number; "conventions", the plain
            values of a conventions file, and "folder", where its file names start; "settings",
            :meth:`Settings.to_dict`.

    Returns:
        Plain values: "episode", "seen" rows and "rows" that are kept, "skipped" counts by reason,
        "depth_error" mean or None, "suspect" rows, "stats", "tasks" of the rows; "left_out" tells
        why the whole episode is.

    Raises:
        StudioError: If nothing can be labelled so, or the result cannot be written.
    """
    torch.set_num_threads(1)  # more would change the last bit of what networks answer
    dataset = _dataset(str(job["dataset"]))
    conventions = parse_conventions(job["conventions"], Path(str(job["folder"])))
    settings = Settings(**job["settings"])
    episode = next(e for e in dataset.episodes if e.number == job["episode"])
    table, facts = _label(dataset, episode, conventions, settings)
    write_shard(Path(str(job["out"])), table, facts)
    return facts


def check_ready(settings: Settings) -> None:
    """Load everything that labelling needs, so that what is missing is said at once.

    Raises:
        StudioError: If something cannot be had.
    """
    if settings.depth != "none":
        load_codec(settings.codec, settings.device)
    if settings.depth == "depth-anything":
        load_depth_anything(settings.depth_model, settings.device)
    if settings.trace == "pointing":
        load_pointer(settings.pointing_url, settings.pointing_model, settings.device)


@cache
def _dataset(path: str) -> Dataset:
    return open_dataset(Path(path))


def _label(
    dataset: Dataset, episode: EpisodeInfo, conventions: Conventions, settings: Settings
) -> tuple[pa.Table, dict[str, Any]]:
    facts: dict[str, Any] = {
        "episode": episode.number,
        "seen": episode.length,
        "skipped": {},
        "depth_error": None,
        "suspect": 0,
    }
    empty = pa.table({SOURCE_FRAME: pa.array([], pa.int64())})
    try:
        rows = declared_rows(conventions, dataset, episode)
        seen = {camera.column: _seen(dataset, episode, camera) for camera in conventions.cameras}
    except StudioError as error:
        return empty, facts | {"rows": 0, "left_out": str(error)}
    reasons = np.full(episode.length, "", dtype=object)

    def skip(which: NDArray[np.bool_], reason: str) -> None:
        reasons[which & (reasons == "")] = reason

    for camera, found in seen.items():
        skip(~found, f"no picture of {camera}")
    actions = np.concatenate(
        [canonical_actions(arm, rows, dataset.features) for arm in conventions.arms], axis=1
    )
    known = np.asarray(np.isfinite(actions).all(axis=1))
    skip(~known, "action not finite, or no pose before it")
    if conventions.no_ops is not None:
        usable = reasons == ""
        idle = np.zeros(episode.length, dtype=bool)
        idle[usable] = idle_rows(actions[usable], conventions.no_ops)
        skip(idle, "no-op")
    columns: dict[str, NDArray[Any]] = {ACTION: actions}
    source = _Source(dataset=dataset, episode=episode, conventions=conventions)
    columns |= _depth(source, settings, skip, reasons)
    columns |= _traces(source, settings, rows, skip, reasons)
    kept = np.flatnonzero(reasons == "")
    facts["skipped"] = dict(sorted(Counter(r for r in reasons if r).items()))
    if len(kept) < 2:
        return empty, facts | {"rows": 0, "left_out": "fewer than two usable frames"}
    columns = {name: values[kept] for name, values in columns.items()}
    columns[SOURCE_FRAME] = kept
    if DEPTH_ERROR in columns:
        facts["depth_error"] = float(columns[DEPTH_ERROR].astype(np.float64).mean())
    if TRACE_SUSPECT in columns:
        facts["suspect"] = int(columns[TRACE_SUSPECT].sum())
    table = _table(dataset, episode, conventions, settings, kept, columns)
    facts["stats"] = _stats(dataset, episode, table, label_features(conventions, settings))
    return table, facts | {"rows": len(kept), "tasks": _tasks(dataset, episode, rows, kept)}


def label_features(conventions: Conventions, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the features of the columns that labelling adds."""
    names = list(JOINTS)
    if len(conventions.arms) > 1:
        names = [f"{arm.name}_{joint}" for arm in conventions.arms for joint in JOINTS]

    def feature(dtype: str, size: int = 1, words: Sequence[str] = ()) -> dict[str, Any]:
        return {"dtype": dtype, "shape": [size], "names": list(words) or None}

    points = [f"{axis}{index}" for index in range(5) for axis in "xy"]
    result = {ACTION: feature("float32", len(names), names)}
    if settings.depth != "none":
        result[CODES] = feature("int64", DEPTH_CODES)
        result[DEPTH_ERROR] = feature("float32")
    for trace in conventions.trace_columns().values() if settings.trace != "keep" else ():
        result[trace] = feature("float32", 10, points)
        result[f"{trace}_length"] = feature("int64")
    if settings.trace == "pointing":
        result[TRACE_SUSPECT] = feature("bool")
    return result | {SOURCE_FRAME: feature("int64")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Source:
    """An episode and what is declared of it."""

    dataset: Dataset
    episode: EpisodeInfo
    conventions: Conventions

    def pictures(self) -> Iterator[NDArray[np.uint8] | None]:
        """Yield the annotated camera's pictures; few are in memory at a time."""
        return self.dataset.pictures(self.episode, self.conventions.cameras[0].column)


def source_name(dataset: Dataset, column: str) -> str:
    """Return what an original column is called beside the new ones.

    A data set that was labelled before has canonical actions already, which take their own place.
    """
    return SOURCE_ACTION if column == ACTION and not dataset.about else column


def _seen(dataset: Dataset, episode: EpisodeInfo, camera: Camera) -> NDArray[np.bool_]:
    """Return which rows have a picture of a camera."""
    return np.array([found is not None for found in dataset.pictures(episode, camera.column)])


def _depth(
    source: _Source, settings: Settings, skip: Skip, reasons: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    if settings.depth == "none":
        return {}
    codec = load_codec(settings.codec, settings.device)
    usable = reasons == ""
    order: list[int] = []
    if settings.depth == "depth-anything":
        network = load_depth_anything(settings.depth_model, settings.device)
        order = np.flatnonzero(usable).tolist()
        chosen = (p for p, wanted in zip(source.pictures(), usable, strict=True) if wanted)
        values = network.values(picture for picture in chosen if picture is not None)
    else:
        values = _recorded(source, settings, codec, usable, order)
    codes = np.zeros((len(reasons), DEPTH_CODES), np.int64)
    errors = np.zeros(len(reasons), np.float32)
    found = encode(values, codec, released=settings.released_depth)
    codes[order], errors[order] = found
    missing = np.ones(len(reasons), dtype=bool)
    missing[order] = False
    skip(missing, "no depth picture")
    return {CODES: codes, DEPTH_ERROR: errors}


def _recorded(
    source: _Source,
    settings: Settings,
    codec: Codec,
    usable: NDArray[np.bool_],
    order: list[int],
) -> Iterator[NDArray[np.float32]]:
    """Yield what the codec encodes for every usable row with depth, and note which rows it is."""
    declared = source.conventions.depth
    if declared is None:
        raise StudioError(
            f"--depth {settings.depth} needs the column of the recorded depth; add `depth` to the "
            "conventions, or choose --depth depth-anything."
        )
    for index, metres in enumerate(recorded_depth(source.dataset, source.episode, declared)):
        if metres is not None and usable[index]:
            order.append(index)
            yield to_values(metres, codec)


def _traces(
    source: _Source,
    settings: Settings,
    rows: Mapping[str, NDArray[Any]],
    skip: Skip,
    reasons: NDArray[Any],
) -> dict[str, NDArray[Any]]:
    conventions, features = source.conventions, source.dataset.features
    if settings.trace == "keep":
        return {}
    camera = conventions.cameras[0]
    result: dict[str, NDArray[Any]] = {}
    suspects = np.zeros(len(reasons), dtype=bool)
    for arm in conventions.arms:
        if settings.trace == "pointing":
            question = question_for(arm.name, [other.name for other in conventions.arms])
            points, suspect = _pointed(source, settings, question, reasons == "")
            suspects |= suspect
        elif settings.trace == "column":
            size = next((p.shape[1::-1] for p in source.pictures() if p is not None), (1, 1))
            points = gripper.column_places(arm, rows, features, size)
        else:
            points = gripper.project(gripper.tool_places(arm, rows, features), camera)
        name = conventions.trace_columns()[arm.name]
        usable = reasons == ""
        lines = np.full((len(reasons), 10), -1.0, np.float32)
        lengths = np.zeros(len(reasons), np.int64)
        lines[usable], lengths[usable] = gripper.traces(points[usable])
        skip(usable & (lengths == 0), f"gripper of the {arm.name} arm not in the picture")
        result |= {name: lines, f"{name}_length": lengths}
    if settings.trace == "pointing":
        result[TRACE_SUSPECT] = suspects
    return result


def _pointed(
    source: _Source, settings: Settings, question: str, usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ask about every k-th usable frame and the last one, and fill in the rest."""
    pointer = load_pointer(settings.pointing_url, settings.pointing_model, settings.device)
    frames = np.flatnonzero(usable).tolist()
    chosen = {*frames[:: settings.every], *frames[-1:]}
    known = {
        index: pointer.point(picture, question)
        for index, picture in enumerate(source.pictures())
        if index in chosen and picture is not None
    }
    return gripper.fill(known, len(usable))


def _table(
    dataset: Dataset,
    episode: EpisodeInfo,
    conventions: Conventions,
    settings: Settings,
    kept: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]],
) -> pa.Table:
    """Return the kept original columns with the new ones beside them."""
    table = dataset.table(episode).take(pa.array(kept))
    own = label_features(conventions, settings)
    names = [source_name(dataset, name) for name in table.column_names]
    table = table.rename_columns(names)
    table = table.drop_columns([name for name in own if name in names])
    added = as_table(dict(columns), own)
    for name in added.column_names:
        table = table.append_column(name, added[name])
    if "timestamp" not in table.column_names:
        times = (kept / dataset.fps).astype(np.float32)
        table = table.append_column("timestamp", pa.array(times))
    return table


def _stats(
    dataset: Dataset, episode: EpisodeInfo, table: pa.Table, own: Mapping[str, Any]
) -> dict[str, Any]:
    entries = {
        source_name(dataset, name): feature.entry for name, feature in dataset.features.items()
    }
    numbers = numeric_stats(table, {**entries, **own})
    stats = {
        name: {kind: value.tolist() for kind, value in column_stats(values).items()}
        for name, values in numbers.items()
        if np.isfinite(values).all()
    }
    rows = np.linspace(0, episode.length - 1, min(LOOKED_AT, episode.length)).astype(int)
    for camera in dataset.cameras:
        figures = PictureStats()
        for row in dict.fromkeys(rows.tolist()):
            try:
                figures.add(dataset.picture(episode, camera, row))
            except StudioError:  # a camera that is not declared may lack pictures
                break
        else:
            stats[camera] = {kind: value.tolist() for kind, value in figures.stats().items()}
    return stats


def _tasks(
    dataset: Dataset,
    episode: EpisodeInfo,
    rows: Mapping[str, NDArray[Any]],
    kept: NDArray[np.int64],
) -> list[str]:
    fallback = episode.tasks[0] if episode.tasks else ""
    if "task_index" not in rows:
        return [fallback] * len(kept)
    return [dataset.tasks.get(int(number), fallback) for number in rows["task_index"][kept]]
