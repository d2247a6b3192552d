"""Labels of recorded frames: the expert's chunk and trace towards every object on the table.

One frame with N objects gives N labelled pairs, since the expert has no memory. Times are steps of
the lab (5 Hz). A trace runs from the tool's place to where the fingers close, or, with an object in
the hand, to where it is lifted; it is sub-sampled by the paper's rule to at most five points.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.trace import subsample_future, to_model
from core.types import StudioError
from robot.sim.expert import EMPTY_WIDTH, OPEN_WIDTH, HandState, play_forward
from robot.sim.scene import FRAME_SIZE, camera_models

CHUNK = 8
HORIZON = 26
"""Steps of the longest episode; a trace looks this far ahead."""

STATE_FIELDS = ("tool", "width", "objects", "colour", "shape", "held", "episode")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shard:
    """One shard of demonstrations; pictures stay on disk until they are read.

    Attributes:
        front: (N, H, W, 3) uint8.
        wrist: (N, H, W, 3) uint8.
        depth: (M, H, W) float16 [m].
        depth_index: (M,) frame of each depth map.
        states: Per-frame arrays named in :data:`STATE_FIELDS`.
    """

    front: NDArray[np.uint8]
    wrist: NDArray[np.uint8]
    depth: NDArray[np.float16]
    depth_index: NDArray[np.int64]
    states: dict[str, NDArray[Any]]


def open_shards(folder: Path) -> list[Shard]:
    """Open every finished shard below a folder, in order.

    Raises:
        StudioError: If there is none.
    """
    folders = sorted(path for path in folder.glob("shard_*") if not path.suffix)
    if not folders:
        raise StudioError(f"there are no demonstrations in '{folder}'; run `train collect` first")
    return [
        Shard(
            front=np.load(path / "front.npy", mmap_mode="r"),
            wrist=np.load(path / "wrist.npy", mmap_mode="r"),
            depth=np.load(path / "depth.npy", mmap_mode="r"),
            depth_index=np.load(path / "depth_index.npy"),
            states={name: np.load(path / f"{name}.npy") for name in STATE_FIELDS},
        )
        for path in folders
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Labels of P pairs of a frame and a target.

    Attributes:
        frame: (P,) running number over all shards.
        target: (P,) index of the object in its frame.
        actions: (P, 8, 7) as in :class:`core.types.ActionChunk`.
        trace: (P, 5, 2) in 0..255; rows beyond ``trace_length`` are NaN.
        trace_length: (P,) 1 to 5.
        goal: (P, 2) the target's centre in the front image, 0..255.
        tool: (P, 2) the tool in the front image, 0..255.
        distance: (P,) horizontal distance from tool to target [m].
        held: (P,) whether the target is in the hand.
        empty: (P,) whether the fingers closed on nothing.
    """

    frame: NDArray[np.int64]
    target: NDArray[np.int64]
    actions: NDArray[np.float32]
    trace: NDArray[np.float32]
    trace_length: NDArray[np.int64]
    goal: NDArray[np.float32]
    tool: NDArray[np.float32]
    distance: NDArray[np.float32]
    held: NDArray[np.bool_]
    empty: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.frame)


def front_coordinates(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project (..., 3) points of the base frame [m] to 0..255 in the front image, clipped."""
    pixels = camera_models()["front"].project(points) - 0.5  # corner to pixel-index convention
    return to_model(pixels, FRAME_SIZE)


def label_states(states: dict[str, NDArray[Any]], first_frame: int = 0) -> Labels:
    """Label every sensible pair of frame and target.

    With an object in the hand only that object is a target; fingers closed on nothing are labelled
    "open" whatever the target.

    Args:
        states: Arrays of N frames as in :class:`Shard`.
        first_frame: Running number of the first one.
    """
    objects, held = states["objects"], states["held"]
    present = np.isfinite(objects[..., 0])
    slots = np.arange(objects.shape[1])
    wanted = present & ((held[:, None] < 0) | (held[:, None] == slots))
    # a half-closed hand away from every object cannot be told from the picture
    width = states["width"]
    unclear = (held < 0) & (width > EMPTY_WIDTH) & (width < OPEN_WIDTH)
    frame, target = np.nonzero(wanted & ~unclear[:, None])
    centre = objects[frame, target]
    tool = states["tool"][frame]
    start = HandState(position=tool, width=width[frame])
    actions, positions, opened = play_forward(start, centre, steps=HORIZON)
    trace, length = _traces(positions, opened)
    return Labels(
        frame=frame + first_frame,
        target=target,
        actions=actions[:, :CHUNK].astype(np.float32),
        trace=trace,
        trace_length=length,
        goal=front_coordinates(centre).astype(np.float32),
        tool=front_coordinates(tool).astype(np.float32),
        distance=np.linalg.norm(centre[:, :2] - tool[:, :2], axis=1).astype(np.float32),
        held=held[frame] == target,
        empty=width[frame] <= EMPTY_WIDTH,
    )


def _traces(
    positions: NDArray[np.float64], opened: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut the tool's future path at the end of the current phase and sub-sample it."""
    pixels = front_coordinates(positions)
    still = np.linalg.norm(np.diff(positions, axis=1), axis=2) < 1e-6
    traces = np.full((len(positions), 5, 2), np.nan, dtype=np.float32)
    lengths = np.zeros(len(positions), dtype=np.int64)
    for index, path in enumerate(pixels):
        # an opening hand starts a new phase, so only a closing one ends the trace
        closing = np.nonzero(opened[index, :-1] & ~opened[index, 1:])[0]
        end = int(closing[0]) + 1 if len(closing) else len(path)
        # the hand rests after lifting: keep the path up to its last motion
        moving = np.nonzero(~still[index, : end - 1])[0]
        end = int(moving[-1]) + 2 if len(moving) else 1
        points = subsample_future(path[:end])
        traces[index, : len(points)] = points
        lengths[index] = len(points)
    return traces, lengths


def join_labels(parts: list[Labels]) -> Labels:
    """Join the labels of several shards."""
    names = Labels.__dataclass_fields__
    return Labels(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
