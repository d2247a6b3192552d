"""Labels of recorded frames: the expert's chunk and trace for every task that fits a frame.

One frame gives as many labelled pairs as tasks make sense in it (:mod:`training.pairs`), since the
expert has no memory. Times are steps of the lab (5 Hz). A trace runs from the tool's place to where
the fingers close (or, with a thing in the hand, to where it is lifted), for a thing that is put
somewhere by way of it to where it is let go; it is sub-sampled by the paper's rule to at most five
points. Everything is projected with the episode's own camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.trace import subsample_future, to_model
from core.types import StudioError
from robot.sim.expert import EMPTY_WIDTH, HandState, Played, path_lengths, play
from robot.sim.scene import FRAME_SIZE, camera_models
from training.pairs import PICK, Pairs, find_pairs

CHUNK = 8
HORIZONS = {True: 26, False: 60}
"""Steps that a trace looks ahead: those of the longest pick-up, and of the longest other task."""

STATE_FIELDS = ("tool", "width", "objects", "colour", "shape", "held", "camera", "episode")


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
    """Labels of P pairs of a frame and a task.

    Attributes:
        frame: (P,) running number over all shards.
        kind: (P,) index into :data:`training.pairs.KINDS`.
        target: (P,) index of the thing in its frame.
        reference: (P,) index of the plate or neighbour it goes to, -1 for a pick-up.
        actions: (P, 8, 7) as in :class:`core.types.ActionChunk`.
        trace: (P, 5, 2) in 0..255; rows beyond ``trace_length`` are NaN.
        trace_length: (P,) 1 to 5.
        tool: (P, 2) the tool in the front image, 0..255.
        goal: (P, 2) where the hand goes next in the front image, 0..255: the target's centre, or
            with the target in the hand its destination.
        end: (P, 2) where the whole task ends, 0..255: the target's centre or its destination.
        focus: (P,) index of the thing at (or beside) ``goal``.
        distance: (P,) horizontal distance from the tool to there [m].
        held: (P,) whether the target is in the hand.
        placed: (P,) whether it lies where it shall go, and the hand only has to leave.
        empty: (P,) whether the fingers closed on nothing.
    """

    frame: NDArray[np.int64]
    kind: NDArray[np.int8]
    target: NDArray[np.int64]
    reference: NDArray[np.int64]
    actions: NDArray[np.float32]
    trace: NDArray[np.float32]
    trace_length: NDArray[np.int64]
    tool: NDArray[np.float32]
    goal: NDArray[np.float32]
    end: NDArray[np.float32]
    focus: NDArray[np.int64]
    distance: NDArray[np.float32]
    held: NDArray[np.bool_]
    placed: NDArray[np.bool_]
    empty: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.frame)


def front_coordinates(
    points: NDArray[np.float64], poses: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Project (N, ..., 3) points of the base frame [m] to 0..255 in the front image, clipped.

    Args:
        points: Where things are.
        poses: (N, 4, 4) pose of the front camera for each; its usual place when None.
    """
    camera = camera_models()["front"]
    if poses is None:
        pixels = camera.project(points)
    else:
        extra = (1,) * (points.ndim - 2)
        rotation = poses[:, :3, :3].reshape(-1, *extra, 3, 3)
        local = points - poses[:, :3, 3].reshape(-1, *extra, 3)
        local = (local[..., None, :] @ rotation)[..., 0, :]
        pixels = (local / local[..., 2:] @ camera.intrinsics.T)[..., :2]
    return to_model(pixels - 0.5, FRAME_SIZE)  # corner to pixel-index convention


def label_states(states: dict[str, NDArray[Any]], first_frame: int = 0) -> Labels:
    """Label every sensible pair of frame and task.

    With an object in the hand only that object is a target; fingers closed on nothing are labelled
    "open" whatever the task. Frames with many tasks keep a random few of them.

    Args:
        states: Arrays of N frames as in :class:`Shard`.
        first_frame: Running number of the first one.
    """
    pairs = find_pairs(states, seed=first_frame)
    picks = pairs.kind == PICK
    parts = [
        _label(states, pairs.take(np.nonzero(picks == only)[0]), HORIZONS[only], first_frame)
        for only in (True, False)
    ]
    joined = join_labels([part for part in parts if len(part)] or parts[:1])
    order = np.argsort(joined.frame, kind="stable")
    names = Labels.__dataclass_fields__
    return Labels(**{name: getattr(joined, name)[order] for name in names})


def _label(states: dict[str, NDArray[Any]], pairs: Pairs, steps: int, first_frame: int) -> Labels:
    """Play the expert for pairs that share a horizon."""
    frame, target = pairs.frame, pairs.target
    tool, width = states["tool"][frame], states["width"][frame]
    centre, poses = states["objects"][frame, target], states["camera"][frame]
    start = HandState(position=tool, width=width)
    played = play(start, centre, pairs.destination, steps=steps)
    trace, length = _traces(played, poses)
    carries = np.isfinite(pairs.destination[:, :1])
    end = np.where(carries, pairs.destination, centre)
    held = states["held"][frame] == target
    going = held & (pairs.kind != PICK)
    goal = np.where(going[:, None], pairs.destination, centre)
    return Labels(
        frame=frame + first_frame,
        kind=pairs.kind,
        target=target,
        reference=pairs.reference,
        actions=played.actions[:, :CHUNK].astype(np.float32),
        trace=trace,
        trace_length=length,
        tool=front_coordinates(tool, poses).astype(np.float32),
        goal=front_coordinates(goal, poses).astype(np.float32),
        end=front_coordinates(end, poses).astype(np.float32),
        focus=np.where(going, pairs.reference, target),
        distance=np.linalg.norm((goal - tool)[:, :2], axis=1).astype(np.float32),
        held=held,
        placed=played.placed[:, 0],
        empty=width <= EMPTY_WIDTH,
    )


def _traces(
    played: Played, poses: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Sub-sample the tool's remaining path in the picture."""
    pixels = front_coordinates(played.positions, poses)
    ends = path_lengths(played)
    traces = np.full((len(ends), 5, 2), np.nan, dtype=np.float32)
    lengths = np.zeros(len(ends), dtype=np.int64)
    for index, (path, end) in enumerate(zip(pixels, ends.tolist(), strict=True)):
        points = subsample_future(path[:end])
        traces[index, : len(points)] = points
        lengths[index] = len(points)
    return traces, lengths


def join_labels(parts: list[Labels]) -> Labels:
    """Join the labels of several shards."""
    names = Labels.__dataclass_fields__
    return Labels(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
