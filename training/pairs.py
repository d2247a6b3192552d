"""Which tasks make sense in which recorded frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.sim.expert import EMPTY_WIDTH, OPEN_WIDTH, is_placed
from robot.sim.layout import GRASPABLE, PLATE, SHAPES
from robot.sim.scene import rest_height
from robot.sim.task_layout import SPOT_CLEARANCE, beside_spot
from robot.sim.tasks import TaskKind

KINDS = (TaskKind.PICK, TaskKind.PLACE, TaskKind.BESIDE)
PICK, PLACE, BESIDE = range(3)

MOST_PAIRS = 2
"""How many tasks of PLACE, and of BESIDE, a frame keeps when nothing is held: the one with the
shortest way, and random others."""

LEFT_WITHIN = 0.17
"""Distance [m] from a thing that lies where it shall go beyond which there is nothing to show."""

REACH = ((0.39, 0.68), (-0.24, 0.24))
"""Where things can be taken and put along the base frame's x and y [m]."""

UPRIGHT = 0.02
"""How far from its height at rest the thing or plate that is gone to may be [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """P pairs of a frame and a task.

    Attributes:
        frame: (P,) index of the frame, rising.
        kind: (P,) index into :data:`KINDS`.
        target: (P,) index of the thing in its frame.
        reference: (P,) index of plate or neighbour, -1 for a pick-up.
        destination: (P, 3) where the target shall come to rest [m, base frame]; NaN for a pick-up.
    """

    frame: NDArray[np.int64]
    kind: NDArray[np.int8]
    target: NDArray[np.int64]
    reference: NDArray[np.int64]
    destination: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> Pairs:
        """Return some of the pairs."""
        names = self.__dataclass_fields__
        return Pairs(**{name: getattr(self, name)[rows] for name in names})


def in_reach(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which (..., 2 or more) places [m, base frame] the hand works at."""
    (left, right), (near, far) = REACH
    x, y = places[..., 0], places[..., 1]
    return (x >= left) & (x <= right) & (y >= near) & (y <= far)


def find_pairs(states: dict[str, NDArray[Any]], seed: int = 0) -> Pairs:
    """Find the tasks of N frames.

    Args:
        states: Arrays of N frames as in :class:`training.labels.Shard`.
        seed: Seed of the choice among many tasks.
    """
    objects, held = states["objects"], states["held"]
    shape = states["shape"].astype(int)
    most = objects.shape[1]
    present = np.isfinite(objects[..., 0])
    graspable = present & np.isin(shape, [SHAPES.index(name) for name in GRASPABLE])
    plate = present & (shape == SHAPES.index(PLATE))
    index = np.arange(most)
    # a half-closed hand away from every object cannot be told from the picture
    width = states["width"]
    unclear = (held < 0) & (width > EMPTY_WIDTH) & (width < OPEN_WIDTH)
    wanted = (
        graspable
        & in_reach(objects)
        & ((held[:, None] < 0) | (held[:, None] == index))
        & ~unclear[:, None]
    )

    heights = np.array([rest_height(name) for name in SHAPES])
    upright = np.abs(objects[..., 2] - heights[shape]) < UPRIGHT
    spots = np.where(plate[..., None], objects[..., :2], beside_spot(objects))
    goes = (plate | graspable) & upright & in_reach(spots)
    # (N, target, reference)
    fits = wanted[:, :, None] & goes[:, None, :] & ~np.eye(most, dtype=bool)
    brick = shape == SHAPES.index("brick")
    fits &= ~(brick[:, :, None] & brick[:, None, :])
    gaps = np.linalg.norm(objects[:, None, :, :2] - spots[:, :, None], axis=-1)
    near = np.nan_to_num(gaps, nan=np.inf) < SPOT_CLEARANCE - 0.01  # (N, reference, other)
    near[:, index, index] = False
    # of what is near the spot, only the target itself may be there
    crowded = near.sum(2)[:, None, :] - near.swapaxes(1, 2)
    fits &= crowded == 0

    rng = np.random.default_rng([seed, 31])
    frame, target = np.nonzero(wanted)
    parts = [(frame, np.full(len(frame), PICK), target, np.full(len(frame), -1))]
    for kind, of_kind in ((PLACE, plate), (BESIDE, graspable)):
        rows = np.stack(np.nonzero(fits & of_kind[:, None, :]))
        centre, goal = objects[rows[0], rows[1]], spots[rows[0], rows[2]]
        way = np.linalg.norm(goal - centre[:, :2], axis=1)
        way += 10.0 * np.linalg.norm((centre - states["tool"][rows[0]])[:, :2], axis=1)
        rows = rows[:, _few(rng, rows[0], way, held)]
        parts.append((rows[0], np.full(rows.shape[1], kind), rows[1], rows[2]))
    frame, kinds, target, reference = (
        np.concatenate(arrays) for arrays in zip(*parts, strict=True)
    )
    pairs = Pairs(
        frame=frame,
        kind=kinds.astype(np.int8),
        target=target,
        reference=reference,
        destination=_destinations(shape, spots, frame, kinds, target, reference),
    )
    centre = objects[frame, target]
    far = np.linalg.norm(states["tool"][frame] - centre, axis=1) > LEFT_WITHIN
    keep = ~(is_placed(centre, pairs.destination) & far)
    order = np.argsort(frame[keep], kind="stable")
    return pairs.take(np.nonzero(keep)[0][order])


def _few(
    rng: np.random.Generator,
    frame: NDArray[np.int64],
    way: NDArray[np.float64],
    held: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return rows that are kept: all of frames with something in the hand, few of the others.

    The one with the shortest way comes first and is always kept: it is what is meant when an
    instruction leaves open which things.
    """
    order = rng.permutation(len(frame))
    order = order[np.lexsort((way[order], frame[order]))]
    first = np.append(True, np.diff(frame[order]) > 0)[: len(order)]
    rest = order[~first]
    rest = rng.permutation(rest)
    order = np.concatenate([order[first], rest])
    order = order[np.argsort(frame[order], kind="stable")]
    ordered = frame[order]
    place = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return order[(place < MOST_PAIRS) | (held[ordered] >= 0)]


def _destinations(
    shape: NDArray[np.int64],
    spots: NDArray[np.float64],
    frame: NDArray[np.int64],
    kind: NDArray[np.int64],
    target: NDArray[np.int64],
    reference: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the (P, 3) places where targets shall come to rest, as robot.sim.tasks has it."""
    on_table = np.array([rest_height(name) for name in SHAPES])
    on_plate = np.array([rest_height(name, PLATE) for name in SHAPES])
    result = np.full((len(frame), 3), np.nan)
    goes = kind != PICK
    result[goes, :2] = spots[frame[goes], reference[goes]]
    own = shape[frame, target]
    height = np.where(kind == PLACE, on_plate[own], on_table[own])
    result[goes, 2] = height[goes]
    return result
