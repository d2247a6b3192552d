"""Steered sessions of the studio become post-training data.

A row is a step that an arm carried out. At the step with which a plan begins, the pictures are the
exact ones that the policy was asked with, and the trace is the drawn one, so that I+ can be rebuilt
bit by bit; at the other steps they are the newest live pictures and what was left of the trace.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.camera import CameraModel
from core.episode import Outcome
from core.export.lerobot_rows import as_table, usable, video_key
from core.export.pictures import newest
from core.export.pose import POSE, pose_values
from core.export.redact import session_name
from core.export.request import Keep
from core.export.statistics import PictureStats, column_stats
from core.export.take import NS, Step, Take
from core.export.takes import read_takes
from core.overlay import draw_trace, prepare_frame
from core.session.compare_events import Compared
from core.session.events import Observed, Steered
from core.session.reader import read_session
from core.trace import remaining_line, subsample_future
from core.types import StudioError
from core.video import shaper
from training.data.gripper import inside
from training.data.lerobot_out import Episode, index_features
from training.data.pictures import encode_png
from training.data.types import (
    ACTION,
    INTERVENTION,
    JOINTS,
    TRACE,
    TRACE_LENGTH,
    TRACE_USER,
    trace_row,
)

ASKED = "asked"
"""Column: whether the row's pictures are exactly those that its plan was asked with."""

EVENTS = "language_events"
"""LeRobot's column for what was said or shown at a row; a trace is one of its styles."""

REASONS = {
    Outcome.FAILURE: "the episode failed",
    Outcome.DISCARDED: "the episode was discarded",
    Outcome.INTERRUPTED: "the episode was interrupted",
    None: "nobody said how it ended",
}

Picture = NDArray[np.uint8]


@dataclass(slots=True)
class Counts:
    """What was kept and what was left out.

    Attributes:
        left_out: Episodes by reason.
        skipped: Frames by reason.
        rows: Rows that were kept.
        steered: Rows at which a person's trace steered.
        asked: Rows at which a plan was asked for with a drawn trace.
        rebuilt: Those of them whose I+ is rebuilt exactly.
        actions: (N, 7) by episode.
        image_size: (width, height) [px] of I+, if there was one.
    """

    left_out: Counter[str] = field(default_factory=Counter[str])
    skipped: Counter[str] = field(default_factory=Counter[str])
    rows: int = 0
    steered: int = 0
    asked: int = 0
    rebuilt: int = 0
    actions: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    image_size: tuple[int, int] | None = None


def chosen_takes(
    sessions: Sequence[Path], counts: Counts, *, unmarked: bool
) -> tuple[list[Take], float]:
    """Return the episodes to learn from, and their common rate [Hz].

    Args:
        sessions: Session files.
        counts: Told what is left out.
        unmarked: Whether episodes count as good about which nobody said anything.

    Raises:
        StudioError: If none is left, or their rates differ.
    """
    takes: list[Take] = []
    for path in sessions:
        for take in read_takes(path):
            good = take.outcome is Outcome.SUCCESS or (unmarked and take.outcome is None)
            if not good:
                counts.left_out[REASONS[take.outcome]] += 1
            elif len(usable(take)) < 2:
                counts.left_out["fewer than two steps were executed"] += 1
            else:
                takes.append(take)
    if not takes:
        reasons = "; ".join(f"{reason} ({n})" for reason, n in counts.left_out.items())
        raise StudioError(f"There is no successful episode to learn from: {reasons or 'none'}.")
    rates = sorted({round(step.rate_hz, 3) for take in takes for step in take.steps})
    if len(rates) > 1:
        words = " and ".join(f"{rate:g}" for rate in rates)
        raise StudioError(f"These episodes have steps at {words} Hz; make a data set of each.")
    return takes, rates[0]


def shared_cameras(takes: Sequence[Take], wanted: Sequence[str]) -> list[str]:
    """Return the cameras that all takes have, the annotated one first.

    Raises:
        StudioError: If there is none, or a wanted one is missing.
    """
    shared = [name for name in takes[0].cameras if all(name in take.cameras for take in takes)]
    missing = [name for name in wanted if name not in shared]
    if missing or not shared:
        raise StudioError(
            f"These episodes do not share the camera '{(missing or ['any'])[0]}'; they share: "
            f"{', '.join(shared) or 'none'}."
        )
    return list(wanted) or shared


