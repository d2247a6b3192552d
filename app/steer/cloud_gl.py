"""The OpenGL part of the 3D view: one scene, its items made once and only ever refilled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph.opengl as gl
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMatrix4x4, QMouseEvent, QResizeEvent, QVector3D, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.steer import scene_lines
from app.steer.cloud_items import ArmModel, Line, Wire, rgba
from app.steer.scene_lines import ScenePath
from app.steer.viewpoints import MIDDLE, Viewpoint, angle_across
from app.theme import DATA, tokens
from core.surface import POINTS
from robot.franka_shape import BodyShape

AXIS_COLOURS = (DATA.rejected, DATA.path, DATA.user)
HOVER_MS = 30
TOLERATED = 3
"""Pictures in a row that may fail, as one can while its window is exchanged, before giving up."""

NEAREST, FARTHEST = 0.08, 12.0
"""Limits of the distance that the wheel can go to [m]."""


class CloudScene(gl.GLViewWidget):
    """Cloud, arm, paths, lifted trace and workspace box.

    Drag turns, the right button pans, the wheel goes nearer. ``point_hovered`` carries the number
    of the point under the pointer, -1 for none; ``failed`` why there will be no picture any more;
    ``touched`` comes when it looks different now. It is never on the screen itself:
    :class:`app.steer.cloud_screen.CloudScreen` shows its buffer.
    """

    point_hovered = Signal(int)
    failed = Signal(str)
    touched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._home = Viewpoint(centre=MIDDLE, distance=1.3, elevation=35.0, azimuth=-60.0)
        self._fov = self._home.fov
        self.opts: dict[str, Any]
        self._points: NDArray[np.float32] | None = None
        self._failures = 0
        self._pointer: QPointF | None = None
        self._rest = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._rest.timeout.connect(self._ask)
        self._cloud = gl.GLScatterPlotItem(
            pos=np.zeros((POINTS, 3), np.float32),
            color=np.ones((POINTS, 4), np.float32),
            size=np.zeros(POINTS, np.float32),
            pxMode=False,  # every point covers its patch, from near as from afar
            glOptions="opaque",
        )
        self._cloud.setVisible(False)
        self.addItem(self._cloud)
        self._arm: ArmModel | None = None
        self._poses: NDArray[np.float64] | None = None
        self._table = Wire(self, 1.0, 1)
        self._box = Wire(self, 1.5, 2)
        self._cells = Wire(self, 1.0, 3)
        self._changed = Line(self, 2.0, 6)
        self._trace = Line(self, 3.0, 10)
        self._paths: list[tuple[Line, Line]] = []
        self._frame = Line(self, 3.0, 30)
        self._bad = Line(self, 3.0, 31)
        self._mark = Line(self, 2.5, 32)
        self.retint()
        self.look_home()

    def update(self, *_: object) -> None:
        """Tell that it has changed; whoever shows it fetches a new picture."""
        self.touched.emit()

    def retint(self) -> None:
        """Take the colours of the theme."""
        self.setBackgroundColor(tokens().view)
        self._table.tint(rgba(tokens().edge, 0.45))

    def show_cloud(
        self,
        points: NDArray[np.float32] | None,
        colours: NDArray[np.float32] | None,
        sizes: NDArray[np.float32] | None,
    ) -> None:
        """Show (POINTS, 3) points with (POINTS, 4) colours and (POINTS,) widths [m], or nothing.

        Only what is another array than before is sent to the graphics card.
        """
        if self._cloud.visible() != (points is not None):
            self._cloud.setVisible(points is not None)
        changed = {}
        if points is not None and points is not self._points:
            changed["pos"] = points
        if colours is not None and colours is not self._cloud.color:
            changed["color"] = colours
        if sizes is not None and sizes is not self._cloud.size:
            changed["size"] = sizes
        self._points = points
        if changed:
            self._cloud.setData(**changed)

    def show_cells(self, pairs: NDArray[np.float32] | None) -> None:
        """Show the borders of the cells on the surface as (2 M, 3) pairs [m]."""
        self._cells.show(pairs, rgba(DATA.focus, 0.45))

    def show_changed(self, pairs: NDArray[np.float32] | None) -> None:
        """Show the borders of the changed cells."""
        self._changed.show(pairs, rgba(DATA.changed), pairs=True)

    def show_mark(self, pairs: NDArray[np.float32] | None) -> None:
        """Show the border of the cell under the pointer."""
        self._mark.show(pairs, rgba(DATA.focus), pairs=True)

    def show_paths(self, paths: Sequence[ScenePath]) -> None:
        """Show where plans lead: solid when the guard allows it, dashed otherwise."""
        while len(self._paths) < len(paths):
            # A line has one width, so each path can have a strong one and a light one.
            order = 12 + 4 * min(len(self._paths), 4)
            self._paths.append((Line(self, 1.5, order), Line(self, 4.0, order + 2)))
        for k, lines in enumerate(self._paths):
            path = paths[k] if k < len(paths) else None
            for strong, line in enumerate(lines):
                if path is None or path.selected != bool(strong):
                    line.show(None)
                    continue
                points = path.points if path.allowed else scene_lines.dashes(path.points)
                colour = rgba(DATA.path if path.allowed else DATA.rejected)
                alpha = 1.0 if path.selected else 0.6
                line.show(points, colour, pairs=not path.allowed, alpha=alpha)
        bad = next((path.bad for path in paths if path.selected and path.bad is not None), None)
        marked = None if bad is None else scene_lines.cross(bad)
        self._bad.show(marked, rgba(DATA.rejected), pairs=True)

    def show_trace(self, points: NDArray[np.float32] | None, *, user: bool) -> None:
        """Show a trace lifted into space, (L, 3) [m]."""
        self._trace.show(points, rgba(DATA.user if user else DATA.model))

    def show_pose(self, pose: NDArray[np.floating] | None) -> None:
        """Show the gripper frame at a (4, 4) pose [m]."""
        if pose is None:
            self._frame.show(None)
            return
        tint = np.array([rgba(c) for c in AXIS_COLOURS for _ in range(2)], np.float32)
        self._frame.show(scene_lines.frame_axes(pose), tint, pairs=True)

    def set_arm(self, shapes: Sequence[BodyShape]) -> None:
        """Know what the arm looks like."""
        self._arm = ArmModel(self, shapes)
        self._arm.show(self._poses)

    def show_arm(self, poses: NDArray[np.float64] | None) -> None:
        """Show the arm with its bodies at (B, 4, 4) poses [m]; None hides it."""
        if poses is None and self._poses is None:
            return
        self._poses = poses
        if self._arm is not None:
            self._arm.show(poses)

    def show_box(
        self, edges: NDArray[np.float32] | None, table: NDArray[np.float32] | None = None
    ) -> None:
        """Show the edges of the workspace box and lines on its floor, as pairs of points [m]."""
        self._box.show(edges, rgba(DATA.box))
        self._table.show(table, rgba(tokens().edge, 0.45))

    def set_home(self, home: Viewpoint) -> None:
        """Set the view that a double click goes back to."""
        self._home = home

    def look_home(self) -> None:
        """Go back to the first view."""
        self.look(self._home)

    def look(self, view: Viewpoint) -> None:
        """Look from somewhere."""
        self._fov = view.fov
        self._fit_fov()
        self.setCameraPosition(
            pos=QVector3D(*map(float, view.centre)),
            distance=view.distance,
            elevation=view.elevation,
            azimuth=view.azimuth,
        )

    def centre_on(self, place: NDArray[np.floating]) -> None:
        """Turn around another point (3,) [m] from now on."""
        self.setCameraPosition(pos=QVector3D(*map(float, place)))

    def _fit_fov(self) -> None:
        self.opts["fov"] = angle_across(self._fov, max(self.width(), 1) / max(self.height(), 1))

    def view_of(self, point: NDArray[np.floating]) -> QPointF:
        """Return where in this widget a point (3,) [m] is seen [px]."""
        x, y, z = map(float, point)
        seen = self._matrix().map(QVector3D(x, y, z))
        return QPointF((seen.x() + 1) * self.width() / 2, (1 - seen.y()) * self.height() / 2)

    def _matrix(self) -> QMatrix4x4:
        viewport = self.getViewport()
        return self.projectionMatrix(viewport, viewport) * self.viewMatrix()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what must be seen within the view."""
        super().resizeEvent(event)
        self._fit_fov()

    def paintGL(self) -> None:
        """Draw the scene; a graphics driver that keeps failing ends it in a sentence."""
        try:
            super().paintGL()
        except Exception as error:  # whatever a driver raises
            self._failures += 1
            if self._failures >= TOLERATED:
                self.failed.emit(f"{type(error).__name__}: {error}")
            else:
                QTimer.singleShot(50, self, self.update)
        else:
            self._failures = 0

    def drawItemTree(self, item: object = None, useItemNames: bool = False) -> None:
        """Draw every item; unlike pyqtgraph's, this lets a fault out instead of printing it."""
        for each in sorted(self.items, key=lambda one: one.depthValue()):
            if each.visible():
                if self.default_vao.isCreated():
                    self.default_vao.bind()
                self._modelViewStack.append(self.currentModelView() * each.transform())
                try:
                    each.paint()
                finally:
                    self._modelViewStack.pop()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn with the left button, pan with another; otherwise ask what is under the pointer."""
        others = Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton
        if event.buttons() & others:
            before = getattr(self, "mousePos", event.position())
            self.mousePos = event.position()
            step = event.position() - before
            self.pan(step.x(), step.y(), 0, relative="view")
        elif event.buttons():
            super().mouseMoveEvent(event)
        else:
            self._pointer = event.position()
            if not self._rest.isActive():
                self._rest.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go nearer or farther, within limits."""
        super().wheelEvent(event)
        self.opts["distance"] = min(max(self.opts["distance"], NEAREST), FARTHEST)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget what was under the pointer."""
        super().leaveEvent(event)
        self._pointer = None
        self._rest.stop()
        self.point_hovered.emit(-1)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the first view on a double click."""
        self.look_home()
        event.accept()

    def _ask(self) -> None:
        if self._pointer is None or self._points is None:
            return
        matrix = np.array(self._matrix().data(), np.float64).reshape(4, 4).T
        place = (self._pointer.x(), self._pointer.y())
        size = (self.width(), self.height())
        self.point_hovered.emit(scene_lines.nearest_point(self._points, matrix, size, place))
