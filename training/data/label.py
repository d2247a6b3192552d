"""Turns a robot data set into an action-reasoning data set: label, put together, look at.

Episodes are labelled one by one into shards (:mod:`training.data.shard`), by one process or
several, and the shards become a data set in the order of their episodes.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.protocol.statistics import NormStats, compute_statistics
from core.types import StudioError
from training.data.checks import check
from training.data.conventions import FILE, Conventions
from training.data.conventions_file import read_conventions
from training.data.dataset import Dataset, open_dataset
from training.data.lerobot_out import Episode, index_features, read_shard, write_dataset
from training.data.meta import describe_labels, write_about
from training.data.settings import Settings
from training.data.shard import (
    check_ready,
    label_episode,
    label_features,
    source_name,
)
from training.data.sheet import write_sheet
from training.data.skeleton import skeleton
from training.data.types import ABOUT, ACTION, Clip
from training.data.workplace import Workplace, clear_leftovers

KEPT = ("model_image_size", "steered_rows", "drawn_traces", "rebuilt_exactly")
"""What a data set of sessions says of itself that labelling does not change."""

VERSION = 1
"""Goes up when labelling the same data gives something else."""

Tell = Callable[[int, int, float, str], None]
"""Gets how many episodes are done, of how many, the seconds that are left (NaN while unknown) and
what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """What is asked for.

    Attributes:
        dataset: The data set's folder.
        out: Folder of the result.
        conventions: Conventions file; the data set's own when None.
        settings: How to label; "auto" in ``depth`` and ``trace`` takes what is declared.
        name: Key of the statistics; the data set's name when empty.
        processes: Local processes.
        link: Whether videos become hard links instead of copies.
    """

    dataset: Path
    out: Path
    conventions: Path | None
    settings: Settings
    name: str = ""
    processes: int = 1
    link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelResult:
    """What came of it.

    Attributes:
        folder: Where it is.
        episodes: Episodes that are in it.
        rows: Their rows.
        skipped: Frames that were left out, by reason.
        left_out: Episodes that were left out, by reason.
        odd: What was noticed, a sentence each.
        reused: Episodes that had been labelled before.
    """

    folder: Path
    episodes: int
    rows: int
    skipped: Mapping[str, int]
    left_out: Mapping[str, int]
    odd: tuple[str, ...]
    reused: int


def label(request: LabelRequest, tell: Tell = lambda done, total, left, words: None) -> LabelResult:
    """Label a data set, or go on where an earlier run of the same request stopped.

    Raises:
        StudioError: If it is not possible, as a sentence for the person.
    """
    dataset = open_dataset(request.dataset)
    conventions = _conventions(request, dataset)
    settings = chosen_settings(request.settings, conventions, dataset)
    odd = tuple(check(conventions, dataset))
    plan = _plan(request, dataset, conventions, settings)
    ready = _already(request.out, plan)
    if ready is not None:
        clear_leftovers(request.out)
        return replace(ready, odd=odd)
    check_ready(settings)
    workplace = Workplace(request.out, plan)
    try:
        jobs = {
            episode.number: {
                "dataset": str(request.dataset.absolute()),
                "episode": episode.number,
                "conventions": dict(conventions.source),
                "folder": str(_place(request).parent.absolute()),
                "settings": settings.to_dict(),
                "out": str(workplace.shard(episode.number)),
            }
            for episode in dataset.episodes
        }
        open_jobs = [job for job in jobs.values() if not Path(str(job["out"])).is_file()]
        _run(open_jobs, len(jobs), request.processes, tell)
        tell(len(jobs), len(jobs), float("nan"), "putting the data set together")
        result = _assemble(request, dataset, conventions, settings, workplace, plan)
        folder = workplace.complete()
    except StudioError as error:
        raise StudioError(
            f"{error} What is finished is kept in {workplace.folder}; the same command goes on "
            "where it stopped."
        ) from error
    finally:
        workplace.close()
    return replace(result, folder=folder, odd=odd, reused=len(jobs) - len(open_jobs))


def chosen_settings(settings: Settings, conventions: Conventions, dataset: Dataset) -> Settings:
    """Return settings in which "auto" is replaced by what there is.

    Raises:
        StudioError: If traces are to be kept that are not there.
    """
    depth, trace = settings.depth, settings.trace
    there = all(column in dataset.features for column in conventions.trace_columns().values())
    if trace == "keep" and not there:
        raise StudioError("This data set has no traces that could be kept.")
    if trace == "auto" and dataset.about and there:
        trace = "keep"  # a person may have drawn them
    if depth == "auto":
        depth = "sensor" if conventions.depth is not None else "depth-anything"
    if trace == "auto":
        arms, camera = conventions.arms, conventions.cameras[0].calibration
        placed = all(arm.kinematics or (arm.state and arm.state.position) for arm in arms)
        if camera is not None and not camera.mounted_on_hand and placed:
            trace = "kinematics"
        else:
            trace = "column" if all(arm.point for arm in arms) else "pointing"
    return replace(settings, depth=depth, trace=trace)


def _place(request: LabelRequest) -> Path:
    return request.conventions if request.conventions is not None else request.dataset / FILE


def _conventions(request: LabelRequest, dataset: Dataset) -> Conventions:
    path = _place(request)
    if request.conventions is None and not path.is_file():
        draft = request.out.with_name(request.out.name + ".conventions.yaml")
        with suppress(OSError):
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(skeleton(dataset), encoding="utf-8")
        raise StudioError(
            "What the numbers of this data set mean has to be declared, and is never guessed. A "
            f"draft with its columns is in {draft}: fill it in and give it with --conventions "
            "(docs/data-sets.md tells how)."
        )
    return read_conventions(path)