def session_episodes(
    takes: Sequence[Take], cameras: Sequence[str], rate: float, counts: Counts
) -> Iterator[Episode]:
    """Yield the episodes of a data set; counts what it comes upon."""
    sizes: dict[str, tuple[int, int]] = {}
    for take in takes:
        questions = _questions(take)
        steps = usable(take)
        counts.skipped["state before the step not known"] += len(take.steps) - len(steps)
        pictures = _pictures(take, steps, cameras, questions, sizes)
        if pictures is None:
            counts.left_out["a camera has no picture"] += 1
            continue
        yield _episode(take, steps, cameras, questions, pictures, rate, counts)


def session_features(cameras: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, Any]]:
    """Return the features of a data set of sessions.

    Args:
        cameras: (width, height) by camera.
    """

    def feature(dtype: str, names: Sequence[str] | None = None) -> dict[str, Any]:
        shape = [len(names)] if names else [1]
        return {"dtype": dtype, "shape": shape, "names": list(names) if names else None}

    table = {
        "observation.state": feature("float32", POSE),
        "observation.joints": feature("float32", [f"joint{i + 1}" for i in range(7)]),
        ACTION: feature("float32", JOINTS),
        TRACE: feature("float32", [f"{axis}{i}" for i in range(5) for axis in "xy"]),
        TRACE_LENGTH: feature("int64"),
        TRACE_USER: feature("bool"),
        INTERVENTION: feature("bool"),
        ASKED: feature("bool"),
        "recorded_time": feature("float64"),
        EVENTS: {"dtype": "language", "shape": [1], "names": None},
    }
    for name, (width, height) in cameras.items():
        table[video_key(name)] = {
            "dtype": "image",
            "shape": [height, width, 3],
            "names": ["height", "width", "channels"],
        }
    return table | index_features()


@dataclass(slots=True, kw_only=True)
class _Questions:
    """What the policy was asked with, by request."""

    frames: dict[int, dict[str, Picture]] = field(default_factory=dict[int, dict[str, Picture]])
    drawn: dict[int, Picture] = field(default_factory=dict[int, Picture])


def _questions(take: Take) -> _Questions:
    """Read the exact pictures of the requests whose plans the take carried out."""
    wanted = {step.request_id for step in take.steps}
    found = _Questions()
    latest: dict[int, dict[str, Picture]] = {}
    for event in read_session(take.path, frames=False):
        match event:
            case Observed():
                shown = {frame.camera: frame.image for frame in event.observation.frames}
                latest = {event.request_id: shown}
                if event.request_id in wanted:
                    found.frames[event.request_id] = shown
            case Compared():
                shown = latest.get(event.request_ids[0]) if event.request_ids else None
                for number in event.request_ids if shown is not None else ():
                    if number in wanted and shown is not None:
                        found.frames[number] = shown
            case Steered() if event.request_id in wanted and event.model_image is not None:
                found.drawn[event.request_id] = event.model_image
            case _:
                pass
    return found


def _pictures(
    take: Take,
    steps: Sequence[Step],
    cameras: Sequence[str],
    questions: _Questions,
    sizes: dict[str, tuple[int, int]],
) -> dict[str, list[Picture]] | None:
    """Return a picture of every camera for every step; None if a camera has none."""
    due = [take.since_start(step.begun_ns) for step in steps]
    result: dict[str, list[Picture]] = {name: [] for name in cameras}
    for name, index, _, live in newest(take, cameras, due):
        step = steps[index]
        shown = questions.frames.get(step.request_id, {}) if step.step == 0 else {}
        picture = shown.get(name, live)
        size = sizes.setdefault(name, (picture.shape[1], picture.shape[0]))
        result[name].append(shaper((picture.shape[1], picture.shape[0]), size)(picture))
    return None if any(len(found) < len(steps) for found in result.values()) else result


