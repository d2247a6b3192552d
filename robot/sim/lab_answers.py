"""What the simulated lab tells its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import StudioError
from robot.sim.layout import Layout


class LabError(StudioError):
    """The lab refuses, is gone, or does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabHello:
    """What the lab is.

    Attributes:
        robot: Address for ``franky.Robot``.
        cameras: Calibration per camera.
        layout: What lies on the table.
    """

    robot: str
    cameras: dict[str, CameraModel]
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabObject:
    """An object where it is now.

    Attributes:
        name: What a person calls it, such as "red cube".
        slot: Body in the scene.
        colour: Colour word.
        shape: "cube" or "cylinder".
        position: (3,) centre in the robot's base frame [m].
        quaternion: (4,) orientation, w first.
    """

    name: str
    slot: str
    colour: str
    shape: str
    position: NDArray[np.float64]
    quaternion: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabStatus:
    """How the simulation goes.

    Attributes:
        t_ns: When this was true [ns, monotonic].
        sim_time: Time of the simulation [s].
        physics_hz: Steps per second; 1000 is real time.
        qpos: (9,) joint angles [rad] and finger positions [m].
        pictures: Pictures published so far per camera.
        fci_count: Commands so far that a real arm would have refused.
        fci_violations: Worst of each kind: "name", "what", "value", "limit", "t"; see
            :class:`robot.sim.fci_limits.Violation`.
        fci_peaks: (3, 3) largest velocity, acceleration and jerk (columns) of translation, rotation
            and joints (rows) that were commanded [m, rad, s].
    """

    t_ns: int
    sim_time: float
    physics_hz: float
    qpos: NDArray[np.float64]
    pictures: dict[str, int]
    fci_count: int
    fci_violations: list[dict[str, Any]]
    fci_peaks: NDArray[np.float64]
