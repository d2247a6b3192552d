"""The Steer workspace: puts the panels together and feeds them from the store. Assembly only."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.action_button import ActionButton
from app.actions import Actions
from app.docks import Panel
from app.observe import camera_order
from app.steer.absence import no_depth
from app.steer.answer_state import shown
from app.steer.camera_panel import CameraPanel
from app.steer.canvas import Canvas
from app.steer.cloud_job import CloudJob, Lifted
from app.steer.cloud_view import CloudView
from app.steer.depth_view import DepthView
from app.steer.instruction_panel import InstructionPanel
from app.steer.model_view import ModelView
from app.steer.plan_bar import PlanBar
from app.steer.reasoning_panel import ReasoningPanel
from app.steer.robot_panel import RobotPanel
from app.store import BUSY, Phase, PlanKind
from app.studio import Studio
from core import overlay
from core.types import Frame, Reasoning

INSET_WIDTHS = (112, 160)
INSET_SHARE = 0.16
TICK_MS = 250


class SteerWorkspace(QWidget):
    """Canvas and plans; what the model believes stands in panels, which the window docks."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio, self._actions = studio, actions
        store = studio.store
        self.instruction = InstructionPanel(actions["think"], actions["auto"], actions["reset"])
        self.canvas = Canvas(
            store,
            studio.undo_stack,
            begin=studio.controller.begin_drawing,
            put=studio.controller.put_draft,
        )
        self.cameras = CameraPanel()
        self.plans = PlanBar()
        self.cloud = CloudView()
        self.model = ModelView()
        self.depth_view = DepthView()
        self.answer = ReasoningPanel()
        self.robot = RobotPanel(
            actions["run"], actions["stop"], actions["release"], actions["home"]
        )
        self._allow = ActionButton(actions["allow"])
        self.answer.add_button(self._allow)
        self._cloud_job = CloudJob(self)
        self._shown: Reasoning | None = None
        self._pose: NDArray[np.float64] | None = None
        self._build()
        self._wire()
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._show_rig()
        self._show_phase()
        self._show_allow()

    def _build(self) -> None:
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.setContentsMargins(0, 0, 8, 0)
        picture.addWidget(self.canvas, 1)
        insets = QVBoxLayout()
        insets.setContentsMargins(0, 44, 0, 8)
        insets.addWidget(self.cameras)
        picture.addLayout(insets)
        for name in ("undo", "redo", "clear", "copy_model", "fit", "live"):
            button = QToolButton()
            button.setDefaultAction(self._actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            self.canvas.add_tool(button)
        self.canvas.add_button(ActionButton(self._actions["steer"], role="primary"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 8)
        column.setSpacing(0)
        column.addLayout(picture, 1)
        column.addWidget(self.plans)

    def panels(self) -> list[Panel]:
        """Return the panels around the picture, for the window's docks."""
        thumbnails = QWidget()
        row = QHBoxLayout(thumbnails)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.model, 1)
        row.addWidget(self.depth_view, 1)
        return [
            Panel(name="scene", title="3D view", widget=padded(self.cloud), share=5),
            Panel(name="model", title="What the model sees", widget=padded(thumbnails), share=3),
            Panel(name="answer", title="Answer", widget=padded(self.answer), share=5),
        ]

    def _wire(self) -> None:
        studio, store = self._studio, self._studio.store
        self.instruction.instruction_changed.connect(studio.controller.set_instruction)
        self.plans.plan_chosen.connect(studio.controller.select_plan)
        self.canvas.tool.gesture_ended.connect(studio.controller.log_edit)
        self.canvas.tool.gesture_ended.connect(self._lift_again)
        studio.feed.frame_arrived.connect(self._take_frame)
        store.rig_changed.connect(self._show_rig)
        store.capabilities_changed.connect(self._show_capabilities)
        store.phase_changed.connect(self._show_phase)
        store.plans_changed.connect(self._show_plans)
        store.partial_changed.connect(self._show_answer)
        store.observation_changed.connect(self._show_observation)
        store.draft_changed.connect(self._show_model_input)
        store.robot_changed.connect(self._show_robot)
        store.progress_changed.connect(self._show_progress)
        self._actions["run"].changed.connect(self._show_blocker)
        self._actions["allow"].changed.connect(self._show_allow)
        self._cloud_job.lifted.connect(self._show_cloud)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the small pictures their share of this width."""
        super().resizeEvent(event)
        low, high = INSET_WIDTHS
        self.cameras.setFixedWidth(round(min(max(INSET_SHARE * self.width(), low), high)))

    def shutdown(self) -> None:
        """Wait for the pool."""
        self._clock.stop()
        self._cloud_job.shutdown()

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        self.canvas.take_frame(frame)
        inset = self.cameras.insets.get(frame.camera)
        if inset is not None:
            inset.set_frame(frame, time.monotonic_ns())

    def _tick(self) -> None:
        feed = self._studio.feed
        self.cameras.set_frames(feed.frames, time.monotonic_ns())
        self.canvas.tick(feed.age_ms(self.canvas.camera))

    def _show_rig(self) -> None:
        rig = self._studio.store.rig
        names = camera_order(rig)
        self._show_insets()
        camera = rig.cameras.get(names[0]) if rig is not None and names else None
        if camera is not None and not camera.mounted_on_hand:
            eye = camera.pose[:3, 3]
            self.cloud.look_from(eye, eye + camera.pose[:3, 2])
        low, high = rig.workspace if rig is not None and rig.workspace else (None, None)
        self.cloud.set_box(low, high)

    def _show_insets(self) -> None:
        """Show the other cameras, and the first one's live picture while it is pinned."""
        names = camera_order(self._studio.store.rig)
        self.cameras.set_cameras(names[1:] + (names[:1] if self.canvas.is_pinned else []))

    def _show_capabilities(self) -> None:
        capabilities = self._studio.store.capabilities
        self.answer.set_capabilities(capabilities)
        reason = no_depth(capabilities)
        self.depth_view.set_absence(reason)
        self.cloud.set_absence(reason)

    def _show_phase(self, *_: object) -> None:
        store = self._studio.store
        self.robot.set_stopped(store.phase in (Phase.STOPPED, Phase.FAULT))
        if store.phase in BUSY:
            self.instruction.remember(store.instruction)
        self._show_insets()
        self._show_plans()
        self._show_model_input()

    def _show_plans(self) -> None:
        store = self._studio.store
        self.plans.set_plans(store.plans, store.selected)
        plan = store.plan
        preview = plan.preview if plan is not None else None
        self.cloud.set_path(
            None if preview is None else preview.poses, preview is None or preview.verdict.ok
        )
        if preview is None:
            self.robot.set_verdict(None, "The rig checks the path." if plan is not None else "")
        else:
            self.robot.set_verdict(preview.verdict.ok, preview.verdict.reason)
        self._show_answer()
        self._show_blocker()

    def _show_answer(self) -> None:
        """Show the answer that arrives, or the selected plan's; an old one stays until then."""
        store = self._studio.store
        reasoning = store.partial
        complete = reasoning is None
        if reasoning is None and store.plan is not None:
            reasoning = store.plan.reasoning
        if reasoning is None or reasoning is self._shown:
            return
        self._shown = reasoning
        self.answer.set_reasoning(reasoning, complete=complete)
        if reasoning.steered_by is None and store.phase != Phase.STEERING:
            self._show_depth(reasoning)
        self._show_model_input()

    def _show_depth(self, reasoning: Reasoning) -> None:
        codes = reasoning.depth.codes if reasoning.depth is not None else None
        if codes is None:
            arrived = shown(reasoning).depth_codes
            codes = arrived or None
        self.depth_view.set_codes(codes)
        if reasoning.depth_map is not None:
            self.depth_view.set_depth_map(reasoning.depth_map)
            self._lift(reasoning)

    def _lift(self, reasoning: Reasoning) -> None:
        store = self._studio.store
        if store.observation is None or store.rig is None or reasoning.depth_map is None:
            return
        frame = store.observation.frames[0]
        camera = store.rig.cameras.get(frame.camera)
        if camera is None:
            return
        draft = store.draft
        traces = reasoning.traces
        points = draft if draft is not None else traces[0].points if traces else None
        self._cloud_job.request(reasoning.depth_map, frame.image, camera, points, draft is not None)

    def _lift_again(self, *_: object) -> None:
        """Lay the edited trace onto the surface."""
        plan = self._studio.store.plans.get(PlanKind.MODEL)
        if plan is not None:
            self._lift(plan.reasoning)

    @Slot(object)
    def _show_cloud(self, lifted: Lifted) -> None:
        self.cloud.set_cloud(lifted.points, lifted.colours, lifted.metric)
        self.cloud.set_trace(lifted.trace, lifted.user)

    def _show_observation(self) -> None:
        self._show_insets()
        self._show_model_input()
        self._show_plans()

    def _show_model_input(self) -> None:
        """Show the pixels that the model gets: what it was sent, or would be sent now."""
        store = self._studio.store
        if store.observation is None:
            return
        size = store.capabilities.image_size if store.capabilities is not None else None
        image = overlay.prepare_frame(store.observation.frames[0].image, size)
        plan = store.plans.get(PlanKind.USER)
        if plan is not None and plan.reasoning.model_image is not None:
            self.model.set_image(plan.reasoning.model_image, steered=True)
        elif store.draft is not None and len(store.draft) > 1:
            self.model.set_image(overlay.draw_trace(image, np.asarray(store.draft)), steered=True)
        else:
            self.model.set_image(image)

    def _show_robot(self) -> None:
        state = self._studio.store.robot
        self.robot.set_state(state)
        pose = None if state is None else state.ee_pose
        # Every new pose draws the whole scene again; one that looks the same is not worth it.
        if pose is None or self._pose is None or np.abs(pose - self._pose).max() > 1e-3:
            self._pose = pose
            self.cloud.set_pose(pose)

    def _show_progress(self) -> None:
        self.answer.set_progress(self._studio.store.progress[0])
        self._show_blocker()

    def _show_allow(self) -> None:
        """Offer to allow a doubtful plan only while there is one."""
        self._allow.setVisible(self._actions["allow"].isEnabled())

    def _show_blocker(self) -> None:
        step, total = self._studio.store.progress
        if self._studio.store.phase == Phase.RUNNING and total:
            self.robot.set_blocker(f"Step {min(step + 1, total)} of {total}")
        elif self._actions["allow"].isEnabled():  # the answer's panel has the reason in full
            self.robot.set_blocker("Look before you run: see the answer.")
        else:
            self.robot.set_blocker(self._actions.reason("run"))


def padded(widget: QWidget) -> QWidget:
    """Put a margin around a panel."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(8, 4, 8, 8)
    layout.addWidget(widget)
    # Its rows would otherwise push the border between the columns to and fro.
    frame.setMinimumWidth(1)
    return frame


def hairline(vertical: bool = False) -> QFrame:
    """Return a line between two areas."""
    line = QFrame()
    theme.set_role(line, "hairline")
    (line.setFixedWidth if vertical else line.setFixedHeight)(1)
    return line


def badge() -> QLabel:
    """Return the badge that says whether the arm is real."""
    label = QLabel("NO RIG")
    theme.set_role(label, "badge")
    return label