def _episode(
    take: Take,
    steps: Sequence[Step],
    cameras: Sequence[str],
    questions: _Questions,
    pictures: Mapping[str, list[Picture]],
    rate: float,
    counts: Counts,
) -> Episode:
    count = len(steps)
    asked = np.array([s.step == 0 and s.request_id in questions.frames for s in steps])
    traced = np.array([step.traced for step in steps])
    lines = _lines(take, steps, take.cameras.get(cameras[0]))
    states = [step.before for step in steps if step.before is not None]
    actions = np.stack([step.action for step in steps]).astype(np.float32)
    columns: dict[str, NDArray[Any]] = {
        "observation.state": np.stack([pose_values(state) for state in states]),
        "observation.joints": np.stack([state.q for state in states]),
        ACTION: actions,
        TRACE: np.stack([trace_row(line) for line in lines]),
        TRACE_LENGTH: np.array([len(line) for line in lines]),
        TRACE_USER: traced,
        INTERVENTION: traced,
        ASKED: asked,
        "recorded_time": np.array([(step.begun_ns - take.zero_ns) / NS for step in steps]),
    }
    numbers = {n: f for n, f in session_features({}).items() if n in columns}
    table = as_table(columns, numbers)
    table = table.append_column(EVENTS, _events(steps, asked, cameras[0]))
    stats: dict[str, Any] = {name: column_stats(values) for name, values in columns.items()}
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    for name in cameras:
        figures = PictureStats()
        cells: list[dict[str, Any]] = []
        for picture in pictures[name]:
            figures.add(picture)
            cells.append({"bytes": encode_png(picture), "path": None})
        table = table.append_column(video_key(name), pa.array(cells, type=kind))
        stats[video_key(name)] = figures.stats()
    times = (np.arange(count) / rate).astype(np.float32)
    table = table.append_column("timestamp", pa.array(times))
    counts.rows += count
    counts.steered += int(traced.sum())
    counts.actions.append(actions)
    for index in np.flatnonzero(asked & traced).tolist():
        counts.asked += 1
        shown = questions.drawn.get(steps[index].request_id)
        if shown is not None:
            counts.image_size = (shown.shape[1], shown.shape[0])
            picture = pictures[cameras[0]][index]
            counts.rebuilt += rebuilds(picture, columns[TRACE][index], len(lines[index]), shown)
    return Episode(
        table=table,
        tasks=[step.instruction for step in steps],
        stats=stats,
        about={
            "session": session_name(take.path, Keep()),
            "session_episode": take.number,
            "success": None if take.outcome is None else take.outcome is Outcome.SUCCESS,
            "progress": None if take.progress is None else take.progress / 100,
            "policy": take.policy,
            "checkpoint": take.checkpoint,
        },
    )


def rebuilds(picture: Picture, row: NDArray[np.floating], length: int, shown: Picture) -> bool:
    """Tell whether I+ comes out of a row's picture and trace exactly as it was shown.

    Args:
        picture: (H, W, 3) uint8 RGB of the annotated camera.
        row: (10,) the trace column.
        length: Number of its points.
        shown: (h, w, 3) uint8 RGB, I+ as recorded.
    """
    if length < 2:
        return False
    clean = prepare_frame(picture, (shown.shape[1], shown.shape[0]))
    points = np.asarray(row, dtype=np.float64).reshape(-1, 2)[:length]
    return bool(np.array_equal(draw_trace(clean, points), shown))


def _lines(
    take: Take, steps: Sequence[Step], camera: CameraModel | None
) -> list[NDArray[np.float64]]:
    """Return the (L, 2) trace of every step in 0..255.

    A drawn trace is as it was drawn where its plan begins, and what is left of it later on. Without
    one it is the way that the gripper then took, or the policy's own trace where the camera is not
    calibrated.
    """
    places = np.full((len(steps), 2), np.nan)
    if camera is not None and not camera.mounted_on_hand:
        tools = [
            s.before.ee_pose[:3, 3] if s.before is not None else np.full(3, np.nan) for s in steps
        ]
        places = inside(camera.project(np.stack(tools)) - 0.5, camera)
    lines: list[NDArray[np.float64]] = []
    for index, step in enumerate(steps):
        drawn = step.trace.points if step.trace is not None else np.empty((0, 2))
        known = bool(np.isfinite(places[index]).all())
        if step.traced:
            later = step.step > 0 and known and len(drawn) > 1
            lines.append(remaining_line(drawn, places[index]) if later else drawn)
        else:
            lines.append(subsample_future(places[index:]) if known else drawn)
    return lines


def _events(steps: Sequence[Step], asked: NDArray[np.bool_], camera: str) -> pa.Array:
    """Return LeRobot's events: the trace that a plan follows, at the row where the plan begins."""
    kind = pa.struct(
        [
            pa.field("role", pa.string(), nullable=False),
            pa.field("content", pa.string()),
            pa.field("style", pa.string()),
            pa.field("camera", pa.string()),
            pa.field("tool_calls", pa.list_(pa.string())),
        ]
    )
    rows: list[list[dict[str, Any]]] = []
    for step, begins in zip(steps, asked, strict=True):
        if not begins or step.trace is None:
            rows.append([])
            continue
        content = {
            "label": "end effector",
            "point_format": "xy",
            "points": step.trace.points.tolist(),
            "norm": 255,
        }
        rows.append(
            [
                {
                    "role": "user" if step.traced else "assistant",
                    "content": json.dumps(content),
                    "style": "trace",
                    "camera": video_key(camera),
                    "tool_calls": None,
                }
            ]
        )
    return pa.array(rows, type=pa.list_(kind))
