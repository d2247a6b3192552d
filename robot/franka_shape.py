"""The shape of a Franka arm for a display: where its links are, and what they look like.

Forward kinematics with the published Denavit-Hartenberg parameters (Craig's convention), the same
for Panda and FR3. It is for pictures only; nothing that moves an arm asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHAPES = Path(__file__).resolve().parents[1] / "assets" / "scenes" / "fr3_light.npz"

BODIES = (*(f"link{k}" for k in range(8)), "hand", "left_finger", "right_finger")
"""Rigid bodies, from the base to the fingers."""

_JOINTS = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -np.pi / 2),
    (0.0, 0.316, np.pi / 2),
    (0.0825, 0.0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2),
    (0.0, 0.0, np.pi / 2),
    (0.088, 0.0, np.pi / 2),
)
"""Per joint: a [m], d [m], alpha [rad]."""

FLANGE = 0.107
HAND_TURN = -np.pi / 4
FINGERS = 0.0584
"""From the hand's frame to the fingers' [m]."""

STROKE = 0.04
"""Way of one finger from closed to open [m]."""

TOOL = 0.1034
"""From the hand's frame to the tool centre between the fingertips [m]."""

NEVER_SO_FAR = 0.25
"""Tool centre and measured end effector farther apart than this [m] are not of one arm, whatever
tool is mounted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyShape:
    """A rigid body as a mesh in its own frame.

    Attributes:
        name: One of :data:`BODIES`.
        vertices: (V, 3) float32 [m]; those on a sharp edge come once per side.
        faces: (F, 3) int64 corners.
        colours: (V, 4) float32 RGBA, 0..1.
    """

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int64]
    colours: NDArray[np.float32]


def body_poses(q: ArrayLike, opening: float = 1.0) -> NDArray[np.float64]:
    """Return where every body is.

    Args:
        q: (7,) joint angles [rad].
        opening: Opening of the gripper, 0 (closed) to 1 (open).

    Returns:
        (11, 4, 4) poses in the base frame [m], in the order of :data:`BODIES`.

    Raises:
        ValueError: Not seven finite angles.
    """
    angles = np.asarray(q, dtype=np.float64)
    if angles.shape != (7,) or not np.isfinite(angles).all():
        raise ValueError(f"joint angles are {angles}; expected seven finite numbers")
    poses = [np.eye(4)]
    for angle, (a, d, alpha) in zip(angles, _JOINTS, strict=True):
        c, s, ca, sa = np.cos(angle), np.sin(angle), np.cos(alpha), np.sin(alpha)
        step = np.array(
            [[c, -s, 0, a], [s * ca, c * ca, -sa, -d * sa], [s * sa, c * sa, ca, d * ca]]
        )
        poses.append(poses[-1] @ np.vstack([step, [0, 0, 0, 1]]))
    hand = poses[-1] @ _turned(HAND_TURN, (0, 0, FLANGE))
    reach = STROKE * float(np.clip(opening, 0.0, 1.0))
    left = hand @ _turned(0.0, (0, reach, FINGERS))
    right = hand @ _turned(np.pi, (0, -reach, FINGERS))
    return np.array([*poses, hand, left, right])


def tool_pose(q: ArrayLike) -> NDArray[np.float64]:
    """Return the (4, 4) pose of the tool centre between the fingertips [m, base frame]."""
    return body_poses(q)[BODIES.index("hand")] @ _turned(0.0, (0, 0, TOOL))


def belongs_together(q: ArrayLike, ee_pose: NDArray[np.float64]) -> bool:
    """Return whether joint angles can be those of the arm with this (4, 4) end-effector pose.

    They are not where an arm does not report its joints, or is none of Franka's.
    """
    if not np.isfinite(np.asarray(q, dtype=np.float64)).all():
        return False
    return bool(np.linalg.norm(tool_pose(q)[:3, 3] - ee_pose[:3, 3]) < NEVER_SO_FAR)


def load_shapes(path: Path = SHAPES) -> tuple[BodyShape, ...]:
    """Read the meshes of all bodies.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is damaged.
    """
    with np.load(path, allow_pickle=False) as stored:
        try:
            return tuple(
                BodyShape(
                    name=body,
                    vertices=stored[f"{kind}_vertices"].astype(np.float32),
                    faces=stored[f"{kind}_faces"].astype(np.int64),
                    colours=stored[f"{kind}_colours"].astype(np.float32) / np.float32(255),
                )
                for body in BODIES
                for kind in ("finger" if body.endswith("finger") else body,)
            )
        except KeyError as error:
            raise ValueError(
                f"{path} lacks {error}; 'python -m robot.sim.meshes' makes it"
            ) from error


def _turned(angle: float, place: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return a (4, 4) turn about z by an angle [rad] at a place [m]."""
    pose = np.eye(4)
    pose[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    pose[:3, 3] = place
    return pose
