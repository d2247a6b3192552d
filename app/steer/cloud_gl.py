"""The OpenGL part of the 3D view: one scene, its items made once and only ever refilled."""

from __future__ import annotations

import numpy as np
import pyqtgraph.opengl as gl
from numpy.typing import NDArray
from OpenGL import GL
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QMouseEvent, QVector3D
from PySide6.QtWidgets import QWidget

from app.steer import scene_lines
from app.theme import DATA, tokens

CLOUD_POINTS = 40_000
ON_TOP = {
    GL.GL_DEPTH_TEST: False,
    GL.GL_BLEND: True,
    GL.GL_CULL_FACE: False,
    "glBlendFunc": (GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA),
}
AXIS_COLOURS = (DATA.rejected, DATA.path, DATA.user)
EMPTY = np.zeros((2, 3), np.float32)


def rgba(colour: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """Turn "#rrggbb" into OpenGL's floats."""
    parsed = QColor(colour)
    return parsed.redF(), parsed.greenF(), parsed.blueF(), alpha


class _Line:
    """A coloured line with a dark casing, drawn over everything else."""

    def __init__(self, view: gl.GLViewWidget, width: float, order: int) -> None:
        self._items = []
        for extra, depth in ((2.5, order), (0.0, order + 1)):
            item = gl.GLLinePlotItem(pos=EMPTY, width=width + extra, antialias=True)
            item.setGLOptions(ON_TOP)
            item.setDepthValue(depth)
            item.setVisible(False)
            view.addItem(item)
            self._items.append(item)

    def show(self, points: NDArray[np.float32] | None, colour: object, *, pairs: bool) -> None:
        """Show (L, 3) points [m] as a strip or as separate pairs; None hides the line."""
        visible = points is not None and len(points) >= 2
        for item, tint in zip(self._items, (rgba(DATA.casing, 0.8), colour), strict=True):
            item.setVisible(visible)
            if visible:
                mode = "lines" if pairs else "line_strip"
                item.setData(pos=points, color=tint, mode=mode)


class CloudScene(gl.GLViewWidget):
    """Cloud, gripper frame, ghost path, lifted trace and workspace box; drag to orbit.

    It is never on the screen itself: :class:`app.steer.cloud_screen.CloudScreen` shows its buffer.
    """

    touched = Signal()
    """It looks different now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._home = (np.array([0.5, 0.0, 0.15]), 1.3, 35.0, -60.0)
        start = np.zeros((CLOUD_POINTS, 3), np.float32)
        self._cloud = gl.GLScatterPlotItem(
            pos=start,
            color=np.ones((CLOUD_POINTS, 4), np.float32),
            size=3.0,
            pxMode=True,
            glOptions="opaque",
        )
        self._cloud.setVisible(False)
        self.addItem(self._cloud)
        self._box = gl.GLLinePlotItem(
            pos=EMPTY, width=1.5, antialias=True, mode="lines", glOptions="translucent"
        )
        self._box.setVisible(False)
        self.addItem(self._box)
        self._trace = _Line(self, 3.0, 10)
        self._path = _Line(self, 3.0, 12)
        self._frame = _Line(self, 3.0, 14)
        self.retint()
        self.look_home()

    def update(self, *_: object) -> None:
        """Tell that it has changed; whoever shows it fetches a new picture."""
        self.touched.emit()

    def retint(self) -> None:
        """Take the background of the theme."""
        self.setBackgroundColor(tokens().view)

    def show_cloud(
        self, points: NDArray[np.float32] | None, colours: NDArray[np.float32] | None
    ) -> None:
        """Show (CLOUD_POINTS, 3) points with (CLOUD_POINTS, 4) colours, or nothing."""
        self._cloud.setVisible(points is not None)
        if points is not None:
            self._cloud.setData(pos=points, color=colours)

    def show_path(self, points: NDArray[np.float32] | None, *, allowed: bool) -> None:
        """Show the ghost path (L, 3) [m]: solid when the guard allows it, dashed otherwise."""
        if points is None:
            self._path.show(None, None, pairs=False)
        elif allowed:
            self._path.show(points, rgba(DATA.path), pairs=False)
        else:
            self._path.show(scene_lines.dashes(points), rgba(DATA.rejected), pairs=True)

    def show_trace(self, points: NDArray[np.float32] | None, *, user: bool) -> None:
        """Show a trace lifted into space, (L, 3) [m]."""
        self._trace.show(points, rgba(DATA.user if user else DATA.model), pairs=False)

    def show_pose(self, pose: NDArray[np.floating] | None) -> None:
        """Show the gripper frame at a (4, 4) pose [m]."""
        if pose is None:
            self._frame.show(None, None, pairs=True)
            return
        tint = np.array([rgba(c) for c in AXIS_COLOURS for _ in range(2)], np.float32)
        self._frame.show(scene_lines.frame_axes(pose), tint, pairs=True)

    def show_box(self, edges: NDArray[np.float32] | None) -> None:
        """Show the edges of the workspace box as (24, 3) pairs [m]."""
        self._box.setVisible(edges is not None)
        if edges is not None:
            self._box.setData(pos=edges, color=rgba(DATA.box), mode="lines")

    def set_home(
        self, centre: NDArray[np.floating], distance: float, elevation: float, azimuth: float
    ) -> None:
        """Set the view that a double click goes back to; lengths in metres, angles in degrees."""
        self._home = (np.asarray(centre, float), distance, elevation, azimuth)

    def look_home(self) -> None:
        """Go back to the first view."""
        centre, distance, elevation, azimuth = self._home
        self.setCameraPosition(
            pos=QVector3D(*map(float, centre)),
            distance=distance,
            elevation=elevation,
            azimuth=azimuth,
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the first view on a double click."""
        self.look_home()
        event.accept()
