"""Tables for all kinds of tasks: things to pick up, plates to put them on, room beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robot.sim.layout import (
    COLOURS,
    GRASPABLE,
    GREY,
    MIN_SPACING,
    PLATE,
    PLATE_SPACING,
    SLOTS_PER_SHAPE,
    Layout,
    ObjectSpec,
)

HELD_OUT_COMBINATIONS = frozenset(
    {("purple", "cylinder"), ("yellow", "brick"), ("orange", "plate")}
)
"""Colours and shapes that training shows, but never together."""

TASK_X = (0.42, 0.63)
"""Where centres lie along the base frame's x [m]."""

TASK_Y = (-0.18, 0.18)
MIDDLE_X = 0.53
BESIDE_DISTANCE = 0.07
"""From a thing's centre to the spot beside it [m], along x: there the fingers do not reach."""

SPOT_CLEARANCE = 0.085
"""Least distance of that spot to anything else [m]: the fingers open there."""

MOST_DISTRACTORS = 4
_YAW = 0.26
_TRIES = 60


def beside_spot(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (..., 2) spot beside a thing at (..., 2 or more) [m, base frame]: a pure function.

    It lies towards the middle of the table, at :data:`BESIDE_DISTANCE` along x.
    """
    place = np.asarray(place, dtype=np.float64)
    spot = place[..., :2].copy()
    spot[..., 0] += np.where(spot[..., 0] > MIDDLE_X, -BESIDE_DISTANCE, BESIDE_DISTANCE)
    return spot


def task_layout(seed: int, *, held_out_combinations: bool = False, distractors: int = 0) -> Layout:
    """Draw two or three things to pick up and one or two plates, all of distinct colours.

    There is room beside every thing (:func:`beside_spot`), and nothing lies on a plate.

    Args:
        seed: Same seed, same layout.
        held_out_combinations: Whether one of :data:`HELD_OUT_COMBINATIONS` is on the table;
            otherwise none is.
        distractors: Number of grey things besides, at most :data:`MOST_DISTRACTORS`.

    Raises:
        ValueError: If there are more distractors than that.
    """
    if not 0 <= distractors <= MOST_DISTRACTORS:
        raise ValueError(f"{distractors} distractors; expected 0 to {MOST_DISTRACTORS}")
    rng = np.random.default_rng([seed, 25, int(held_out_combinations)])
    shapes = [str(name) for name in rng.choice(GRASPABLE, int(rng.integers(2, 4)))]
    # one brick at most: two are as long as the way between things that are next to each other
    while shapes.count("brick") > 1:
        shapes[shapes.index("brick")] = str(rng.choice(GRASPABLE[:2]))
    # a full table with a second plate leaves no room beside things
    plates = 2 if len(shapes) == 2 and rng.random() < 0.6 else 1
    shapes += [PLATE] * plates
    colours = _colours(rng, shapes, held_out_combinations)
    places = _places(rng, shapes)
    yaws = rng.uniform(-_YAW, _YAW, len(shapes)).tolist()
    grey = np.random.default_rng([seed, 26])  # the same table, with and without them
    while (spread := _add(grey, places, distractors)) is None:
        places = _places(rng, shapes)
    for _ in range(distractors):
        free = [name for name in GRASPABLE if shapes.count(name) < SLOTS_PER_SHAPE[name]]
        shapes.append(str(grey.choice(free)))
        yaws.append(float(grey.uniform(-_YAW, _YAW)))
    colours += [GREY] * distractors
    used = dict.fromkeys(SLOTS_PER_SHAPE, 0)
    objects: list[ObjectSpec] = []
    for colour, shape, (x, y), turn in zip(colours, shapes, spread, yaws, strict=True):
        slot = f"{shape}_{used[shape]}"
        used[shape] += 1
        yaw = 0.0 if shape == PLATE else turn
        objects.append(
            ObjectSpec(slot=slot, colour=colour, shape=shape, x=float(x), y=float(y), yaw=yaw)
        )
    return Layout(objects=tuple(objects), seed=seed)


def holds_held_out(layout: Layout) -> bool:
    """Tell whether a layout has a combination that training must not show."""
    return any((item.colour, item.shape) in HELD_OUT_COMBINATIONS for item in layout.objects)


def _colours(rng: np.random.Generator, shapes: list[str], held_out: bool) -> list[str]:
    """Draw distinct colours; with ``held_out`` one combination is a held-out one, else none."""
    if held_out:
        wanted = sorted(pair for pair in HELD_OUT_COMBINATIONS)
        colour, shape = wanted[int(rng.integers(len(wanted)))]
        if shape not in shapes:
            shapes[0] = shape
        rest = [str(name) for name in rng.permutation([c for c in COLOURS if c != colour])]
        at = shapes.index(shape)
        return [*rest[:at], colour, *rest[at : len(shapes) - 1]]
    while True:
        names = [str(name) for name in rng.permutation(list(COLOURS))[: len(shapes)]]
        if not HELD_OUT_COMBINATIONS & set(zip(names, shapes, strict=True)):
            return names


def _places(rng: np.random.Generator, shapes: list[str]) -> list[NDArray[np.float64]]:
    """Place things one after another, beginning anew when no room is left."""
    while True:
        places: list[NDArray[np.float64]] = []
        for index, shape in enumerate(shapes):
            found = None
            for _ in range(_TRIES):
                place = rng.uniform([TASK_X[0], TASK_Y[0]], [TASK_X[1], TASK_Y[1]])
                if _fits(place, shape, places, shapes[:index]):
                    found = place
                    break
            if found is None:
                break
            places.append(found)
        if len(places) == len(shapes):
            return places


def _fits(
    place: NDArray[np.float64], shape: str, places: list[NDArray[np.float64]], shapes: list[str]
) -> bool:
    """Tell whether a thing keeps its distance to others and to the spots beside things."""
    for other, kind in zip(places, shapes, strict=True):
        gap = PLATE_SPACING if PLATE in (shape, kind) else MIN_SPACING
        if np.linalg.norm(place - other) < gap:
            return False
        if kind != PLATE and np.linalg.norm(place - beside_spot(other)) < SPOT_CLEARANCE:
            return False
        if shape != PLATE and np.linalg.norm(other - beside_spot(place)) < SPOT_CLEARANCE:
            return False
    return True


def _add(
    rng: np.random.Generator, places: list[NDArray[np.float64]], count: int
) -> list[NDArray[np.float64]] | None:
    """Add distractors away from things and from the spots beside them; None without room."""
    result = list(places)
    for _ in range(count):
        for _ in range(20 * _TRIES):
            # distractors may stand farther out than what is grasped
            place = rng.uniform([0.36, TASK_Y[0] - 0.06], [TASK_X[1], TASK_Y[1] + 0.04])
            near = [np.linalg.norm(place - other) for other in result]
            near += [np.linalg.norm(place - beside_spot(other)) for other in places]
            if min(near) >= SPOT_CLEARANCE:
                result.append(place)
                break
        else:
            return None
    return result
