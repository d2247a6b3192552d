"""From where the 3D scene is looked at: pure geometry, so it can be tested without OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel

HORIZONTAL_FOV = 50.0
"""Angle across the view, unless it is a camera's own [degrees]."""

MIDDLE = np.array([0.45, 0.0, 0.2])
"""What is looked at while neither a box nor a cloud is known [m]."""

AROUND = {"front": (12.0, 0.0), "top": (89.9, 0.0), "side": (8.0, -90.0)}
"""Elevation and azimuth of the views from outside [degrees]."""

BEHIND_WRIST = 0.5
"""How far from the tool centre the eye of the wrist's view is [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Viewpoint:
    """A place to look from; up is up.

    Attributes:
        centre: (3,) what is looked at [m]; the scene is turned around it.
        distance: From there to the eye [m].
        elevation: Height of the eye above the horizon [degrees].
        azimuth: Direction of the eye around z, 0 is along x [degrees].
        fov: Angle that must fit into the view across and down [degrees].
    """

    centre: NDArray[np.float64]
    distance: float
    elevation: float
    azimuth: float
    fov: tuple[float, float] = (HORIZONTAL_FOV, 0.0)


def looking(
    eye: NDArray[np.floating],
    centre: NDArray[np.floating],
    fov: tuple[float, float] = (HORIZONTAL_FOV, 0.0),
) -> Viewpoint:
    """Return the view from an eye to a centre, both (3,) [m].

    Raises:
        ValueError: Both are at one place.
    """
    ray = np.asarray(eye, float) - np.asarray(centre, float)
    distance = float(np.linalg.norm(ray))
    if distance < 1e-6:
        raise ValueError("the eye is at the centre of what it looks at")
    return Viewpoint(
        centre=np.asarray(centre, float),
        distance=distance,
        elevation=float(np.degrees(np.arcsin(np.clip(ray[2] / distance, -1, 1)))),
        azimuth=float(np.degrees(np.arctan2(ray[1], ray[0]))),
        fov=fov,
    )


def from_around(name: str, centre: NDArray[np.floating], size: float) -> Viewpoint:
    """Return the view from the "front", the "top" or the "side".

    Args:
        name: Which.
        centre: (3,) what is looked at [m].
        size: Extent of what must be seen [m].
    """
    elevation, azimuth = AROUND[name]
    distance = 0.6 * size / np.tan(np.radians(HORIZONTAL_FOV) / 2)
    return Viewpoint(
        centre=np.asarray(centre, float), distance=distance, elevation=elevation, azimuth=azimuth
    )


def from_camera(camera: CameraModel, distance: float) -> Viewpoint:
    """Return what a camera sees, turned around a point at a distance along its axis [m].

    A camera that is rolled is shown level.
    """
    eye, axis = camera.pose[:3, 3], camera.pose[:3, 2]
    across, down = (
        float(np.degrees(2 * np.arctan(size / 2 / camera.intrinsics[k, k])))
        for k, size in ((0, camera.width), (1, camera.height))
    )
    return looking(eye, eye + distance * axis, (across, down))


def from_wrist(pose: NDArray[np.floating]) -> Viewpoint:
    """Return the view of the hand at a (4, 4) tool pose, tilted so that the fingers are seen."""
    place, axis, ahead = pose[:3, 3], pose[:3, 2], pose[:3, 0]
    back = ahead - 0.7 * axis
    return looking(place + BEHIND_WRIST * back / np.linalg.norm(back), place)


def angle_across(fov: tuple[float, float], aspect: float) -> float:
    """Return the angle across a view [degrees] that shows ``fov`` whole.

    Args:
        fov: Angle that must fit across and down [degrees].
        aspect: Width of the view through its height.
    """
    across, down = fov
    needed = np.degrees(2 * np.arctan(np.tan(np.radians(down) / 2) * aspect))
    return float(min(max(across, needed), 150.0))
