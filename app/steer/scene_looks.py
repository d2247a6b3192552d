"""From where the 3D view looks: the presets, worked out from cameras, box, cloud and arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.observe import camera_order
from app.steer.cloud_view import CloudView
from app.steer.viewpoints import MIDDLE, Viewpoint, from_around, from_camera, from_wrist
from app.store import RigInfo, Store
from core.camera import CameraModel
from core.surface import Surface, assumed_camera
from core.types import Observation, RobotState

BEFORE_WRIST = 0.2
"""What a camera on the hand looks at is about this far away [m]."""

AT_LEAST = 0.3
"""Nearest point that the scene is turned around [m]."""

EXTENT = 1.2
"""What must be seen when no box says more [m]."""


class SceneLooks(QObject):
    """Knows the places to look from, and which camera the cloud was lifted with.

    Attributes:
        surface: The cloud that is shown.
    """

    def __init__(self, store: Store, cloud: CloudView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._cloud = store, cloud
        self._camera_of: tuple[Observation, CameraModel | None] | None = None
        self.surface: Surface | None = None

    @property
    def is_placed(self) -> bool:
        """Whether the cloud stands in the robot's base frame; also before there is one."""
        return self.surface is None or self.surface.placed

    def take_rig(self) -> None:
        """Start from the first camera of another rig."""
        self._camera_of = None
        camera = calibrated(self._store.rig)
        if camera is not None:
            self.start_at(camera)

    def camera(self) -> CameraModel | None:
        """Return the calibration, in the base frame, of the camera that is drawn on."""
        store = self._store
        if store.observation is None or store.rig is None:
            return None
        if self._camera_of is None or self._camera_of[0] is not store.observation:
            frame, state = store.observation.frames[0], store.observation.state
            camera = in_base(store.rig.cameras.get(frame.camera), state)
            self._camera_of = (store.observation, camera)
        return self._camera_of[1]

    def look(self, name: str) -> None:
        """Look from the "front", "top", "side", "camera" or "wrist"."""
        view = self._view(name)
        if view is not None:
            self._cloud.look(view)

    def start_at(self, camera: CameraModel) -> None:
        """Look from a camera now, and again on every reset."""
        self._cloud.start_from(self._through(camera))

    def _view(self, name: str) -> Viewpoint | None:
        if name == "wrist":
            return None if self._store.robot is None else self._over_hand(self._store.robot)
        if name == "camera":
            camera = assumed_camera(4, 3)
            if self.is_placed:
                camera = self.camera() or calibrated(self._store.rig)
            return None if camera is None else self._through(camera)
        view = from_around(name, *self._middle())
        # Without a base frame the cloud is seen along x, so the front is on the other side.
        return view if self.is_placed else replace(view, azimuth=view.azimuth + 180.0)

    def _middle(self) -> tuple[NDArray[np.float64], float]:
        """Return what is looked at from around, and how large it is [m]."""
        rig = self._store.rig
        if self.is_placed and rig is not None and rig.workspace is not None:
            low, high = (np.asarray(corner, float) for corner in rig.workspace)
            return (low + high) / 2, float((high - low).max()) * EXTENT
        if self.surface is not None:
            return np.median(self.surface.points, axis=0).astype(float), EXTENT
        return MIDDLE, EXTENT

    def _through(self, camera: CameraModel) -> Viewpoint:
        """Look through a camera; turn around what is in its middle."""
        centre, _ = self._middle()
        away = float((centre - camera.pose[:3, 3]) @ camera.pose[:3, 2])
        return from_camera(camera, max(away, AT_LEAST))

    def _over_hand(self, state: RobotState) -> Viewpoint:
        """Look through the camera on the hand, or at the hand when there is none."""
        rig = self._store.rig
        for camera in rig.cameras.values() if rig is not None else ():
            if camera is not None and camera.mounted_on_hand:
                placed = in_base(camera, state)
                if placed is not None:
                    return from_camera(placed, BEFORE_WRIST)
        return from_wrist(state.ee_pose)


def calibrated(rig: RigInfo | None) -> CameraModel | None:
    """Return the calibration of the first camera, if it stands still."""
    names = camera_order(rig)
    camera = rig.cameras.get(names[0]) if rig is not None and names else None
    return camera if camera is not None and not camera.mounted_on_hand else None


def in_base(camera: CameraModel | None, state: RobotState | None) -> CameraModel | None:
    """Return a calibration in the base frame; None when it cannot be known."""
    if camera is None or not camera.mounted_on_hand:
        return camera
    if state is None:
        return None
    return CameraModel(
        width=camera.width,
        height=camera.height,
        intrinsics=camera.intrinsics,
        pose=state.ee_pose @ camera.pose,
    )
