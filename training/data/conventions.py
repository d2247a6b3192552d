"""What the numbers of a data set mean, as a person declares it in a YAML file.

Nothing of this is ever assumed: a wrong guess trains a policy that moves the wrong way. The file is
described in docs/data-sets.md and read by :mod:`training.data.conventions_file`;
:mod:`training.data.checks` compares it with the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.camera import CameraModel

FILE = "meta/conventions.yaml"
"""Where a data set keeps its own, as those that this program writes do."""

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
RADIANS = {"rad": 1.0, "deg": 0.017453292519943295}
SIZES = {"rotvec": 3, "quaternion-xyzw": 4, "quaternion-wxyz": 4, "columns": 6}
"""Number of values by rotation form; ``euler-…`` has 3. "columns" are the first two columns of the
rotation matrix."""

EULER = re.compile(r"euler-([xyz]{3}|[XYZ]{3})")
"""Lower case turns about fixed axes, upper case about moving ones, as in SciPy."""


class Form(StrEnum):
    """What an action is."""

    DELTA = "delta"
    ABSOLUTE = "absolute"


class Reference(StrEnum):
    """What an absolute action is compared with to become a change."""

    COMMAND = "command"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Values of a column.

    Attributes:
        column: Name of the column.
        values: Which of its values, by name or index; none means all.
    """

    column: str
    values: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a tool is, or how it moves.

    Attributes:
        position: x, y, z; None when it is not recorded.
        metres: Metres per unit.
        rotation: The rotation's values; None when there is none.
        form: Form of the rotation, a key of :data:`SIZES` or ``euler-…``.
        radians: Radians per unit, of rotation vectors and Euler angles.
        gripper: One value; None without a gripper.
        closed: Its value when the gripper is closed.
        opened: Its value when it is open.
    """

    position: Part | None = None
    metres: float = 1.0
    rotation: Part | None = None
    form: str = "rotvec"
    radians: float = 1.0
    gripper: Part | None = None
    closed: float = 0.0
    opened: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinematics:
    """How to find the tool from joint angles.

    Attributes:
        urdf: The robot's description.
        tip: Name of the frame at the tool.
        joints: The angles [rad] in the order of the description.
    """

    urdf: Path
    tip: str
    joints: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm.

    Attributes:
        name: "right" for an only arm.
        action: What was commanded.
        form: Whether actions are changes or targets.
        tool_frame: Whether changes are told in the tool's frame; else in the base frame.
        reference: What targets are compared with.
        state: What was measured before the action, in the base frame; None when it is not told.
        tool: Point between the fingers in the frame of ``state`` [m].
        kinematics: For tools whose place is not recorded.
        point: Place of the gripper in the annotated picture, for ``--trace column``.
        point_unit: "pixel" (indices), "255" (0 to 255) or "percent".
    """

    name: str
    action: Pose
    form: Form
    tool_frame: bool = False
    reference: Reference = Reference.COMMAND
    state: Pose | None = None
    tool: tuple[float, float, float] = (0.0, 0.0, 0.0)
    kinematics: Kinematics | None = None
    point: Part | None = None
    point_unit: str = "pixel"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """One camera, in the order in which a model is shown them; the first one is annotated.

    Attributes:
        column: Name of its column.
        role: What it looks at, such as "front" or "wrist".
        calibration: Lens and place, if known.
    """

    column: str
    role: str
    calibration: CameraModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthColumn:
    """Depth that was recorded.

    Attributes:
        column: Name of the column: numbers of shape (H, W) or (H, W, 1), pictures or a video.
        unit: "m" or "mm"; of a video or picture with quantised depth "linear" or "log".
        low: Distance [m] of the least value of a quantised depth.
        high: Distance [m] of the greatest one.
        shift: Added to distances before the logarithm is taken [m].
    """

    column: str
    unit: str = "m"
    low: float = 0.01
    high: float = 10.0
    shift: float = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOps:
    """When a frame is left out because nothing is asked of the arm.

    Attributes:
        translation: Longest translation that counts as none [m].
        rotation: Largest rotation that counts as none [rad].
        gripper: Largest change of the commanded opening that counts as none, 0..1.
    """

    translation: float = 1e-4
    rotation: float = 1e-3
    gripper: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conventions:
    """All that is declared of a data set.

    Attributes:
        rate: Rows per second [Hz].
        cameras: At least one.
        arms: One or two.
        depth: Recorded depth of the first camera, if any.
        no_ops: When a frame is left out; None keeps all.
        source: What the file said, as plain values.
    """

    rate: float
    cameras: tuple[Camera, ...]
    arms: tuple[Arm, ...]
    depth: DepthColumn | None
    no_ops: NoOps | None
    source: Mapping[str, Any]

    def columns(self) -> set[str]:
        """Return the names of the columns of numbers that are declared, but for the depth."""
        parts: list[Part | None] = []
        for arm in self.arms:
            for pose in (arm.action, arm.state):
                parts += [pose.position, pose.rotation, pose.gripper] if pose is not None else []
            parts += [arm.point, arm.kinematics.joints if arm.kinematics is not None else None]
        return {part.column for part in parts if part is not None}

    def trace_columns(self) -> dict[str, str]:
        """Return the name of the trace column by arm: "trace", or "trace_left" and so on."""
        single = len(self.arms) == 1
        return {arm.name: "trace" if single else f"trace_{arm.name}" for arm in self.arms}
