"""What a robot data set consists of, and the columns that an action-reasoning data set adds.

An action-reasoning data set is a LeRobot data set of version 3.0 whose rows carry, beside their
original columns, the columns named here. ``meta/action_reasoning.json`` tells the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.trace import as_points
from core.types import MAX_TRACE_POINTS

ACTION = "action"
"""(7 per arm,) float32: change of position [m] and rotation vector [rad] in the base frame, then
gripper opening, 0 closed to 1 open; as :class:`core.types.ActionChunk`."""

CODES = "depth_codes"
"""(100,) int64 depth codes of the annotated camera's picture; may be missing."""

DEPTH_ERROR = "depth_error"
"""() float32: mean error of the decoded depth, as a share of the codec's range; may be missing."""

TRACE = "trace"
"""(10,) float32: x and y of up to 5 points in 0..255, -1 where there is no point."""

TRACE_LENGTH = "trace_length"
"""() int64: number of points, 0 to 5."""

TRACE_USER = "trace_user"
"""() bool: whether a person drew the trace; may be missing."""

TRACE_SUSPECT = "trace_suspect"
"""() bool: whether the gripper's place had to be guessed across a jump; may be missing."""

INTERVENTION = "intervention"
"""() bool: whether a person's trace steered the step; may be missing."""

SOURCE_FRAME = "source_frame"
"""() int64: number of the row in its original episode."""

JOINTS = ("x", "y", "z", "rx", "ry", "rz", "gripper")
"""Names of the values of :data:`ACTION`."""

NO_POINT = -1.0
ABOUT = "meta/action_reasoning.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column.

    Attributes:
        name: Name of the column.
        dtype: As in ``info.json``: "float32", "int64", "bool", "string", "image", "video", …
        shape: Of one row's value.
        names: Names of the values along its last axis, if they are told.
        entry: What ``info.json`` tells of it.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    entry: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_picture(self) -> bool:
        """Whether its values are pictures, of colour or of depth."""
        return self.dtype in ("image", "video")

    @property
    def is_camera(self) -> bool:
        """Whether its values are colour pictures."""
        facts = {**(self.entry.get("video_info") or {}), **(self.entry.get("info") or {})}
        depth = facts.get("is_depth_map") or facts.get("video.is_depth_map")
        return self.is_picture and not depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Where the pictures of an episode are in a video file.

    Attributes:
        path: The file.
        begin_s: Time of the episode's first picture in the file [s].
    """

    path: Path
    begin_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeInfo:
    """One episode.

    Attributes:
        number: ``episode_index``.
        length: Number of rows.
        tasks: What the robot was told.
        data: The parquet file with its rows, among those of others.
        clips: Videos by camera.
        about: What else its metadata tell, such as "success".
    """

    number: int
    length: int
    tasks: tuple[str, ...]
    data: Path
    clips: Mapping[str, Clip] = field(default_factory=dict[str, Clip])
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


def trace_row(points: ArrayLike) -> NDArray[np.float32]:
    """Return a trace as the (10,) values of :data:`TRACE`.

    Args:
        points: (L, 2) in 0..255, L <= 5.
    """
    row = np.full((MAX_TRACE_POINTS, 2), NO_POINT, np.float32)
    given = as_points(points)
    row[: len(given)] = given
    return row.ravel()


def trace_points(row: ArrayLike, length: int) -> NDArray[np.float64]:
    """Return the (L, 2) points in 0..255 of a row's :data:`TRACE` and :data:`TRACE_LENGTH`."""
    return np.asarray(row, dtype=np.float64).reshape(-1, 2)[: int(length)]
