"""The table of a case, and which of its tasks may be asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot.sim.harness.cases import BLOCK, Axis, Case, Scene, held_out_seeds
from robot.sim.layout import (
    MIN_SPACING,
    PLATE,
    PLATE_SPACING,
    WORKSPACE_X,
    WORKSPACE_Y,
    Layout,
    ObjectSpec,
    random_layout,
)
from robot.sim.scene import FRAME_SIZE, camera_models, rest_height
from robot.sim.task_layout import HELD_OUT_COMBINATIONS, SPOT_CLEARANCE, beside_spot, task_layout
from robot.sim.tasks import Task, possible_tasks

DISTRACTORS = 2
RIM_INNER, RIM_OUTER = 0.015, 0.045
"""The rim of the "spatial" axis: so far beyond the box that training fills [m]."""

_MARGIN = 14.0
"""How far from the picture's border the middle of a thing at the rim is [px]."""

_TRIES = 400


class NoTaskError(StudioError):
    """A table has no task of the wanted kind."""


def case_layout(case: Case) -> Layout:
    """Return what lies on the table in a case; it has a task of the case's kind.

    Raises:
        StudioError: If the simple scene is asked for what it does not have.
    """
    if case.scene is Scene.SIMPLE:
        if case.axis in (Axis.DISTRACTORS, Axis.NOVEL):
            raise StudioError(
                f"the simple scene has no '{case.axis}' tables; leave --scene simple away"
            )
        layout = random_layout(case.seed)
    else:
        novel, distractors = case.axis is Axis.NOVEL, case.axis is Axis.DISTRACTORS
        layout = task_layout(
            case.seed, held_out_combinations=novel, distractors=DISTRACTORS * distractors
        )
    layout = _named_once(layout)
    if case.axis is Axis.SPATIAL:
        layout = rim_layout(layout, np.random.default_rng([case.seed, 40]))
    return layout


def case_tasks(case: Case, layout: Layout) -> list[Task]:
    """Return the tasks that may be asked for in a case, in a fixed order.

    Raises:
        NoTaskError: If the table has none of this kind.
    """
    tasks = possible_tasks(layout, case.kind)
    if case.axis is Axis.NOVEL:
        tasks = [task for task in tasks if _is_novel(task)]
    if not tasks:
        raise NoTaskError(
            f"table {case.seed} has no task of kind '{case.kind}'"
            f"{' with a held-out combination' if case.axis is Axis.NOVEL else ''}"
        )
    return tasks


def tables(case: Case, block: int, episodes: int) -> list[int]:
    """Return seeds of held-out tables that have a task for a case, the first ones of a block.

    Args:
        case: Kind of task, axis and scene; its seed is not looked at.
        block: Number of the block of held-out tables.
        episodes: How many.

    Raises:
        StudioError: If the block has not that many.
    """
    found: list[int] = []
    for seed in held_out_seeds(block, BLOCK):
        if len(found) == episodes:
            return found
        one = replace(case, seed=seed)
        try:
            case_tasks(one, case_layout(one))
        except NoTaskError:
            continue
        found.append(seed)
    raise StudioError(f"a block has only {len(found)} tables for '{case.kind}'; ask for fewer")


def rim_layout(layout: Layout, rng: np.random.Generator) -> Layout:
    """Move the things of a table to the rim around the box that training fills.

    Things keep their distances, and room beside them, as on other tables. Where a table is so full
    that they do not all fit, the rest stays where it is.

    Args:
        layout: The table.
        rng: Source of randomness.
    """
    for _ in range(_TRIES):
        placed: list[ObjectSpec] = []
        for item in layout.objects:
            found = _rim_place(item, placed, rng)
            if found is None:
                break
            placed.append(found)
        if len(placed) == len(layout.objects):
            return replace(layout, objects=tuple(placed))
    return layout


def _rim_place(
    item: ObjectSpec, placed: list[ObjectSpec], rng: np.random.Generator
) -> ObjectSpec | None:
    for _ in range(30):
        x, y = _rim_point(rng)
        moved = replace(item, x=float(x), y=float(y))
        if _is_seen(moved) and all(_apart(moved, other) for other in placed):
            return moved
    return None


def _is_seen(item: ObjectSpec) -> bool:
    """Tell whether a thing is well within the front picture."""
    place = np.array([item.x, item.y, rest_height(item.shape)])
    pixel = camera_models()["front"].project(place)
    return bool((pixel > _MARGIN).all() and (pixel < np.array(FRAME_SIZE) - _MARGIN).all())


def _rim_point(rng: np.random.Generator) -> NDArray[np.float64]:
    low = np.array([WORKSPACE_X[0], WORKSPACE_Y[0]])
    high = np.array([WORKSPACE_X[1], WORKSPACE_Y[1]])
    point = rng.uniform(low - RIM_OUTER, high + RIM_OUTER)
    axis = int(rng.integers(2))
    beyond = rng.uniform(RIM_INNER, RIM_OUTER)
    point[axis] = low[axis] - beyond if rng.random() < 0.5 else high[axis] + beyond
    return point


def _apart(one: ObjectSpec, other: ObjectSpec) -> bool:
    first, second = np.array([one.x, one.y]), np.array([other.x, other.y])
    least = PLATE_SPACING if PLATE in (one.shape, other.shape) else MIN_SPACING
    gaps = [float(np.linalg.norm(first - second)) - least]
    if one.shape != PLATE:
        gaps.append(float(np.linalg.norm(second - beside_spot(first))) - SPOT_CLEARANCE)
    if other.shape != PLATE:
        gaps.append(float(np.linalg.norm(first - beside_spot(second))) - SPOT_CLEARANCE)
    return min(gaps) >= 0.0


def _is_novel(task: Task) -> bool:
    names = [name for name in (task.target, task.reference) if name]
    return any(tuple(name.split(" ", 1)) in HELD_OUT_COMBINATIONS for name in names)


def _named_once(layout: Layout) -> Layout:
    """Leave out distractors of a name that is taken: the lab's protocol knows things by name."""
    kept: dict[str, ObjectSpec] = {}
    for item in layout.objects:
        kept.setdefault(item.name, item)
    return replace(layout, objects=tuple(kept.values()))
