"""How near the arm comes to itself and to the table: MuJoCo's collision of convex hulls.

The hulls are those of the collision meshes that the lab's scene has (assets/scenes/fr3). The table
is a plane as wide as the world, so nothing of the arm but its foot may dip below it. Objects on
the table, or in the hand, are not known here. MuJoCo is imported when the first model is built, in
the rig's process only.
"""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot.kinematics import FLANGE, PARAMETERS

MESHES = Path(__file__).resolve().parents[1] / "assets" / "scenes" / "fr3"
STROKE = 0.04
"""Way of one finger from closed to open [m]."""

_NO_TABLE = -10.0
"""Height of a table that is not there [m]; not 0, where MuJoCo would keep it for good."""

_BODIES = ("link0", *(f"link{k}" for k in range(1, 8)), "hand", "left", "right")
_NAMES = {
    "link0": "the base",
    "hand": "the hand",
    "left": "a finger",
    "right": "a finger",
    "table": "the table",
} | {f"link{k}": f"link {k}" for k in range(1, 8)}

# What can meet within the ends of the joints; the others are neighbours, or never meet.
_FRONT = ("link5", "link6", "link7", "hand", "left", "right")
_PAIRS = (
    *((a, b) for a in ("link0", "link1", "link2") for b in _FRONT),
    *((a, b) for a in ("link3", "link4") for b in ("link7", "hand", "left", "right")),
    *(("link5", b) for b in ("hand", "left", "right")),
    ("link0", "link4"),
)
_OVER_TABLE = ("link3", "link4", *_FRONT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Two parts that come too near.

    Attributes:
        index: Which of the joint angles it happens at.
        parts: What comes near to what, in words.
        metres: Distance, negative where they would overlap [m].
    """

    index: int
    parts: tuple[str, str]
    metres: float


class Clearance:
    """The arm as convex hulls; may be asked from any thread."""

    def __init__(self, distance: float) -> None:
        """Build the model.

        Args:
            distance: How far parts have to stay away from each other and from the table [m]; the
                fingers may go down to the table, as grasping asks for.

        Raises:
            StudioError: If MuJoCo or the meshes are missing.
        """
        try:
            self._mujoco = importlib.import_module("mujoco")
            self._model = self._mujoco.MjModel.from_xml_string(_xml(distance))
        except (ImportError, ValueError, OSError) as error:
            raise StudioError(
                f"The shape of the arm cannot be checked ({error}). Install mujoco, or start the "
                "rig with --no-clearance, which leaves the table and the arm itself to you."
            ) from error
        self._data = self._mujoco.MjData(self._model)
        self._table = int(self._model.geom("table").id)
        self._geoms = [self._model.geom(index).name for index in range(self._model.ngeom)]
        self._lock = threading.Lock()

    def touch(
        self, joints: NDArray[np.float64], *, opening: float, table: float | None
    ) -> Touch | None:
        """Return the first place where something comes too near, or None.

        Args:
            joints: (N, 7) joint angles one after the other [rad].
            opening: Of the gripper, 0 (closed) to 1 (open).
            table: Height of the table in the base frame [m]; None without one.
        """
        mujoco, model, data = self._mujoco, self._model, self._data
        with self._lock:
            data.qpos[7:9] = STROKE * min(max(opening, 0.0), 1.0)
            model.geom_pos[self._table, 2] = _NO_TABLE if table is None else table
            for index, angles in enumerate(joints):
                data.qpos[:7] = angles
                mujoco.mj_kinematics(model, data)
                mujoco.mj_comPos(model, data)
                mujoco.mj_collision(model, data)
                if data.ncon:
                    return self._nearest(index, data)
        return None

    def distance(self, joints: NDArray[np.float64], *, opening: float, table: float) -> float:
        """Return the least distance between parts that can meet, up to 0.5 m [m]."""
        mujoco, model, data = self._mujoco, self._model, self._data
        with self._lock:
            data.qpos[:7], data.qpos[7:9] = joints, STROKE * opening
            model.geom_pos[self._table, 2] = table
            mujoco.mj_kinematics(model, data)
            return min(
                mujoco.mj_geomDistance(model, data, int(a), int(b), 0.5, None)
                for a, b in zip(model.pair_geom1, model.pair_geom2, strict=True)
            )

    def _nearest(self, index: int, data: Any) -> Touch:
        contact = data.contact[int(np.argmin(data.contact.dist))]
        names = [_NAMES[self._geoms[geom]] for geom in contact.geom]
        return Touch(index=index, parts=(names[1], names[0]), metres=float(contact.dist))


def _xml(distance: float) -> str:
    """Return the arm as MJCF: one hull per part, and the pairs that can meet."""
    parts: list[str] = []
    for index, (a, d, alpha) in enumerate(PARAMETERS):
        c, s = np.cos(alpha), np.sin(alpha)
        place = f'pos="{a} {-d * s} {d * c}" euler="{alpha} 0 0"'
        parts.append(f'<body {place}><joint type="hinge" axis="0 0 1"/>{_geom(f"link{index + 1}")}')
    hand = (
        f'<body pos="0 0 {FLANGE}" euler="0 0 {-np.pi / 4}">{_geom("hand")}'
        + "".join(
            f'<body pos="0 0 0.0584" euler="0 0 {turn}">'
            f'<joint type="slide" axis="0 1 0"/>{_geom(name)}</body>'
            for name, turn in (("left", 0.0), ("right", np.pi))
        )
        + "</body>"
    )
    arm = _geom("link0") + "".join(parts) + hand + "</body>" * len(PARAMETERS)
    files = {name: f"{name}_coll.stl" for name in _BODIES[:9]} | {"finger": "finger_0_vis.stl"}
    meshes = "".join(f'<mesh name="{name}" file="{file}"/>' for name, file in files.items())
    pairs = "".join(_pair(a, b, distance) for a, b in _PAIRS)
    pairs += "".join(
        _pair("table", name, 0.0 if name in ("left", "right") else distance) for name in _OVER_TABLE
    )
    return (
        f'<mujoco><compiler angle="radian" meshdir="{MESHES}"/><asset>{meshes}</asset>'
        '<default><geom type="mesh" contype="0" conaffinity="0" mass="1"/></default>'
        f'<worldbody><geom name="table" type="plane" size="0 0 1" pos="0 0 {_NO_TABLE}"/>'
        f"{arm}</worldbody><contact>{pairs}</contact></mujoco>"
    )


def _geom(name: str) -> str:
    mesh = "finger" if name in ("left", "right") else name
    return f'<geom name="{name}" mesh="{mesh}"/>'


def _pair(a: str, b: str, distance: float) -> str:
    return f'<pair geom1="{a}" geom2="{b}" margin="{distance}"/>'
