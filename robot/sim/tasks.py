"""What the arm is asked to do in the lab, and what counts as done, as the paper scores it.

Three kinds of task: pick a thing up, put it on a plate, put it next to another thing. Everything
here is a pure function of the layout and of where things are, so that a recorded frame can be
labelled for every task that makes sense in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from robot.sim.layout import PLATE, Layout, ObjectSpec
from robot.sim.scene import PLATE_RADIUS, rest_height
from robot.sim.task_layout import SPOT_CLEARANCE, beside_spot

LIFTED_BY = 0.06
"""Height above its resting place at which an object counts as lifted [m]."""

GRASPED_BY = 0.012
RIGHT_DIRECTION = 0.05
"""Distance within which the hand has reached an object's side of the table [m]."""

ON_PLATE_WITHIN = PLATE_RADIUS - 0.010
"""How far from a plate's centre a thing on it may stand [m]."""

BESIDE_WITHIN = (0.045, 0.10)
"""How far apart the centres of things next to each other are [m]."""

CARRIED_WITHIN = 0.06
"""Distance from the destination within which a held thing counts as carried there [m]."""

STANDS_WITHIN = 0.012
"""How exactly a thing has the height that it has at rest [m]; a toppled one still does."""

CLEAR_BY = 0.04
"""How far the hand is from a thing that it has left [m]."""

RELEASED_WIDTH = 0.06
"""Above this opening [m] the fingers have let go."""

Places = Mapping[str, NDArray[np.float64]]
"""(3,) centre of each thing by slot [m, base frame]."""


