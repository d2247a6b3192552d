"""Lines that simulated people draw on the front picture: to the goal, or wrong on purpose.

All points are in model units, 0 to 255 across the front picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core import stroke
from core.camera import CameraModel
from core.trace import arc_length, to_model
from core.types import MAX_TRACE_POINTS, TRACE_MAX, RobotState
from robot.sim.harness.cases import Wrong
from robot.sim.layout import Layout
from robot.sim.layout_check import TABLE_X, TABLE_Y
from robot.sim.scene import FRAME_SIZE, TABLE_TOP, camera_models
from robot.sim.sketch import Hand, sketch
from robot.sim.tasks import Places, Task, destination

Points = NDArray[np.float64]

TREMBLE = 4.0
"""What the studio takes for the trembling of a hand when it chooses a stroke's points."""

FREE = 0.10
"""Least distance of an empty spot to every thing on the table [m]."""

FREE_WAY = 20.0
"""Least distance of the line to it from the middle of every thing in the picture."""

_SPOTS_X, _SPOTS_Y = (0.40, 0.66), (-0.22, 0.22)
_EDGE = 8.0
"""How far from the picture's border a spot in it is."""

_TRIES = 500


def gripper_point(state: RobotState, front: CameraModel | None = None) -> Points:
    """Return the tool's (2,) place in the front picture.

    Args:
        state: State of the arm.
        front: Calibration of the front camera; its usual one when None.
    """
    return in_front(state.ee_pose[:3, 3], front or camera_models()["front"])


def in_front(places: NDArray[np.floating], front: CameraModel) -> Points:
    """Project (..., 3) places [m, base frame] into the front picture, clipped to it."""
    return to_model(front.project(places) - 0.5, FRAME_SIZE)


def goal_line(
    rng: np.random.Generator,
    task: Task,
    layout: Layout,
    places: Places,
    *,
    gripper: Points,
    front: CameraModel,
    hand: Hand = Hand.STEADY,
) -> Points:
    """Draw a line from the gripper to the target and, where it goes somewhere, on to there.

    Args:
        rng: Source of randomness.
        task: What the line shall say.
        layout: The table.
        places: Where things are.
        gripper: (2,) where the gripper is in the picture.
        front: Calibration of the front camera.
        hand: Who draws.

    Returns:
        (L, 2), 2 <= L <= 5, as the studio would send it.
    """
    stops = [places[layout.named(task.target).slot]]
    goal = destination(task, layout, places)
    if goal is not None:
        stops.append(goal)
    return drawn(rng, np.vstack([gripper, in_front(np.stack(stops), front)]), hand)


def wrong_line(
    rng: np.random.Generator,
    wrong: Wrong,
    places: Places,
    *,
    gripper: Points,
    front: CameraModel,
    hand: Hand = Hand.STEADY,
) -> Points:
    """Draw a line from the gripper to where nothing is; arguments as for :func:`goal_line`."""
    things = np.stack(list(places.values()))
    end = {
        Wrong.EMPTY: lambda: _empty_spot(rng, things, gripper, front),
        Wrong.BEYOND: lambda: _beyond_table(rng, gripper, front),
        Wrong.OUTSIDE: lambda: _out_of_picture(rng, in_front(things, front), gripper),
    }[wrong]()
    return drawn(rng, np.stack([gripper, end]), hand)


def drawn(rng: np.random.Generator, path: Points, hand: Hand) -> Points:
    """Return what a hand's stroke along a path becomes in the studio, (L, 2), 2 <= L <= 5.

    A stroke of many points is reduced by :func:`core.stroke.fit`; one of few is taken for clicks.
    """
    line = sketch(rng, path, hand)
    if len(line) > MAX_TRACE_POINTS and arc_length(line)[-1] > 0:
        line = stroke.fit(line, TREMBLE)
    return np.clip(line[:MAX_TRACE_POINTS], 0.0, TRACE_MAX)


def table_point(point: Points, front: CameraModel) -> NDArray[np.float64] | None:
    """Return where a point of the picture lies on the table's plane, (3,) [m]; None in the sky.

    Args:
        point: (2,) in model units.
        front: Calibration of the front camera.
    """
    last = np.array(FRAME_SIZE) - 1.0
    pixel = point * last / TRACE_MAX + 0.5
    near, far = front.back_project(np.stack([pixel, pixel]), np.array([1.0, 2.0]))
    ray = far - near
    if ray[2] > -1e-6:
        return None
    return near + (TABLE_TOP - near[2]) / ray[2] * ray


def _empty_spot(
    rng: np.random.Generator, things: Points, gripper: Points, front: CameraModel
) -> Points:
    """Draw a free spot of the table, with nothing on the straight way there in the picture.

    The freest that was found where none is free enough.
    """
    best, gap = np.array([0.5, 0.0, TABLE_TOP]), -1.0
    shown = in_front(things, front)
    for _ in range(_TRIES):
        spot = np.array([rng.uniform(*_SPOTS_X), rng.uniform(*_SPOTS_Y), TABLE_TOP])
        place = front.project(spot) - 0.5
        seen = to_model(place, FRAME_SIZE)
        if seen.min() < _EDGE or seen.max() > TRACE_MAX - _EDGE:
            continue
        away = float(np.linalg.norm(things[:, :2] - spot[:2], axis=1).min()) / FREE
        way = gripper + (seen - gripper) * np.linspace(0.0, 1.0, 30)[:, None]
        clear = float(np.linalg.norm(shown[:, None] - way, axis=2).min()) / FREE_WAY
        if min(away, clear) > gap:
            best, gap = spot, min(away, clear)
        if gap >= 1.0:
            break
    return in_front(best, front)


def _beyond_table(rng: np.random.Generator, gripper: Points, front: CameraModel) -> Points:
    """Draw a point of the picture that does not show the table, as far away as one was found."""
    best, gap = np.array([0.0, 0.0]), -1.0
    for _ in range(_TRIES):
        point = rng.uniform(_EDGE, TRACE_MAX - _EDGE, 2)
        place = table_point(point, front)
        if place is not None and _on_table(place):
            continue
        away = float(np.linalg.norm(point - gripper))
        if away > gap:
            best, gap = point, away
        if gap >= 40.0:
            break
    return best


def _on_table(place: NDArray[np.float64]) -> bool:
    return TABLE_X[0] <= place[0] <= TABLE_X[1] and TABLE_Y[0] <= place[1] <= TABLE_Y[1]


def _out_of_picture(rng: np.random.Generator, things: Points, gripper: Points) -> Points:
    """Draw a point of the border that is not near any thing, for a line that leaves the picture."""
    for _ in range(_TRIES):
        point = rng.uniform(0.0, TRACE_MAX, 2)
        point[int(rng.integers(2))] = float(rng.choice([0.0, TRACE_MAX]))
        clear = np.linalg.norm(things - point, axis=1).min() >= 40.0
        if clear and np.linalg.norm(point - gripper) >= 60.0:
            return point
    return np.array([0.0, 0.0])
