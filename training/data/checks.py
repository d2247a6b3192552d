"""Compares what a conventions file declares with what the data say.

A contradiction is refused with the figures that show it; something that is only odd is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from training.data.actions import (
    Poses,
    Rows,
    Values,
    canonical_actions,
    declared_rows,
    pick,
    read_poses,
)
from training.data.conventions import Arm, Conventions, Form, Pose
from training.data.dataset import Dataset

SAMPLE = 20
"""Episodes that are looked at, spread over the data set."""

LONG_STEP = 0.15
"""Median length of a change of position that no arm makes in one row [m]."""

NEAR_BASE = 0.05
"""An arm's tool is never so near to the arm's base [m], but changes of position are as small."""

REACHED = 0.2
"""Share of the way between a gripper's declared ends within which an end counts as reached."""

MOVES = 0.001
"""Rows that move less than this say nothing about a direction [m]."""

BETTER = 0.3
"""By how much another reading of the actions must agree better with the arm's motion to refute the
declared one (difference of correlations)."""


SCALE = 5.0
"""How many times as far, or as little, as it is told no arm moves over a whole data set."""


def check(conventions: Conventions, dataset: Dataset) -> list[str]:
    """Look whether the declared conventions can be those of a data set.

    Returns:
        What is odd, a sentence each.

    Raises:
        StudioError: If the data contradict what is declared.
    """
    if not dataset.episodes:
        raise StudioError(f"'{dataset.root}' has no episodes.")
    check_cameras(conventions, dataset)
    step = max(len(dataset.episodes) // SAMPLE, 1)
    chosen = [episode for episode in dataset.episodes[::step] if episode.length][:SAMPLE]
    parts = [declared_rows(conventions, dataset, episode) for episode in chosen]
    if not parts:
        raise StudioError(f"'{dataset.root}' has no rows.")
    odd = _rate(conventions, dataset, parts)
    for arm in conventions.arms:
        odd += _arm(arm, dataset, parts)
    return odd


def check_cameras(conventions: Conventions, dataset: Dataset) -> None:
    """Look whether the declared cameras, and all of their files, are there.

    Raises:
        StudioError: If one is not.
    """
    if not dataset.cameras:
        raise StudioError(
            f"'{dataset.root}' has no pictures at all; a policy that sees cannot be trained on it."
        )
    for camera in conventions.cameras:
        if camera.column not in dataset.cameras:
            raise StudioError(
                f"The data set has no camera '{camera.column}'; its cameras: "
                f"{', '.join(dataset.cameras)}."
            )
        if dataset.features[camera.column].dtype != "video":
            continue
        for episode in dataset.episodes:
            clip = episode.clips.get(camera.column)
            if clip is None or not clip.path.is_file():
                where = clip.path if clip is not None else f"of episode {episode.number}"
                raise StudioError(
                    f"The video {where} of camera '{camera.column}' is missing. Download the data "
                    "set with its videos."
                )


def _rate(conventions: Conventions, dataset: Dataset, parts: list[Rows]) -> list[str]:
    rate = conventions.rate
    if abs(dataset.fps - rate) > 0.05 * rate:
        raise StudioError(
            f"The conventions say {rate:g} rows per second; the data set says {dataset.fps:g}."
        )
    gaps = [np.diff(np.asarray(rows["timestamp"])) for rows in parts if "timestamp" in rows]
    steps = np.concatenate(gaps) if gaps else np.empty(0)
    if not len(steps):
        return []
    median = float(np.median(steps))
    if not median > 0 or abs(1 / median - rate) > 0.05 * rate:
        found = f"{1 / median:.3g}" if median > 0 else "no"
        raise StudioError(
            f"The conventions say {rate:g} rows per second; the timestamps say {found}."
        )
    late = float((steps > 1.5 / rate).mean())
    return [f"{late:.1%} of the rows come late by half a step or more."] if late > 0.01 else []


def _arm(arm: Arm, dataset: Dataset, parts: list[Rows]) -> list[str]:
    features = dataset.features
    given = _joined([read_poses(arm.action, rows, features) for rows in parts])
    state = None
    if arm.state is not None:
        state = _joined([read_poses(arm.state, rows, features) for rows in parts])
    finite = np.asarray(np.isfinite(given.position).all(axis=1))
    if not finite.any():
        raise StudioError(f"No action of the {arm.name} arm is a finite number.")
    for pose, what in ((arm.action, "action"), (arm.state, "state")):
        if pose is not None:
            _rotation_form(pose, what, dataset, parts)
    _form(arm, given, state, finite)
    odd = _gripper(arm.action, given, "actions") if arm.action.gripper is not None else []
    if state is not None and arm.state is not None and arm.state.gripper is not None:
        odd += _gripper(arm.state, state, "states")
        _gripper_sign(arm, given, state)
    odd += _direction(arm, dataset, parts)
    if not finite.all():
        odd.append(f"{(~finite).mean():.1%} of the actions are no finite numbers; left out.")
    return odd


def _form(arm: Arm, given: Poses, state: Poses | None, finite: NDArray[np.bool_]) -> None:
    length = np.linalg.norm(given.position[finite], axis=1)
    middle, most = float(np.median(length)), float(np.quantile(length, 0.95))
    if arm.form is Form.DELTA and middle > LONG_STEP:
        raise StudioError(
            f"The actions of the {arm.name} arm are declared as changes (delta), but half of them "
            f"are longer than {middle:.2f} m. They look like poses (absolute), or their unit is "
            "wrong."
        )
    if arm.form is Form.ABSOLUTE and most < NEAR_BASE:
        raise StudioError(
            f"The actions of the {arm.name} arm are declared as poses (absolute), but nearly all "
            f"lie within {most:.3f} m of the base. They look like changes (delta)."
        )
    if arm.form is Form.ABSOLUTE and state is not None:
        far = np.linalg.norm(given.position - state.position, axis=1)
        far = far[np.isfinite(far)]
        if len(far) and np.median(far) > LONG_STEP:
            raise StudioError(
                f"The absolute actions of the {arm.name} arm lie {np.median(far):.2f} m from its "
                "measured pose in the middle; they are told in another frame or unit."
            )


def _rotation_form(pose: Pose, what: str, dataset: Dataset, parts: list[Rows]) -> None:
    if pose.rotation is None:
        return
    part = pose.rotation
    values = np.concatenate([pick(part, rows, dataset.features) for rows in parts])
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        raise StudioError(f"The rotation of the {what} has no finite value.")
    length = np.linalg.norm(values, axis=1)
    if pose.form.startswith("quaternion") and abs(float(np.median(length)) - 1) > 0.02:
        raise StudioError(
            f"The rotation of the {what} is declared as {pose.form}, but its length is "
            f"{np.median(length):.3g} and not 1."
        )
    if pose.form == "columns":
        sides = np.linalg.norm(values.reshape(-1, 2, 3), axis=2)
        if np.abs(np.median(sides, axis=0) - 1).max() > 0.02:
            raise StudioError(
                f"The rotation of the {what} is declared as columns of a matrix, "
                "but they do not have the length 1."
            )
    angle = np.abs(values).max() * pose.radians
    if (pose.form == "rotvec" or pose.form.startswith("euler")) and angle > 2 * np.pi + 0.01:
        raise StudioError(
            f"The rotation of the {what} reaches {angle:.3g} rad, more than a whole turn. Is it in "
            "degrees (`unit: deg`)?"
        )


def _gripper(pose: Pose, given: Poses, what: str) -> list[str]:
    opening = given.gripper[np.isfinite(given.gripper)]
    if not len(opening):
        raise StudioError(f"The gripper of the {what} has no finite value.")
    low, high = float(opening.min()), float(opening.max())
    scale = pose.opened - pose.closed
    seen = sorted((low * scale + pose.closed, high * scale + pose.closed))
    told = f"closed is declared as {pose.closed:g} and open as {pose.opened:g}"
    found = f"the values of the {what} run from {seen[0]:.4g} to {seen[1]:.4g}"
    if low < -REACHED or high > 1 + REACHED:
        raise StudioError(f"The gripper goes beyond its ends: {told}, but {found}.")
    if low == high:
        return [f"The gripper of the {what} never moves: it stays at {seen[0]:.4g}."]
    missed = [end for end, far in (("closed", low), ("open", 1 - high)) if far > 1 - REACHED]
    if missed or (what == "actions" and (low > REACHED or high < 1 - REACHED)):
        raise StudioError(f"The gripper never reaches its ends: {told}, but {found}.")
    return []


def _gripper_sign(arm: Arm, given: Poses, state: Poses) -> None:
    asked, found = given.gripper[:-1], state.gripper[1:]
    good = np.isfinite(asked) & np.isfinite(found)
    asked, found = asked[good], found[good]
    if len(asked) < 10 or asked.std() < 0.05 or found.std() < 0.05:
        return
    agreement = float(np.corrcoef(asked, found)[0, 1])
    if agreement < -0.3:
        raise StudioError(
            f"The gripper of the {arm.name} arm opens when its action says that it closes "
            f"(r = {agreement:.2f}); `closed` and `open` of the action or of the state are swapped."
        )


def _direction(arm: Arm, dataset: Dataset, parts: list[Rows]) -> list[str]:
    """Compare the actions with how the arm then moved, read as declared and otherwise."""
    if arm.state is None or arm.state.position is None or arm.form is Form.ABSOLUTE:
        return []
    readings: dict[str, Callable[[], Arm]] = {"as declared": lambda: arm}
    if arm.state.rotation is not None:
        other = "base" if arm.tool_frame else "tool"
        readings[f"in the {other} frame"] = lambda: replace(arm, tool_frame=not arm.tool_frame)
    found = {name: _agreement(make(), dataset, parts) for name, make in readings.items()}
    whole = found.pop("as declared")
    if whole is None:
        return []
    declared, scale = whole
    for name, other in found.items():
        value = other[0] if other is not None else 0.0
        if value > 0.6 and value > declared + BETTER:
            raise StudioError(
                f"The actions of the {arm.name} arm agree with its motion at r = {declared:.2f} as "
                f"declared, and at r = {value:.2f} when they are read {name}."
            )
    if declared < -0.3:
        raise StudioError(
            f"The actions of the {arm.name} arm point against its motion (r = {declared:.2f}); a "
            "sign or the order of the axes is wrong."
        )
    if declared > 0.6 and not 1 / SCALE < scale < SCALE:
        raise StudioError(
            f"The {arm.name} arm moves {scale:.2g} times as far as it is told; the unit of its "
            "action or of its state is wrong."
        )
    if declared < 0.3:
        return [
            f"The actions of the {arm.name} arm hardly agree with how it then moved "
            f"(r = {declared:.2f}); look at their frame, sign and order."
        ]
    return []


def _agreement(arm: Arm, dataset: Dataset, parts: list[Rows]) -> tuple[float, float] | None:
    """Compare the actions with the change of the state that follows them.

    Returns:
        Their correlation, and how far the arm moves for what it is told; None with too few rows.
    """
    asked: list[Values] = []
    moved: list[Values] = []
    for rows in parts:
        assert arm.state is not None, "only arms with a state are compared"
        action = canonical_actions(arm, rows, dataset.features)[:-1, :3]
        place = read_poses(arm.state, rows, dataset.features).position
        asked.append(action)
        moved.append(np.diff(place, axis=0))
    a, b = np.concatenate(asked), np.concatenate(moved)
    good = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    good &= np.linalg.norm(a, axis=1) > MOVES
    if good.sum() < 10:
        return None
    a, b = a[good].ravel(), b[good].ravel()
    product = float(a @ b)
    return product / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12), product / float(
        a @ a
    )


def _joined(poses: list[Poses]) -> Poses:
    return Poses(
        position=np.concatenate([p.position for p in poses]),
        rotation=np.concatenate([p.rotation for p in poses]),
        gripper=np.concatenate([p.gripper for p in poses]),
    )
