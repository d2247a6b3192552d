"""A pinhole camera: where a point of the robot's base frame appears in the image, and back.

Pixel coordinates have their origin at the corner of the top-left pixel: the centre of that pixel
is (0.5, 0.5). The camera frame is OpenCV's: x right, y down, z forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraModel:
    """Calibration of one camera.

    Attributes:
        width: Image width [px] that the intrinsics refer to.
        height: Image height [px].
        intrinsics: (3, 3) matrix [px].
        pose: (4, 4) transform from the camera frame to the robot's base frame [m]; for a camera on
            the hand, to the end-effector frame.
        mounted_on_hand: Whether ``pose`` refers to the end effector.
    """

    width: int
    height: int
    intrinsics: NDArray[np.float64]
    pose: NDArray[np.float64]
    mounted_on_hand: bool = False

    def __post_init__(self) -> None:
        for name, shape in (("intrinsics", (3, 3)), ("pose", (4, 4))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape:
                raise ValueError(f"camera {name} have shape {array.shape}; expected {shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def from_fov(
        cls,
        *,
        width: int,
        height: int,
        fovy: float,
        pose: NDArray[np.float64],
        mounted_on_hand: bool = False,
    ) -> CameraModel:
        """Build a camera with square pixels and a centred axis from its vertical angle [rad]."""
        focal = 0.5 * height / np.tan(0.5 * fovy)
        intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        return cls(
            width=width,
            height=height,
            intrinsics=intrinsics,
            pose=pose,
            mounted_on_hand=mounted_on_hand,
        )

    def project(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Project points of the parent frame (base, or end effector) into the image.

        Args:
            points: (..., 3) [m].

        Returns:
            (..., 2) pixel coordinates; NaN where a point lies behind the camera.
        """
        local = (np.asarray(points, dtype=np.float64) - self.pose[:3, 3]) @ self.pose[:3, :3]
        depth = local[..., 2:3]
        with np.errstate(divide="ignore", invalid="ignore"):
            plane = np.where(depth > 1e-6, local / depth, np.nan)
        return (plane @ self.intrinsics.T)[..., :2]

    def back_project(self, pixels: NDArray[Any], depth: NDArray[Any]) -> NDArray[np.float64]:
        """Lift pixels at a depth along the camera's axis into the parent frame.

        Args:
            pixels: (..., 2) pixel coordinates.
            depth: (...) distance along the optical axis [m].

        Returns:
            (..., 3) points [m].
        """
        pixels = np.asarray(pixels, dtype=np.float64)
        ones = np.ones((*pixels.shape[:-1], 1))
        rays = np.concatenate([pixels, ones], axis=-1) @ np.linalg.inv(self.intrinsics).T
        local = rays * np.asarray(depth, dtype=np.float64)[..., None]
        return local @ self.pose[:3, :3].T + self.pose[:3, 3]

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire and the log."""
        return {
            "width": self.width,
            "height": self.height,
            "intrinsics": self.intrinsics.tolist(),
            "pose": self.pose.tolist(),
            "mounted_on_hand": self.mounted_on_hand,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> CameraModel:
        """Rebuild a camera from :meth:`to_message`."""
        return cls(
            width=int(message["width"]),
            height=int(message["height"]),
            intrinsics=np.asarray(message["intrinsics"], dtype=np.float64),
            pose=np.asarray(message["pose"], dtype=np.float64),
            mounted_on_hand=bool(message.get("mounted_on_hand", False)),
        )