class TaskKind(StrEnum):
    """What to do with a thing."""

    PICK = "pick"
    PLACE = "place"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task.

    Attributes:
        kind: What to do.
        target: Name of the thing to take, such as "red cube".
        reference: Name of the plate or thing where it shall go; empty for PICK.
    """

    kind: TaskKind
    target: str
    reference: str = ""

    @property
    def instruction(self) -> str:
        """The task in words, with names."""
        return {
            TaskKind.PICK: f"pick up the {self.target}",
            TaskKind.PLACE: f"put the {self.target} on the {self.reference}",
            TaskKind.BESIDE: f"put the {self.target} next to the {self.reference}",
        }[self.kind]

    @property
    def ambiguous(self) -> str:
        """The task in words that leave open which things are meant."""
        return AMBIGUOUS[self.kind]


AMBIGUOUS = {
    TaskKind.PICK: "pick up the object",
    TaskKind.PLACE: "put the object on the plate",
    TaskKind.BESIDE: "put the object next to another one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """What has been reached, at one moment or (joined with ``|``) up to it.

    Attributes:
        moved_towards: The hand was near the target, seen from above.
        grasped: The target was off the table between closed fingers.
        carried: The held target was over its destination.
        done: See :func:`is_done`.
    """

    moved_towards: bool = False
    grasped: bool = False
    carried: bool = False
    done: bool = False

    def __or__(self, other: Milestones) -> Milestones:
        """Return what either has reached."""
        return Milestones(
            moved_towards=self.moved_towards or other.moved_towards,
            grasped=self.grasped or other.grasped,
            carried=self.carried or other.carried,
            done=self.done or other.done,
        )


def possible_tasks(layout: Layout, kind: TaskKind | None = None) -> list[Task]:
    """Return every task that makes sense on a fresh table, in a fixed order.

    A brick is not put next to a brick: both are as long as the way between them.

    Args:
        layout: The table.
        kind: Only tasks of this kind.
    """
    things = [item for item in layout.objects if item.is_named]
    places = {item.slot: np.array([item.x, item.y, 0.0]) for item in layout.objects}
    tasks: list[Task] = []
    for target in things:
        if not target.graspable:
            continue
        if kind in (None, TaskKind.PICK):
            tasks.append(Task(kind=TaskKind.PICK, target=target.name))
        for reference in things:
            wanted = TaskKind.PLACE if reference.shape == PLATE else TaskKind.BESIDE
            if reference is target or kind not in (None, wanted):
                continue
            if has_room(wanted, target, reference, layout, places):
                tasks.append(Task(kind=wanted, target=target.name, reference=reference.name))
    return tasks


def has_room(
    kind: TaskKind, target: ObjectSpec, reference: ObjectSpec, layout: Layout, places: Places
) -> bool:
    """Tell whether a thing can go on a plate or beside another one now.

    Args:
        kind: PLACE or BESIDE.
        target: What is to be moved.
        reference: Plate or neighbour.
        layout: The table.
        places: Where things are; only x and y are looked at.
    """
    if kind is TaskKind.BESIDE and target.shape == reference.shape == "brick":
        return False
    spot = _spot(kind, places[reference.slot])
    others = [item for item in layout.objects if item not in (target, reference)]
    gaps = [np.linalg.norm(places[item.slot][:2] - spot) for item in others]
    return bool(min(gaps, default=np.inf) >= SPOT_CLEARANCE - 0.01)


def draw_task(rng: np.random.Generator, layout: Layout, kind: TaskKind) -> Task:
    """Draw a task of a kind.

    Raises:
        ValueError: If the table has none.
    """
    tasks = possible_tasks(layout, kind)
    if not tasks:
        names = ", ".join(item.name for item in layout.objects)
        raise ValueError(f"no task of kind '{kind}' fits a table with {names or 'nothing'}")
    return tasks[int(rng.integers(len(tasks)))]


def destination(task: Task, layout: Layout, places: Places) -> NDArray[np.float64] | None:
    """Return where the target's (3,) centre shall come to rest [m, base frame]; None for PICK.

    For PLACE the plate's centre, for BESIDE the spot of
    :func:`robot.sim.task_layout.beside_spot`, at the height that the target has there.

    Args:
        task: The task.
        layout: The table.
        places: Where things are now.
    """
    if task.kind is TaskKind.PICK:
        return None
    target, reference = layout.named(task.target), layout.named(task.reference)
    support = PLATE if task.kind is TaskKind.PLACE else ""
    spot = _spot(task.kind, places[reference.slot])
    return np.append(spot, rest_height(target.shape, support))


def is_done(
    task: Task, layout: Layout, places: Places, tool: NDArray[np.float64], width: float
) -> bool:
    """Tell whether a task is done.

    PICK: the target is lifted by :data:`LIFTED_BY`. PLACE: it stands on the plate, BESIDE: on the
    table, its centre :data:`BESIDE_WITHIN` from the reference's; for both the fingers are open and
    the hand is :data:`CLEAR_BY` away.

    Args:
        task: The task.
        layout: The table.
        places: Where things are now.
        tool: (3,) tool centre [m, base frame].
        width: Distance between the fingers [m].
    """
    target = layout.named(task.target)
    place = places[target.slot]
    if task.kind is TaskKind.PICK:
        return is_lifted(target.shape, float(place[2]))
    reference = places[layout.named(task.reference).slot]
    apart = float(np.linalg.norm((place - reference)[:2]))
    if task.kind is TaskKind.PLACE:
        there = apart <= ON_PLATE_WITHIN
        height = rest_height(target.shape, PLATE)
    else:
        there = BESIDE_WITHIN[0] <= apart <= BESIDE_WITHIN[1]
        height = rest_height(target.shape)
    left = width > RELEASED_WIDTH and float(np.linalg.norm(tool - place)) >= CLEAR_BY
    return there and left and abs(float(place[2]) - height) <= STANDS_WITHIN


def milestones(
    task: Task, layout: Layout, places: Places, tool: NDArray[np.float64], width: float
) -> Milestones:
    """Return what holds at one moment; join the moments of an episode with ``|``.

    Arguments as for :func:`is_done`.
    """
    target = layout.named(task.target)
    place = places[target.slot]
    near = float(np.linalg.norm((tool - place)[:2])) < RIGHT_DIRECTION
    held = width < RELEASED_WIDTH and float(np.linalg.norm(tool - place)) < CLEAR_BY
    grasped = held and is_lifted(target.shape, float(place[2]), GRASPED_BY)
    goal = destination(task, layout, places)
    over = goal is not None and float(np.linalg.norm((place - goal)[:2])) < CARRIED_WITHIN
    return Milestones(
        moved_towards=near,
        grasped=grasped,
        carried=grasped and over,
        done=is_done(task, layout, places, tool, width),
    )


def task_score(task: Task, reached: Milestones) -> float:
    """Score an episode by how far it got, as the steering study does for picking up.

    PICK: moved to the right thing .5, grasped it .85, lifted 1 (MolmoAct paper, appendix D.7).
    PLACE and BESIDE: moved .5, grasped .7, carried to the destination .85, done 1.

    Args:
        task: The task.
        reached: What its moments reached, joined.
    """
    if task.kind is TaskKind.PICK:
        return progress(
            moved_towards=reached.moved_towards, grasped=reached.grasped, lifted=reached.done
        )
    steps = ((reached.done, 1.0), (reached.carried, 0.85), (reached.grasped, 0.7))
    for has, score in (*steps, (reached.moved_towards, 0.5)):
        if has:
            return score
    return 0.0


def is_lifted(shape: str, height: float, by: float = LIFTED_BY) -> bool:
    """Tell whether an object's centre is high enough above its resting place.

    Args:
        shape: One of :data:`robot.sim.layout.SHAPES`.
        height: Height of the centre in the base frame [m].
        by: Required distance [m].
    """
    return height - rest_height(shape) > by


def progress(*, moved_towards: bool, grasped: bool, lifted: bool) -> float:
    """Score an episode by the rubric of the steering study (MolmoAct paper, appendix D.7).

    Right direction .5, grasped .85, lifted 1.0.
    """
    return 1.0 if lifted else 0.85 if grasped else 0.5 if moved_towards else 0.0


def nearest_object(point: NDArray[np.float64], centres: NDArray[np.float64]) -> int:
    """Return the index of the centre nearest to a point.

    Args:
        point: (2,) or (3,).
        centres: (N, 2) or (N, 3), the same space and unit.
    """
    return int(np.argmin(np.linalg.norm(centres - point, axis=1)))


def _spot(kind: TaskKind, place: NDArray[np.float64]) -> NDArray[np.float64]:
    return beside_spot(place) if kind is TaskKind.BESIDE else place[:2]
