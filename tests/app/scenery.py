"""What a scripted camera sees: a table with three blocks and a gripper."""

from __future__ import annotations

import cv2
import numpy as np

from core.camera import CameraModel

SIZE = (320, 240)


def front_camera() -> CameraModel:
    """Look at the table from the front, 1.2 m away."""
    eye, target = np.array([1.25, 0.0, 0.75]), np.array([0.45, 0.0, 0.1])
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = eye
    return CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=0.8, pose=pose)


def ee_pose(x: float = 0.45, y: float = 0.1, z: float = 0.35) -> np.ndarray:
    """A gripper pointing down."""
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = (x, y, z)
    return pose


def picture(seed: int = 0, pose: np.ndarray | None = None) -> np.ndarray:
    """A table with three blocks and a gripper, seen by the front camera."""
    camera = front_camera()
    image = np.full((SIZE[1], SIZE[0], 3), (196, 190, 180), np.uint8)

    def box(centre: tuple[float, float, float], half: float, colour: tuple[int, int, int]) -> None:
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).T.reshape(-1, 3)
        corners = camera.project(np.array(centre) + half * signs)
        hull = cv2.convexHull(corners.astype(np.float32)).astype(np.int32)
        cv2.fillConvexPoly(image, hull, colour, cv2.LINE_AA)

    table = camera.project(np.array([[0.1, -0.5, 0], [0.9, -0.5, 0], [0.9, 0.5, 0], [0.1, 0.5, 0]]))
    cv2.fillConvexPoly(image, table.astype(np.int32), (150, 122, 96), cv2.LINE_AA)
    shift = 0.05 * np.sin(seed)
    box((0.5, -0.18 + shift, 0.03), 0.03, (200, 50, 45))
    box((0.6, 0.16, 0.03), 0.03, (50, 90, 190))
    box((0.36, 0.02, 0.03), 0.03, (60, 150, 80))
    hand = (ee_pose() if pose is None else pose)[:3, 3]
    box((hand[0], hand[1], hand[2] + 0.05), 0.035, (70, 72, 76))
    box((hand[0], hand[1] - 0.03, hand[2]), 0.01, (40, 40, 44))
    box((hand[0], hand[1] + 0.03, hand[2]), 0.01, (40, 40, 44))
    return image