def _plan(
    request: LabelRequest, dataset: Dataset, conventions: Conventions, settings: Settings
) -> dict[str, Any]:
    """Return what two runs must have in common to be the same; no paths."""
    info = (request.dataset / "meta" / "info.json").read_bytes()
    lengths = [(episode.number, episode.length) for episode in dataset.episodes]
    told = settings.identity()
    if settings.depth != "none":
        from training.data.depth import load_codec

        told["codec"] = load_codec(settings.codec, settings.device).digest
    facts = json.dumps(
        [VERSION, told, dict(conventions.source), lengths, request.name], sort_keys=True
    )
    return {"fingerprint": hashlib.sha256(info + facts.encode()).hexdigest()}


def _already(out: Path, plan: Mapping[str, Any]) -> LabelResult | None:
    """Return the result of a run that was finished before, if it is the same."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        about = json.loads((out / ABOUT).read_text(encoding="utf-8"))
        if about["fingerprint"] == plan["fingerprint"]:
            return LabelResult(
                folder=out,
                episodes=int(about["episodes"]),
                rows=int(about["rows"]),
                skipped=about["skipped"],
                left_out=about["left_out"],
                odd=(),
                reused=int(about["episodes"]),
            )
    return None


def _run(jobs: list[dict[str, Any]], total: int, processes: int, tell: Tell) -> None:
    began, before = time.monotonic(), total - len(jobs)

    def told(done: int) -> None:
        left = (time.monotonic() - began) / done * (len(jobs) - done) if done else float("nan")
        tell(before + done, total, left, "labelling")

    told(0)
    if processes <= 1:
        for done, job in enumerate(jobs, 1):
            label_episode(job)
            told(done)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs) or 1), mp_context=context) as pool:
        waiting: set[Future[dict[str, Any]]] = {pool.submit(label_episode, job) for job in jobs}
        done = 0
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                    done += 1
                    told(done)
        except BrokenProcessPool as error:
            raise StudioError(
                "A labelling process was ended from outside, perhaps for want of memory. Use fewer "
                "--processes."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _assemble(
    request: LabelRequest,
    dataset: Dataset,
    conventions: Conventions,
    settings: Settings,
    workplace: Workplace,
    plan: Mapping[str, Any],
) -> LabelResult:
    skipped: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    actions: list[NDArray[np.float32]] = []
    errors: list[tuple[float, int]] = []
    suspect = 0

    def finished() -> Iterator[Episode]:
        nonlocal suspect
        for episode in dataset.episodes:
            table, facts = read_shard(workplace.shard(episode.number))
            if "left_out" in facts:
                left_out[str(facts["left_out"])] += 1
                continue
            skipped.update(facts["skipped"])
            suspect += int(facts["suspect"])
            if facts["depth_error"] is not None:
                errors.append((float(facts["depth_error"]), table.num_rows))
            actions.append(np.array(table[ACTION].to_pylist(), dtype=np.float32))
            clips = {c: clip for c, clip in episode.clips.items() if clip.path.is_file()}
            yield Episode(
                table=table,
                tasks=facts["tasks"],
                stats={
                    n: {k: np.asarray(v) for k, v in e.items()} for n, e in facts["stats"].items()
                },
                clips={c: Clip(path=k.path, begin_s=k.begin_s) for c, k in clips.items()},
                about=dict(episode.about) | {"source_episode": episode.number},
            )

    features: dict[str, Any] = {}
    for name, feature in dataset.features.items():
        features[source_name(dataset, name)] = dict(feature.entry)
    own = label_features(conventions, settings)
    folder = workplace.bench()
    rows = write_dataset(
        folder,
        _some(finished(), left_out),
        features={**features, **own, **index_features()},
        fps=dataset.fps,
        robot=dataset.robot,
        link=request.link,
    )
    statistics = _statistics(np.concatenate(actions), len(actions), len(conventions.arms))
    name = request.name or dataset.root.absolute().name
    about = describe_labels(dataset, conventions, settings, own) | {
        **{key: dataset.about[key] for key in KEPT if key in dataset.about},
        "fingerprint": plan["fingerprint"],
        "norm_stats": {name: statistics.to_config()},
        "episodes": len(actions),
        "rows": rows,
        "skipped": dict(sorted(skipped.items())),
        "left_out": dict(sorted(left_out.items())),
        "depth_error": _mean(errors),
        "trace_suspect": suspect,
    }
    write_about(folder, about)
    write_sheet(folder, settings.codec if settings.depth != "none" else "")
    return LabelResult(
        folder=folder,
        episodes=len(actions),
        rows=rows,
        skipped=about["skipped"],
        left_out=about["left_out"],
        odd=(),
        reused=0,
    )


def _some(episodes: Iterator[Episode], left_out: Mapping[str, int]) -> Iterator[Episode]:
    """Pass the episodes on, and complain when there is none."""
    count = 0
    for episode in episodes:
        count += 1
        yield episode
    if not count:
        reasons = "; ".join(f"{reason} ({number})" for reason, number in left_out.items())
        raise StudioError(f"No episode could be labelled: {reasons}.")


def _statistics(actions: NDArray[np.float32], episodes: int, arms: int) -> NormStats:
    """Count all actions; of every arm the gripper is not scaled."""
    found = compute_statistics(actions, trajectories=episodes)
    mask = np.tile(np.arange(7) < 6, arms)
    return replace(found, mask=mask)


def _mean(errors: list[tuple[float, int]]) -> float | None:
    rows = sum(count for _, count in errors)
    return sum(error * count for error, count in errors) / rows if rows else None
