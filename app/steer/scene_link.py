"""Feeds the 3D view and the depth picture from the store, and keeps the two in step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QTimer, Slot

from app.actions import Actions
from app.actions.scene import MORE, PRESETS, TOOLS
from app.steer.answer_spans import told
from app.steer.answer_state import shown
from app.steer.arm_job import ShapesJob
from app.steer.canvas import Canvas
from app.steer.cells import Cells
from app.steer.cloud_job import CloudJob, Lifted
from app.steer.cloud_view import CloudView
from app.steer.depth_view import DepthView
from app.steer.offence import offence_of, place_of
from app.steer.plan_states import SHORT_TITLES
from app.steer.scene_files import SceneFiles
from app.steer.scene_lines import ScenePath
from app.steer.scene_looks import SceneLooks
from app.store import PlanKind
from app.studio import Studio
from core.depth import GRID, change_mask
from core.surface import assumed_camera, cell_of
from core.types import Reasoning, RobotState
from robot.franka_shape import belongs_together, body_poses

ARM_MS = 67
"""The arm is drawn at most this often, 15 times a second."""

REST_MS = 150
STILL = 1e-3
"""Poses and angles that differ by less look the same [m, rad]."""

GRIPPER_STILL = 0.02
CELLS = GRID * GRID


class SceneLink(QObject):
    """Lifts answers, follows the arm, and serves the actions of the 3D view."""

    def __init__(
        self, studio: Studio, actions: Actions, cloud: CloudView, depth_view: DepthView
    ) -> None:
        super().__init__(cloud)
        self._studio, self._actions = studio, actions
        self._cloud, self._depth = cloud, depth_view
        self._job = CloudJob(self)
        self._shapes = ShapesJob(self)
        self.looks = SceneLooks(studio.store, cloud, self)
        self.files = SceneFiles(studio, cloud, self)
        self._codes: NDArray[np.int64] | None = None
        self._changed: NDArray[np.bool_] | None = None
        self._request = -1
        self._arm: RobotState | None = None
        self._arm_clock = QTimer(self, singleShot=True, interval=ARM_MS)
        self._arm_clock.timeout.connect(self._show_arm)
        self._canvas: Canvas | None = None
        self._pixel: QPointF | None = None
        self._from_picture = False
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._pointer_rests)
        self._job.lifted.connect(self._show_cloud)
        self._job.failed.connect(self._cannot_lift)
        self._shapes.loaded.connect(cloud.set_shapes)
        cloud.cell_hovered.connect(depth_view.highlight_cell)
        depth_view.cell_hovered.connect(cloud.highlight_cell)
        cloud.gl_lost.connect(self._without_gl)
        cloud.set_actions([actions[n] for n in TOOLS], [actions[n] for n in PRESETS])
        cloud.add_more([actions[n] for n in MORE])
        actions["scene_follow"].toggled.connect(self._follow)
        if cloud.has_gl:
            self._shapes.start()
        else:
            self._without_gl()

    def slots(self) -> dict[str, Callable[..., None]]:
        """Return what the actions of the 3D view do, by their names."""
        return {
            "scene_front": lambda: self.looks.look("front"),
            "scene_top": lambda: self.looks.look("top"),
            "scene_side": lambda: self.looks.look("side"),
            "scene_camera": lambda: self.looks.look("camera"),
            "scene_wrist": lambda: self.looks.look("wrist"),
            "scene_reset": self._cloud.look_home,
            "scene_follow": lambda: None,  # its switch is what counts
            "scene_depth": lambda on: self._cloud.set_colours(by_depth=on),
            "scene_cells": lambda on: self._cloud.set_grid(shown=on),
            "scene_larger": lambda: self._cloud.resize_points(1),
            "scene_smaller": lambda: self._cloud.resize_points(-1),
            "scene_picture": self.files.ask_picture,
            "scene_points": self.files.ask_points,
        }

    def shutdown(self) -> None:
        """Wait for the pools."""
        self._arm_clock.stop()
        self._rest.stop()
        self._job.shutdown()
        self._shapes.shutdown()
        self.files.shutdown()

    def show_rig(self) -> None:
        """Take the cameras and the workspace box of another rig."""
        rig = self._studio.store.rig
        low, high = rig.workspace if rig is not None and rig.workspace else (None, None)
        self._cloud.set_box(
            None if low is None else np.asarray(low), None if high is None else np.asarray(high)
        )
        self.looks.take_rig()

    def show_box(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        """Show a box that is only tried, (3,) corners [m]; :meth:`show_rig` shows the true one."""
        self._cloud.set_box(low, high)

    def show_paths(self) -> None:
        """Show where all plans lead."""
        store = self._studio.store
        paths: list[ScenePath] = []
        for kind, plan in store.plans.items():
            if plan.preview is None:
                continue
            points = np.asarray(plan.preview.poses)[:, :3, 3].astype(np.float32)
            offence = offence_of(plan)
            paths.append(
                ScenePath(
                    points=points,
                    allowed=plan.preview.verdict.ok,
                    selected=kind == store.selected,
                    label=f"{kind.number} {SHORT_TITLES[kind]}",
                    bad=None if offence is None else place_of(offence, points),
                )
            )
        self._cloud.set_paths(paths)

    def show_answer(self, reasoning: Reasoning, *, complete: bool) -> None:
        """Show the depth of an answer, or as much of it as has arrived."""
        codes = reasoning.depth.codes if reasoning.depth is not None else None
        if codes is None:
            codes = shown(reasoning).depth_codes or None
        self._depth.set_codes(codes)
        if reasoning.depth is not None and complete and reasoning.request_id != self._request:
            before, self._codes = self._codes, reasoning.depth.codes
            self._request = reasoning.request_id
            self._changed = None if before is None else change_mask(before, self._codes)
        arrived = () if codes is None else tuple(int(c) for c in codes)
        changed = self._changed if reasoning.request_id == self._request else None
        self._depth.set_changed(changed)
        if reasoning.depth_map is None:
            self._cloud.set_cells(Cells(codes=arrived))
            return
        self._depth.set_depth_map(reasoning.depth_map)
        self._cloud.set_depth_map(reasoning.depth_map)
        self._cloud.set_cells(Cells(codes=arrived, changed=changed))
        decided = told(reasoning)
        known = decided is not None and len(decided.codes) == CELLS
        self.set_confidence(decided.codes if decided is not None and known else None)
        self._lift(reasoning)

    def lift_again(self) -> None:
        """Lay the edited trace onto the surface."""
        plan = self._studio.store.plans.get(PlanKind.MODEL)
        if plan is not None:
            self._lift(plan.reasoning)

    def follow_pointer(self, canvas: Canvas) -> None:
        """Mark the cell under the pointer in the camera's picture once the pointer rests.

        Not before: marking draws the scene, and whoever draws a trace must not wait for that.
        """
        self._canvas = canvas
        canvas.view.moved.connect(self._pointer_moved)
        canvas.view.pointer_left.connect(self._pointer_left)

    def set_confidence(self, values: NDArray[np.floating] | None) -> None:
        """Tell both views the probability of every depth token, (100,) in 0..1."""
        self._depth.set_confidence(values)
        self._cloud.set_confidence(values)

    def show_robot(self) -> None:
        """Follow the arm, but not more often than an eye needs."""
        if not self._arm_clock.isActive():
            self._arm_clock.start()

    def _lift(self, reasoning: Reasoning) -> None:
        store = self._studio.store
        if store.observation is None or reasoning.depth_map is None:
            return
        draft, traces = store.draft, reasoning.traces
        points = draft if draft is not None else traces[0].points if traces else None
        image = store.observation.frames[0].image
        camera = self.looks.camera()
        self.files.remember(reasoning.depth_map, image, camera)
        self._job.request(reasoning.depth_map, image, camera, points, draft is not None)

    @Slot(QPointF, bool)
    def _pointer_moved(self, pixel: QPointF, held: bool) -> None:
        self._pixel = None if held else pixel
        self._rest.start()

    @Slot()
    def _pointer_left(self) -> None:
        self._pixel = None
        self._rest.start()

    @Slot()
    def _pointer_rests(self) -> None:
        canvas, index = self._canvas, -1
        if canvas is not None and self._pixel is not None and canvas.is_pinned:
            width, height = canvas.view.image_size
            index = cell_of(self._pixel.x() / max(width, 1), self._pixel.y() / max(height, 1))
        if index >= 0 or self._from_picture:
            self._from_picture = index >= 0
            self._depth.highlight_cell(index)
            self._cloud.highlight_cell(index)

    @Slot(object)
    def _show_cloud(self, lifted: Lifted) -> None:
        surface = lifted.surface
        if surface is not self.looks.surface:
            was_placed, self.looks.surface = self.looks.is_placed, surface
            self._depth.set_depths(surface.depths, metric=surface.metric)
            self._cloud.set_surface(surface)
            self._cloud.set_depths(surface.depths, metric=surface.metric)
            if not surface.placed and was_placed:
                self.looks.start_at(assumed_camera(4, 3))
        self._cloud.set_trace(lifted.trace, lifted.user)

    @Slot(str)
    def _cannot_lift(self, sentence: str) -> None:
        self._studio.notifier.warning(f"There is no 3D view of this answer: {sentence}")

    @Slot()
    def _show_arm(self) -> None:
        state, before = self._studio.store.robot, self._arm
        if state is None:
            self._arm = None
            self._cloud.set_arm(None)
            self._cloud.set_pose(None)
            return
        if before is not None and _looks_alike(before, state):
            return
        self._arm = state
        self._cloud.set_pose(state.ee_pose)
        known = belongs_together(state.q, state.ee_pose)
        self._cloud.set_arm(body_poses(state.q, state.gripper) if known else None)
        if self._actions["scene_follow"].isChecked():
            self._cloud.centre_on(state.ee_pose[:3, 3])

    @Slot(bool)
    def _follow(self, on: bool) -> None:
        state = self._studio.store.robot
        if on and state is not None:
            self._cloud.centre_on(state.ee_pose[:3, 3])

    @Slot()
    def _without_gl(self) -> None:
        """Disable what there is nothing to do for."""
        for name in (*PRESETS, *TOOLS, "scene_larger", "scene_smaller"):
            self._actions.hold(name, "There is no 3D view: this display has no OpenGL.")


def _looks_alike(before: RobotState, now: RobotState) -> bool:
    return (
        abs(before.gripper - now.gripper) < GRIPPER_STILL
        and bool(np.abs(before.ee_pose - now.ee_pose).max() < STILL)
        and bool(np.array_equal(before.q, now.q) or np.abs(before.q - now.q).max() < STILL)
    )
