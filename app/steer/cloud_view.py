"""The 3D view: what the model believes the scene looks like, decoded from its depth tokens."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.steer import scene_lines
from app.steer.cells import Cells, token_words
from app.steer.cloud_frame import SceneBar, over_label
from app.steer.cloud_words import HINT, LOST_GL, NO_GL, RESTING, cloud_words, paths_words
from app.steer.depth_grid import DepthGrid
from app.steer.depth_legend import DepthLegend
from app.steer.gl_check import gl_problem
from app.steer.scene_lines import ScenePath
from app.steer.viewpoints import Viewpoint
from core.depth import GRID, colourise
from core.surface import Surface
from core.types import DepthMap
from robot.franka_shape import BodyShape

if TYPE_CHECKING:
    from app.steer.cloud_gl import CloudScene
    from app.steer.cloud_screen import CloudScreen

log = logging.getLogger(__name__)

POINT_SIZES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.5)
"""How much larger than the patch that it stands for a point is drawn."""

ENOUGH = 180
"""Height from which on places to look from are offered within the scene [px]."""


class CloudView(QWidget):
    """Cloud, arm, paths, lifted trace and workspace box.

    Everything is given in the robot's base frame [m]. Without OpenGL the same calls are accepted;
    the decoded depth and a sentence stand in the place of the scene. ``cell_hovered`` carries the
    depth token under the pointer, -1 for none; ``gl_lost`` comes when OpenGL goes away.
    """

    cell_hovered = Signal(int)
    gl_lost = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 96)
        self._scene: CloudScene | None = None
        self._screen: CloudScreen | None = None
        self._surface: Surface | None = None
        self._cells = Cells()
        self._highlighted = -1
        self._absence, self._no_gl = "", NO_GL
        self._depth: DepthMap | None = None
        self._size = POINT_SIZES.index(1.5)
        self._sizes: NDArray[np.float32] | None = None
        self._by_depth = False
        self._with_cells = False
        self._paths: tuple[ScenePath, ...] = ()
        self._pose: NDArray[np.floating] | None = None
        self._arm: NDArray[np.float64] | None = None
        self._box: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self.bar = SceneBar(RESTING)
        self.flat = DepthGrid(HINT, centred=True)
        self.flat.setAccessibleName("Depth tokens in the place of the 3D view")
        self.flat.cell_hovered.connect(self._take_hover)
        self._legend = DepthLegend()
        self._token, self._message, self._why = over_label(), over_label(), QLabel(NO_GL)
        self._key = over_label()
        self._key.setAlignment(Qt.AlignmentFlag.AlignLeft)
        theme.set_role(self._why, "caption")
        for label in (self._message, self._why):
            label.setWordWrap(True)
        self._message.setText(HINT)
        self._stack = QGridLayout()
        self._stack.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self._why)
        self._stack.addWidget(self.flat, 0, 0)
        self._build_scene()
        side = Qt.AlignmentFlag
        bottom = side.AlignBottom
        self._stack.addWidget(self.bar.presets, 0, 0, side.AlignTop | side.AlignLeft)
        self._stack.addWidget(self._key, 0, 0, side.AlignTop | side.AlignRight)
        self._stack.addWidget(self._message, 0, 0, bottom | side.AlignHCenter)
        self._stack.addWidget(self._token, 0, 0, bottom | side.AlignLeft)
        self._stack.addWidget(self._legend, 0, 0, bottom | side.AlignRight)
        self._arrange()
        theme.theme().changed.connect(self._retint)

    @property
    def has_gl(self) -> bool:
        """Whether there is a scene."""
        return self._scene is not None

    @property
    def scene(self) -> CloudScene | None:
        """The scene itself; None without OpenGL."""
        return self._scene

    @property
    def message(self) -> str:
        """What is said in the place of the cloud."""
        return (self._why if self._scene is None else self._message).text()

    @property
    def caption(self) -> str:
        """The line above the scene."""
        return self.bar.caption

    @property
    def token(self) -> str:
        """What is said about the cell under the pointer."""
        return self._token.text()

    def set_actions(self, tools: Sequence[QAction], presets: Sequence[QAction]) -> None:
        """Offer switches above the scene and places to look from within it."""
        self.bar.set_actions(tools, presets)
        self._arrange()

    def add_more(self, actions: Sequence[QAction]) -> None:
        """Offer what is done less often in a menu above the scene."""
        self.bar.add_more(actions)

    def _build_scene(self) -> None:
        problem = gl_problem()
        if not problem:
            try:
                module: Any = importlib.import_module("app.steer.cloud_gl")
                scene = self._scene = module.CloudScene()
                screen = importlib.import_module("app.steer.cloud_screen").CloudScreen(scene)
                screen.failed.connect(self._lose)
                scene.failed.connect(self._lose)
                scene.point_hovered.connect(self._take_point)
                self._stack.addWidget(screen, 0, 0)
                self._screen = screen
                return
            except (ImportError, RuntimeError, OSError) as error:
                problem = str(error)
        log.warning("no 3D view: %s", problem)

    def _lose(self, problem: str) -> None:
        """Go on without a scene."""
        if self._scene is None or self._screen is None:
            return
        log.warning("no 3D view any more: %s", problem)
        self._screen.hide()
        self._stack.removeWidget(self._screen)
        self._scene = None
        self._no_gl = LOST_GL
        self._why.setText(self._absence or LOST_GL)
        self.set_depth_map(self._depth)
        self._arrange()
        self.gl_lost.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave a small scene to itself; the menu has the places to look from, too."""
        super().resizeEvent(event)
        self._arrange()

    def _retint(self) -> None:
        if self._scene is not None:
            self._scene.retint()

    def _arrange(self) -> None:
        """Show what belongs to the state: a scene or the flat picture, and the words over it."""
        flat = self._scene is None
        self.flat.setVisible(flat)
        low = self.height() < ENOUGH
        self._why.setVisible(flat and not low)
        self.flat.setToolTip(self._why.text() if flat else "")
        self.bar.show_tools(not flat)
        self.bar.presets.setVisible(not (flat or low) and self.bar.has_presets)
        words = token_words(self._cells, self._highlighted) if self._cells.codes else ""
        self._token.setText(words)
        self._token.setVisible(bool(words))
        key = paths_words(self._paths if self._is_placed() else ())
        self._key.setText(key)
        self._key.setVisible(bool(key) and not flat)
        self._legend.setVisible(self._by_depth and self._surface is not None and not words)
        self._message.setVisible(not words and not flat and self._surface is None)

    def set_absence(self, reason: str) -> None:
        """Say why there will be no cloud; an empty reason goes back to the hint."""
        self._absence = reason
        self.flat.set_hint(reason or HINT)
        self._message.setText(reason or HINT)
        self._why.setText(reason or self._no_gl)

    def set_depth_map(self, depth: DepthMap | None) -> None:
        """Know the decoded depth as a picture, which stands here when there is no scene."""
        self._depth = depth
        if self._scene is None:
            self.flat.set_image(None if depth is None else colourise(depth))

    def set_surface(self, surface: Surface | None) -> None:
        """Show a cloud; None for none. The same one again costs nothing."""
        if surface is self._surface:
            return
        self._surface, self._sizes = surface, None
        if surface is not None:
            self._legend.set_span(*surface.span, metric=surface.metric)
        self._say()
        self._arrange()
        self._show_cloud()
        self._show_cells()
        self._show_placed()

    def set_cells(self, cells: Cells) -> None:
        """Know the codes, depths and changes of the cells."""
        before, self._cells = self._cells.changed, cells
        self.flat.set_cells(cells)
        self._say()
        self._arrange()
        if cells.changed is not before:
            self._show_cells()

    def set_depths(self, depths: NDArray[np.float32] | None, *, metric: bool = False) -> None:
        """Know the median depth of every cell, (10, 10): metres, or 0 (far) to 1 (near)."""
        self.set_cells(replace(self._cells, depths=depths, metric=metric))

    def set_confidence(self, values: NDArray[np.floating] | None) -> None:
        """Know the probability of every token, (100,) in 0..1; None when nobody told."""
        self.set_cells(replace(self._cells, confidence=values))

    def highlight_cell(self, index: int) -> None:
        """Frame one cell on the surface and tell about it; -1 for none."""
        if index == self._highlighted:
            return
        self._highlighted = index
        self.flat.highlight(index)
        self._arrange()
        if self._scene is not None:
            mask = np.arange(GRID * GRID) == index
            self._scene.show_mark(self._outline(mask) if index >= 0 else None)

    def set_colours(self, *, by_depth: bool) -> None:
        """Colour the cloud by its depth, or by the picture."""
        self._by_depth = by_depth
        self._arrange()
        self._show_cloud()

    def set_grid(self, *, shown: bool) -> None:
        """Show the borders of all cells on the surface."""
        self._with_cells = shown
        self._show_cells()

    def resize_points(self, steps: int) -> None:
        """Make the points larger or smaller by some steps."""
        self._size = min(max(self._size + steps, 0), len(POINT_SIZES) - 1)
        self._sizes = None
        self._show_cloud()

    @property
    def point_size(self) -> float:
        """How much larger than its patch a point is drawn."""
        return POINT_SIZES[self._size]

    def set_paths(self, paths: Sequence[ScenePath]) -> None:
        """Show where plans lead; rejected ones are dashed, the selected one is strong."""
        self._paths = tuple(paths)
        self._arrange()
        self._show_placed()

    def set_trace(self, points: NDArray[np.floating] | None, user: bool = False) -> None:
        """Show a trace lifted into space, (L, 3) [m]; points that are not finite are left out."""
        if self._scene is not None:
            if points is not None:
                points = np.asarray(points, np.float32)
                points = points[np.isfinite(points).all(axis=1)]
            self._scene.show_trace(points, user=user)

    def set_pose(self, pose: NDArray[np.floating] | None) -> None:
        """Show the gripper frame at a (4, 4) pose."""
        self._pose = pose
        self._show_placed()

    def set_shapes(self, shapes: Sequence[BodyShape]) -> None:
        """Know what the arm looks like."""
        if self._scene is not None:
            self._scene.set_arm(shapes)

    def set_arm(self, poses: NDArray[np.float64] | None) -> None:
        """Show the arm with its bodies at (B, 4, 4) poses; None leaves the gripper frame alone."""
        self._arm = poses
        self._show_placed()

    def set_box(self, low: NDArray[np.floating] | None, high: NDArray[np.floating] | None) -> None:
        """Show the workspace box between two corners (3,), and lines on its floor."""
        if low is None or high is None:
            self._box = None
        else:
            low, high = np.asarray(low, float), np.asarray(high, float)
            self._box = scene_lines.box_edges(low, high), scene_lines.table_lines(low, high)
        self._show_placed()

    def look(self, view: Viewpoint) -> None:
        """Look from somewhere."""
        if self._scene is not None:
            self._scene.look(view)

    def start_from(self, view: Viewpoint) -> None:
        """Look from a viewpoint, such as the camera's own, slightly raised, now and on a reset."""
        if self._scene is not None:
            self._scene.set_home(replace(view, elevation=min(view.elevation + 5, 85.0)))
            self._scene.look_home()

    def look_home(self) -> None:
        """Go back to the first view."""
        if self._scene is not None:
            self._scene.look_home()

    def centre_on(self, place: NDArray[np.floating]) -> None:
        """Turn around another point (3,) [m] from now on."""
        if self._scene is not None:
            self._scene.centre_on(place)

    def picture(self) -> QImage:
        """Return what is seen, the words over it included; without OpenGL the flat picture."""
        if self._scene is None:
            return self.flat.grab().toImage()
        return self._scene.grabFramebuffer()

    def _outline(self, mask: NDArray[np.bool_] | None) -> NDArray[np.float32] | None:
        if self._surface is None:
            return None
        return scene_lines.outline_pairs(self._surface.outlines, mask)

    def _show_cloud(self) -> None:
        if self._scene is None:
            return
        if self._surface is None:
            self._scene.show_cloud(None, None, None)
        else:
            colours = self._surface.shades if self._by_depth else self._surface.colours
            if self._sizes is None:
                self._sizes = self._surface.sizes * np.float32(self.point_size)
            self._scene.show_cloud(self._surface.points, colours, self._sizes)

    def _show_cells(self) -> None:
        if self._scene is None:
            return
        changed = self._cells.changed
        self._scene.show_cells(self._outline(None) if self._with_cells else None)
        self._scene.show_changed(None if changed is None else self._outline(changed))
        mask = np.arange(GRID * GRID) == self._highlighted
        self._scene.show_mark(self._outline(mask) if self._highlighted >= 0 else None)

    def _show_placed(self) -> None:
        """Show what has its place in the base frame, unless the cloud is not in it."""
        if self._scene is None:
            return
        placed = self._is_placed()
        self._scene.show_paths(self._paths if placed else ())
        self._scene.show_pose(self._pose if placed else None)
        self._scene.show_arm(self._arm if placed else None)
        self._scene.show_box(*(self._box if placed and self._box is not None else (None, None)))

    def _is_placed(self) -> bool:
        return self._surface is None or self._surface.placed

    def _say(self) -> None:
        self.bar.set_caption(*cloud_words(self._surface, self._cells))

    def _take_point(self, index: int) -> None:
        surface = self._surface
        self._take_hover(-1 if surface is None or index < 0 else int(surface.cells[index]))

    def _take_hover(self, index: int) -> None:
        if index != self._highlighted:
            self.highlight_cell(index)
            self.cell_hovered.emit(index)
