"""A row of a LeRobot dataset for every step that an arm carried out; what the columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.episode import Outcome
from core.export.pose import DELTA, POSE, pose_values
from core.export.take import NS, Step, Take
from core.types import MAX_TRACE_POINTS

NO_POINT, NO_PROGRESS = -1.0, -1.0
"""Stand for a point that a trace does not have and for progress that nobody gave: training code
stumbles over NaN."""

_POINTS = [f"{axis}{i}" for i in range(MAX_TRACE_POINTS) for axis in "xy"]

MEANING = {
    "observation.state": "measured before the step, in the base frame: position of the end "
    "effector [m], first two columns of its rotation, gripper opening 0 (closed) to 1 (open)",
    "observation.joints": "measured before the step: joint angles [rad]",
    "observation.age": "how old each camera's picture was when the step began [s], in the order of "
    "the names; the pictures are the newest ones by then",
    "action": "the row of the chunk that was executed: change of position [m] and rotation [rad] "
    "in the base frame, added to the commanded pose, then gripper opening 0 to 1",
    "trace": "the trace that the plan followed, x and y of up to 5 points, 0 to 255 across the "
    "first camera's picture; -1 where there is no point",
    "trace_points": "number of points of the trace; 0 without one",
    "steered": "whether a person drew that trace",
    "intervention": "whether a person's trace or changed words made the step what it was",
    "success": "whether a person called the whole episode a success",
    "progress": "how far the whole episode got, 0 to 1, as a person said; -1 when nobody did",
    "recorded_time": "when the step began [s since the session began], pauses included",
    "step_seconds": "how long the step really took [s]",
    "next.reward": "1 on the last row of a success, else 0",
    "next.done": "whether this is the last row of its episode",
    "next.success": "whether this is the last row of a success",
}

RULES = (
    "One row for every step that was executed; planned steps that were not run are left out.",
    "timestamp = frame_index / fps is control-step time: the pauses in which the policy was "
    "thinking are cut out. recorded_time and step_seconds keep the real times.",
    "Nothing is interpolated: states and pictures are the newest ones when a step began.",
    "task is what the policy was told for the step; it may change within an episode.",
    "Episodes that were marked as discarded are left out unless they were asked for.",
)


def usable(take: Take) -> list[Step]:
    """Return the steps before which the arm's state is known."""
    return [step for step in take.steps if step.before is not None]


def features(cameras: dict[str, tuple[int, int]], fps: int) -> dict[str, dict[str, Any]]:
    """Return the ``features`` of ``info.json``.

    Args:
        cameras: (width, height) by camera.
        fps: Rows per second.
    """
    table = {
        "observation.state": _feature("float32", list(POSE)),
        "observation.joints": _feature("float32", [f"joint{i + 1}" for i in range(7)]),
        "observation.age": _feature("float32", sorted(cameras)),
        "action": _feature("float32", list(DELTA)),
        "trace": _feature("float32", _POINTS),
        "trace_points": _feature("int64"),
        "steered": _feature("bool"),
        "intervention": _feature("bool"),
        "success": _feature("bool"),
        "progress": _feature("float32"),
        "recorded_time": _feature("float64"),
        "step_seconds": _feature("float32"),
        "next.reward": _feature("float32"),
        "next.done": _feature("bool"),
        "next.success": _feature("bool"),
        "timestamp": _feature("float32"),
        "frame_index": _feature("int64"),
        "episode_index": _feature("int64"),
        "index": _feature("int64"),
        "task_index": _feature("int64"),
    }
    for name, size in sorted(cameras.items()):
        table[video_key(name)] = video_feature(size, fps)
    return table


def video_feature(size: tuple[int, int], fps: int) -> dict[str, Any]:
    """Return the feature of a camera's video; ``size`` is (width, height) [px]."""
    width, height = size
    return {
        "dtype": "video",
        "shape": [height, width, 3],
        "names": ["height", "width", "channels"],
        "info": {
            "video.height": height,
            "video.width": width,
            "video.codec": "h264",
            "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False,
            "video.fps": fps,
            "video.channels": 3,
            "has_audio": False,
        },
    }


def video_key(camera: str) -> str:
    """Return the column of a camera; a slash in it would be a folder."""
    return f"observation.images.{camera.replace('/', '_')}"


def columns(
    take: Take, steps: Sequence[Step], ages: NDArray[np.floating], fps: int, first: dict[str, Any]
) -> dict[str, NDArray[Any]]:
    """Return the columns of an episode, each (N,) or (N, D).

    Args:
        take: The episode.
        steps: Its steps, N of them, each with the state before it.
        ages: (N, cameras) age of the pictures [s].
        fps: Rows per second.
        first: "episode", "index" of the first row, and "tasks", the index by instruction.
    """
    count = len(steps)
    traces = [_trace(step) for step in steps]
    success = take.outcome is Outcome.SUCCESS
    last = np.arange(count) == count - 1
    progress = NO_PROGRESS if take.progress is None else take.progress / 100
    before = [step.before for step in steps if step.before is not None]
    return {
        "observation.state": np.stack([pose_values(state) for state in before]),
        "observation.joints": np.stack([state.q for state in before]),
        "observation.age": np.asarray(ages),
        "action": np.stack([step.action for step in steps]),
        "trace": np.stack(traces),
        "trace_points": np.array([0 if s.trace is None else len(s.trace.points) for s in steps]),
        "steered": np.array([step.traced for step in steps]),
        "intervention": np.array([step.intervened for step in steps]),
        "success": np.full(count, success),
        "progress": np.full(count, progress),
        "recorded_time": np.array([(step.begun_ns - take.zero_ns) / NS for step in steps]),
        "step_seconds": np.array([(step.done_ns - step.begun_ns) / NS for step in steps]),
        "next.reward": (last & success).astype(np.float32),
        "next.done": last,
        "next.success": last & success,
        "timestamp": np.arange(count) / fps,
        "frame_index": np.arange(count),
        "episode_index": np.full(count, first["episode"]),
        "index": first["index"] + np.arange(count),
        "task_index": np.array([first["tasks"][step.instruction] for step in steps]),
    }


def as_table(data: dict[str, NDArray[Any]], kinds: dict[str, dict[str, Any]]) -> pa.Table:
    """Return columns as an Arrow table of the types that the features declare."""
    arrays: dict[str, Any] = {}
    for name, values in data.items():
        kind: Any = {"bool": pa.bool_()}.get(kinds[name]["dtype"]) or getattr(
            pa, kinds[name]["dtype"]
        )()
        width = kinds[name]["shape"][0]
        if width == 1:
            arrays[name] = pa.array(values.reshape(-1).tolist(), type=kind)
        else:
            arrays[name] = pa.array(values.tolist(), type=pa.list_(kind, width))
    return pa.table(arrays)


def _feature(dtype: str, names: list[str] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [len(names) if names else 1], "names": names}


def _trace(step: Step) -> NDArray[np.float64]:
    points = np.full((MAX_TRACE_POINTS, 2), NO_POINT)
    if step.trace is not None:
        points[: len(step.trace.points)] = step.trace.points
    return points.ravel()
