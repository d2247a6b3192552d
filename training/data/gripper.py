"""Where the gripper is in the annotated picture, and the traces that follow from it.

Places come from the arm's recorded pose and the camera's calibration, from a column, or from a
network that points (:mod:`training.data.pointing`). The traces follow the paper's rule exactly:
:func:`core.trace.subsample_future` from every frame to the end of the episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.trace import subsample_future, to_model
from core.types import TRACE_MAX, StudioError
from training.data.actions import Rows, pick, read_poses
from training.data.conventions import Arm, Camera, Kinematics
from training.data.types import NO_POINT, Feature, trace_row

JUMP = 64.0
"""A place farther than this from the line between its neighbours is a mistake of the network that
pointed [of 255]."""

Points = NDArray[np.float64]


def tool_places(arm: Arm, rows: Rows, features: Mapping[str, Feature]) -> Points:
    """Return the (N, 3) point between the fingers in the base frame [m], NaN where unknown.

    Raises:
        StudioError: If neither a pose nor joint angles are declared.
    """
    if arm.kinematics is not None:
        angles = pick(arm.kinematics.joints, rows, features)
        pose = forward_kinematics(arm.kinematics, angles)
    elif arm.state is not None and arm.state.position is not None:
        known = read_poses(arm.state, rows, features)
        if arm.state.rotation is None and any(arm.tool):
            raise StudioError(
                f"The `tool` point of the {arm.name} arm needs the rotation of its `state`."
            )
        pose = np.tile(np.eye(4), (len(known.position), 1, 1))
        pose[:, :3, :3], pose[:, :3, 3] = known.rotation, known.position
    else:
        raise StudioError(
            f"The place of the {arm.name} arm is not declared. Give its `state` with a `position`, "
            "or its `kinematics`; or use --trace pointing."
        )
    return pose[:, :3, 3] + pose[:, :3, :3] @ np.asarray(arm.tool)


def forward_kinematics(kinematics: Kinematics, angles: Points) -> Points:
    """Return the (N, 4, 4) poses of the tip in the base frame [m] for (N, D) joint angles [rad].

    Raises:
        StudioError: If the description cannot be read, or has other joints or no such frame.
    """
    model, frame, pin = _model(str(kinematics.urdf), kinematics.tip)
    if angles.shape[1] != model.nq:
        raise StudioError(
            f"{kinematics.urdf.name} has {model.nq} joint angles; the column "
            f"'{kinematics.joints.column}' gives {angles.shape[1]}."
        )
    data = model.createData()
    result = np.full((len(angles), 4, 4), np.nan)
    for index, q in enumerate(angles):
        if np.isfinite(q).all():
            pin.framesForwardKinematics(model, data, q)
            result[index] = data.oMf[frame].homogeneous
    return result


def project(places: Points, camera: Camera) -> Points:
    """Return (N, 2) places in 0..255 of the annotated picture; NaN outside of it.

    Args:
        places: (N, 3) in the base frame [m].
        camera: The annotated camera.

    Raises:
        StudioError: If the camera is not calibrated, or sits on the hand.
    """
    model = camera.calibration
    if model is None or model.mounted_on_hand:
        what = "is not calibrated" if model is None else "sits on the hand"
        raise StudioError(
            f"The camera '{camera.column}' {what}; a trace by kinematics needs the lens and the "
            "place of a camera that stands still. Add its `calibration`, or use --trace pointing."
        )
    return inside(model.project(places) - 0.5, model)


def inside(pixels: Points, camera: CameraModel) -> Points:
    """Return (N, 2) pixel indices as 0..255, NaN where they lie outside of the picture."""
    size = np.array([camera.width, camera.height])
    known = np.isfinite(pixels).all(axis=1)
    known &= (np.nan_to_num(pixels) >= -0.5).all(axis=1)
    known &= (np.nan_to_num(pixels) <= size - 0.5).all(axis=1)
    result = np.full_like(pixels, np.nan)
    result[known] = to_model(pixels[known], (camera.width, camera.height))
    return result


def column_places(
    arm: Arm, rows: Rows, features: Mapping[str, Feature], size: tuple[int, int]
) -> Points:
    """Return the (N, 2) recorded places in 0..255; NaN where there is none.

    Args:
        arm: The arm, with its ``point``.
        rows: The rows.
        features: The columns.
        size: (width, height) of the annotated picture [px].

    Raises:
        StudioError: If none is declared, or the column has another shape.
    """
    if arm.point is None:
        raise StudioError(
            f"No place of the {arm.name} gripper is declared; add `point` to the conventions."
        )
    points = pick(arm.point, rows, features)
    if points.shape[1] != 2:
        raise StudioError(
            f"The column '{arm.point.column}' gives {points.shape[1]} values for a place in the "
            "picture; expected x and y."
        )
    points = np.where((points < 0).any(axis=1, keepdims=True), np.nan, points)
    if arm.point_unit == "pixel":
        good = np.isfinite(points).all(axis=1)
        points[good] = to_model(points[good], size)
        return points
    points = points * (TRACE_MAX / 100.0 if arm.point_unit == "percent" else 1.0)
    return np.where(points > TRACE_MAX, np.nan, points)


def fill(known: Mapping[int, Points | None], count: int) -> tuple[Points, NDArray[np.bool_]]:
    """Interpolate between the frames at which the gripper was found.

    A single place far from the line between its neighbours is a mistake and is dropped; what lies
    between two places far from each other is marked.

    Args:
        known: (2,) places in 0..255 by frame, None where nothing was found.
        count: Number of frames.

    Returns:
        (count, 2) places, NaN before the first and after the last one that was found; and
        (count,) whether a place had to be guessed across a jump.
    """
    points = np.full((count, 2), np.nan)
    suspect = np.zeros(count, dtype=bool)
    frames = [frame for frame, place in sorted(known.items()) if place is not None]
    places = [np.asarray(known[frame], dtype=np.float64) for frame in frames]
    kept: list[int] = []
    for index in range(len(frames)):
        if 0 < index < len(frames) - 1 and kept:
            before, after = kept[-1], index + 1
            share = (frames[index] - frames[before]) / (frames[after] - frames[before])
            line = places[before] + share * (places[after] - places[before])
            straight = np.linalg.norm(places[after] - places[before]) <= JUMP
            if straight and np.linalg.norm(places[index] - line) > JUMP:
                suspect[frames[before] + 1 : frames[after]] = True
                continue
        kept.append(index)
    for before, after in pairwise(kept):
        a, b = frames[before], frames[after]
        share = np.linspace(0.0, 1.0, b - a + 1)[:, None]
        points[a : b + 1] = places[before] + share * (places[after] - places[before])
        if np.linalg.norm(places[after] - places[before]) > JUMP:
            suspect[a + 1 : b + 1] = True
    if len(kept) == 1:
        points[frames[kept[0]]] = places[kept[0]]
    return points, suspect


def traces(points: Points) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the trace of every frame from then to the end, by the paper's rule.

    Args:
        points: (N, 2) places in 0..255; NaN where unknown.

    Returns:
        (N, 10) x and y of up to 5 points, -1 where there is none; (N,) their number, 0 to 5. When
        nothing is known from a frame on, its trace is the last known place.
    """
    rows = np.full((len(points), 10), NO_POINT, np.float32)
    lengths = np.zeros(len(points), np.int64)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    for index in range(len(points)):
        line = subsample_future(points[index:])
        if not len(line) and len(known):
            line = points[known[-1]][None]
        rows[index] = trace_row(line)
        lengths[index] = len(line)
    return rows, lengths


@cache
def _model(urdf: str, tip: str) -> tuple[Any, int, Any]:
    import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path

    try:
        model = pin.buildModelFromUrdf(urdf)
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StudioError(f"The description {urdf} cannot be read: {reason}") from error
    if not model.existFrame(tip):
        names = ", ".join(frame.name for frame in model.frames)
        raise StudioError(f"{urdf} has no frame '{tip}'; it has: {names}.")
    return model, model.getFrameId(tip), pin
