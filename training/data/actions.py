"""Actions of any declared convention to the one that is trained on, and back.

The canonical action is that of :class:`core.types.ActionChunk`: a change of position [m] and a
rotation vector [rad] in the base frame, added to the commanded pose, then the gripper's opening.
A row that lacks something it needs becomes NaN; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from core.types import StudioError
from training.data.conventions import Arm, Conventions, Form, NoOps, Part, Pose, Reference
from training.data.dataset import Dataset
from training.data.types import EpisodeInfo, Feature

Rows = Mapping[str, NDArray[Any]]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Poses:
    """N poses, or changes of pose.

    Attributes:
        position: (N, 3) [m]; NaN where it is not known.
        rotation: (N, 3, 3) matrices; NaN where it is not known.
        gripper: (N,) opening, 0 closed to 1 open; NaN without a gripper.
    """

    position: Values
    rotation: Values
    gripper: Values


def declared_rows(conventions: Conventions, dataset: Dataset, episode: EpisodeInfo) -> Rows:
    """Read what is declared of an episode, its times and tasks; not its depth, which is large.

    Raises:
        StudioError: If a declared column is missing, or the file is damaged.
    """
    wanted = conventions.columns()
    missing = sorted(wanted - set(dataset.features))
    if missing:
        known = ", ".join(n for n, f in dataset.features.items() if not f.is_picture)
        raise StudioError(f"The data set has no column '{missing[0]}'; its columns: {known}.")
    wanted |= {"timestamp", "task_index"} & set(dataset.features)
    return dataset.rows(episode, tuple(sorted(wanted)))


def pick(part: Part, rows: Rows, features: Mapping[str, Feature]) -> Values:
    """Return a declared part of the rows as (N, D) float64.

    Raises:
        StudioError: If there is no such column or value.
    """
    if part.column not in rows:
        known = ", ".join(sorted(rows))
        raise StudioError(f"The data set has no column '{part.column}'; its columns: {known}.")
    try:
        table = np.asarray(rows[part.column], dtype=np.float64).reshape(len(rows[part.column]), -1)
    except (TypeError, ValueError) as error:
        raise StudioError(f"The column '{part.column}' holds no numbers.") from error
    if not part.values:
        return table
    feature = features.get(part.column)
    names = feature.names if feature is not None else ()
    indices: list[int] = []
    for value in part.values:
        if isinstance(value, str) and value in names:
            value = names.index(value)
        if not isinstance(value, int) or not 0 <= value < table.shape[1]:
            named = f" ({', '.join(names)})" if names else ""
            raise StudioError(
                f"The column '{part.column}' has no value '{value}'; it has "
                f"{table.shape[1]}{named}."
            )
        indices.append(value)
    return table[:, indices]


def read_poses(pose: Pose, rows: Rows, features: Mapping[str, Feature]) -> Poses:
    """Bring declared poses, or changes of pose, to metres, matrices and an opening.

    Raises:
        StudioError: If a column is missing or has another number of values than its form.
    """
    count = len(next(iter(rows.values())))
    position = np.full((count, 3), np.nan)
    if pose.position is not None:
        position = _sized(pose.position, pick(pose.position, rows, features), 3, "a position")
        position = position * pose.metres
    rotation = np.tile(np.eye(3), (count, 1, 1))
    if pose.rotation is not None:
        values = pick(pose.rotation, rows, features)
        rotation = to_matrices(values, pose.form, pose.radians, pose.rotation.column)
    gripper = np.full(count, np.nan)
    if pose.gripper is not None:
        values = _sized(pose.gripper, pick(pose.gripper, rows, features), 1, "a gripper")[:, 0]
        gripper = (values - pose.closed) / (pose.opened - pose.closed)
    return Poses(position=position, rotation=rotation, gripper=gripper)


def canonical_actions(arm: Arm, rows: Rows, features: Mapping[str, Feature]) -> Values:
    """Return the (N, 7) canonical actions of an arm; rows that cannot be told are NaN.

    Raises:
        StudioError: If the columns do not fit what is declared.
    """
    given = read_poses(arm.action, rows, features)
    state = read_poses(arm.state, rows, features) if arm.state is not None else None
    position, rotation = given.position, given.rotation
    if arm.form is Form.ABSOLUTE:
        before = _before(arm, given, state)
        position = given.position - before.position
        rotation = given.rotation @ np.swapaxes(before.rotation, 1, 2)
    elif arm.tool_frame and state is not None:
        turn = state.rotation
        position = np.einsum("nij,nj->ni", turn, given.position)
        rotation = turn @ given.rotation @ np.swapaxes(turn, 1, 2)
    vector = to_vectors(rotation)
    if arm.action.rotation is None:
        vector = np.where(np.isnan(position[:, :1]), np.nan, 0.0) * np.ones(3)
    gripper = given.gripper if arm.action.gripper is not None else np.ones(len(position))
    return np.column_stack([position, vector, np.clip(gripper, 0.0, 1.0)])


def idle_rows(actions: Values, no_ops: NoOps) -> NDArray[np.bool_]:
    """Return which of (N, 7 per arm) canonical actions ask nothing of any arm, (N,) bool.

    The gripper is compared with the row before; the first row is never idle.
    """
    idle = np.ones(len(actions), dtype=bool)
    for first in range(0, actions.shape[1], 7):
        part = actions[:, first : first + 7]
        idle &= np.linalg.norm(part[:, :3], axis=1) <= no_ops.translation
        idle &= np.linalg.norm(part[:, 3:6], axis=1) <= no_ops.rotation
        change = np.abs(np.diff(part[:, 6], prepend=part[:1, 6]))
        idle &= change <= no_ops.gripper
    idle[:1] = False
    return idle


def native_actions(arm: Arm, actions: Values, state: Poses) -> Poses:
    """Return canonical actions as poses of an arm's declared form; inverse of the conversion.

    Args:
        arm: The arm.
        actions: (N, 7) canonical.
        state: N measured poses in the base frame, the first of which is where commands start.

    Returns:
        Changes or targets; still in metres, matrices and an opening.
    """
    move, turn = actions[:, :3], Rotation.from_rotvec(actions[:, 3:6]).as_matrix()
    if arm.form is Form.DELTA and not arm.tool_frame:
        return Poses(position=move, rotation=turn, gripper=actions[:, 6])
    if arm.form is Form.DELTA:
        back = np.swapaxes(state.rotation, 1, 2)
        position = np.einsum("nij,nj->ni", back, move)
        return Poses(
            position=position, rotation=back @ turn @ state.rotation, gripper=actions[:, 6]
        )
    if arm.reference is Reference.STATE:
        return Poses(
            position=state.position + move, rotation=turn @ state.rotation, gripper=actions[:, 6]
        )
    position = state.position[0] + np.cumsum(move, axis=0)
    rotation, now = np.empty_like(turn), state.rotation[0]
    for index, step in enumerate(turn):
        rotation[index] = now = step @ now
    return Poses(position=position, rotation=rotation, gripper=actions[:, 6])


def to_matrices(values: Values, form: str, radians: float = 1.0, column: str = "") -> Values:
    """Return (N, 3, 3) rotation matrices; rows that are not finite, or no rotation, become NaN.

    Args:
        values: (N, D) numbers of the form.
        form: As :attr:`training.data.conventions.Pose.form`.
        radians: Radians per unit.
        column: Where they are from, for the message.

    Raises:
        StudioError: If the form has another number of values.
    """
    size = {"quaternion-xyzw": 4, "quaternion-wxyz": 4, "columns": 6}.get(form, 3)
    if values.shape[1] != size:
        raise StudioError(
            f"A rotation of the form {form} has {size} values; the column '{column}' gives "
            f"{values.shape[1]}."
        )
    good = np.isfinite(values).all(axis=1)
    if form.startswith("quaternion"):
        good &= np.linalg.norm(np.nan_to_num(values), axis=1) > 1e-6
    result = np.full((len(values), 3, 3), np.nan)
    if good.any():
        result[good] = _matrices(values[good], form, radians)
    return result


def from_matrices(rotation: Values, form: str, radians: float = 1.0) -> Values:
    """Return rotations in a form, (N, D); inverse of :func:`to_matrices` up to equal rotations."""
    turns = Rotation.from_matrix(rotation)
    if form == "rotvec":
        return turns.as_rotvec() / radians
    if form == "columns":
        return np.concatenate([rotation[:, :, 0], rotation[:, :, 1]], axis=1)
    if form.startswith("quaternion"):
        return turns.as_quat(scalar_first=form.endswith("wxyz"))
    return turns.as_euler(form.removeprefix("euler-")) / radians


def to_vectors(rotation: Values) -> Values:
    """Return (N, 3) rotation vectors [rad] of (N, 3, 3) matrices; NaN stays NaN."""
    good = np.isfinite(rotation).all(axis=(1, 2))
    result = np.full((len(rotation), 3), np.nan)
    if good.any():
        result[good] = Rotation.from_matrix(rotation[good]).as_rotvec()
    return result


def _matrices(values: Values, form: str, radians: float) -> Values:
    if form == "rotvec":
        return Rotation.from_rotvec(values * radians).as_matrix()
    if form.startswith("quaternion"):
        return Rotation.from_quat(values, scalar_first=form.endswith("wxyz")).as_matrix()
    if form.startswith("euler"):
        return Rotation.from_euler(form.removeprefix("euler-"), values * radians).as_matrix()
    first = values[:, :3] / np.maximum(np.linalg.norm(values[:, :3], axis=1, keepdims=True), 1e-9)
    second = values[:, 3:] - (first * values[:, 3:]).sum(axis=1, keepdims=True) * first
    second /= np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-9)
    return np.stack([first, second, np.cross(first, second)], axis=2)


def _before(arm: Arm, given: Poses, state: Poses | None) -> Poses:
    """Return the pose that each target is told from: the state, or the target before it."""
    if arm.reference is Reference.STATE and state is not None:
        return state
    position = np.roll(given.position, 1, axis=0)
    rotation = np.roll(given.rotation, 1, axis=0)
    position[:1], rotation[:1] = np.nan, np.nan
    if state is not None:
        position[:1] = state.position[:1]
        if arm.state is not None and arm.state.rotation is not None:
            rotation[:1] = state.rotation[:1]
    if arm.action.rotation is None:
        rotation[:1] = np.eye(3)
    return Poses(position=position, rotation=rotation, gripper=given.gripper)


def _sized(part: Part, values: Values, size: int, what: str) -> Values:
    if values.shape[1] != size:
        raise StudioError(
            f"The column '{part.column}' gives {values.shape[1]} values for {what}; expected "
            f"{size}. Name them with `values`."
        )
    return values
