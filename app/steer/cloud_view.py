"""The 3D view: what the model believes the scene looks like, decoded from its depth tokens."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QOpenGLContext
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.icons import icon
from app.steer import scene_lines

if TYPE_CHECKING:
    from app.steer.cloud_gl import CloudScene
    from app.steer.cloud_screen import CloudScreen

log = logging.getLogger(__name__)

NO_GL = (
    "No 3D view: this display has no OpenGL.\n"
    "Everything else works; a graphics driver or Mesa brings it back."
)
HINT = "After Think the depth tokens stand here as a scene; turn it with the mouse."
NOT_A_PLATFORM_FOR_GL = frozenset({"offscreen", "minimal", "vnc", "linuxfb"})


def gl_problem() -> str:
    """Say why there can be no OpenGL here; empty when there can.

    The platform is asked first: on Qt's offscreen platform, making an OpenGL widget may crash.
    """
    platform = QGuiApplication.platformName()
    if platform in NOT_A_PLATFORM_FOR_GL:
        return f"the Qt platform '{platform}' has no OpenGL"
    if not QOpenGLContext().create():
        return "no OpenGL context could be made"
    return ""


class CloudView(QWidget):
    """Cloud, gripper frame, ghost path, lifted trace and workspace box.

    Everything is given in the robot's base frame [m]. Without OpenGL the same calls are accepted
    and a sentence stands in the place of the picture.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 160)
        self._scene: CloudScene | None = None
        self._screen: CloudScreen | None = None
        self._has_cloud = False
        self._absence = ""
        self._caption = QLabel("3D from depth tokens")
        theme.set_role(self._caption, "caption")
        reset = QToolButton()
        reset.setIcon(icon("crosshair-simple", "muted"))
        reset.setToolTip("Look from the start again (double click)")
        reset.setAccessibleName("Reset the 3D view")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._caption, 1)
        head.addWidget(reset)

        self._message = QLabel(HINT)
        theme.set_role(self._message, "over")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._stack = QGridLayout()
        self._stack.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addLayout(self._stack, 1)
        self._build_scene()
        at_bottom = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter
        place = at_bottom if self._scene is not None else Qt.AlignmentFlag.AlignCenter
        self._stack.addWidget(self._message, 0, 0, place)
        reset.clicked.connect(self.look_home)
        reset.setVisible(self._scene is not None)
        theme.theme().changed.connect(self._retint)

    @property
    def has_gl(self) -> bool:
        """Whether there is a picture."""
        return self._scene is not None

    def _build_scene(self) -> None:
        problem = gl_problem()
        if not problem:
            try:
                module: Any = importlib.import_module("app.steer.cloud_gl")
                scene = module.CloudScene()
                screen = importlib.import_module("app.steer.cloud_screen").CloudScreen(scene)
                screen.failed.connect(self._give_up)
                self._stack.addWidget(screen, 0, 0)
                self._scene, self._screen = scene, screen
                return
            except (ImportError, RuntimeError, OSError) as error:
                problem = str(error)
        self._give_up(problem)

    def _give_up(self, problem: str) -> None:
        log.warning("no 3D view: %s", problem)
        if self._screen is not None:
            self._screen.hide()
        self._scene = None
        self._message.setText(self._absence or NO_GL)
        self._message.show()

    def _retint(self) -> None:
        if self._scene is not None:
            self._scene.retint()

    @property
    def message(self) -> str:
        """What is said in the place of the cloud."""
        return self._message.text()

    def set_absence(self, reason: str) -> None:
        """Say why there will be no cloud; an empty reason goes back to the hint."""
        self._absence = reason
        if self._scene is not None or reason:
            self._message.setText(reason or HINT)
        else:
            self._message.setText(NO_GL)

    def set_cloud(
        self,
        points: NDArray[np.floating] | None,
        colours: NDArray[np.floating] | None = None,
        metric: bool = True,
    ) -> None:
        """Show a cloud.

        Args:
            points: (N, 3) [m] in the base frame, or None for none.
            colours: (N, 3) RGB in 0..1.
            metric: Whether distances are true; a relative cloud is labelled as such.
        """
        self._has_cloud = points is not None and colours is not None and len(points) > 0
        what = "in metres" if metric else "relative, not to scale"
        self._caption.setText(
            f"3D from depth tokens · {what}" if self._has_cloud else "3D from depth tokens"
        )
        if self._scene is None:
            return
        self._message.setVisible(not self._has_cloud)
        if self._has_cloud and points is not None and colours is not None:
            from app.steer.cloud_gl import CLOUD_POINTS

            self._scene.show_cloud(*scene_lines.steady_cloud(points, colours, CLOUD_POINTS))
        else:
            self._scene.show_cloud(None, None)

    def set_path(self, poses: NDArray[np.floating] | None, allowed: bool = True) -> None:
        """Show the ghost path of (N, 4, 4) poses; dashed when the guard rejects it."""
        if self._scene is not None:
            points = None if poses is None else np.asarray(poses)[:, :3, 3].astype(np.float32)
            self._scene.show_path(points, allowed=allowed)

    def set_trace(self, points: NDArray[np.floating] | None, user: bool = False) -> None:
        """Show a trace lifted into space, (L, 3) [m]; points that are not finite are left out."""
        if self._scene is not None:
            if points is not None:
                points = np.asarray(points, np.float32)
                points = points[np.isfinite(points).all(axis=1)]
            self._scene.show_trace(points, user=user)

    def set_pose(self, pose: NDArray[np.floating] | None) -> None:
        """Show the gripper frame at a (4, 4) pose."""
        if self._scene is not None:
            self._scene.show_pose(pose)

    def set_box(self, low: NDArray[np.floating] | None, high: NDArray[np.floating] | None) -> None:
        """Show the workspace box between two corners (3,)."""
        if self._scene is None:
            return
        if low is None or high is None:
            self._scene.show_box(None)
        else:
            self._scene.show_box(scene_lines.box_edges(np.asarray(low), np.asarray(high)))

    def look_from(self, eye: NDArray[np.floating], target: NDArray[np.floating]) -> None:
        """Start from a viewpoint, such as the camera's own (both (3,) [m]), slightly raised."""
        if self._scene is None:
            return
        ray = np.asarray(eye, float) - np.asarray(target, float)
        distance = float(np.linalg.norm(ray))
        if distance > 0:
            elevation = float(np.degrees(np.arcsin(ray[2] / distance)))
            azimuth = float(np.degrees(np.arctan2(ray[1], ray[0])))
            self._scene.set_home(np.asarray(target), distance, min(elevation + 5, 85), azimuth)
            self._scene.look_home()

    def look_home(self) -> None:
        """Go back to the first view."""
        if self._scene is not None:
            self._scene.look_home()
