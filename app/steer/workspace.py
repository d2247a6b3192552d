"""The Steer workspace: puts the panels together and feeds them from the store. Assembly only."""

from __future__ import annotations

import time

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
from app.asked import asked
from app.docks import SIDE_WIDTHS, Panel
from app.later import Later
from app.steer.absence import no_depth
from app.steer.answer_notices import staleness
from app.steer.camera_panel import CameraPanel
from app.steer.canvas import Canvas
from app.steer.cloud_view import CloudView
from app.steer.depth_view import DepthView
from app.steer.episode_wiring import EpisodeWiring
from app.steer.instruction_panel import InstructionPanel
from app.steer.looking import Looking
from app.steer.model_sight import ModelSight
from app.steer.model_view import ModelView
from app.steer.plan_bar import PlanBar
from app.steer.plan_states import card_states
from app.steer.points_panel import PointsPanel
from app.steer.reasoning_panel import ReasoningPanel
from app.steer.robot_panel import RobotPanel
from app.steer.scene_link import SceneLink
from app.steer.trace_menu import TraceMenu
from app.store import Phase, PlanKind
from app.studio import Studio
from core.types import Observation, Reasoning

INSET_WIDTHS = (112, 160)
INSET_SHARE = 0.16
LOW = 640
"""A workspace of less height has low cards [px]."""

TICK_MS = 250
LEAST_HEIGHT = 110
"""Of a panel [px]."""

ASKED_KEPT = 16
"""Questions that are remembered, to tell whether an answer is still about what is shown."""


class SteerWorkspace(QWidget):
    """Canvas and plans; what the model believes stands in panels, which the window docks."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio, self._actions = studio, actions
        store = studio.store
        self.instruction = InstructionPanel(
            actions["think"],
            actions["auto"],
            actions["reset"],
            [actions[name] for name in ("recall", "templates", "rephrase")],
        )
        self.instruction.set_templates(studio.instructions.templates)
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
        self.points = PointsPanel()
        self.menu = TraceMenu(self.canvas.tool, actions, self)
        self.answer = ReasoningPanel()
        self.robot = RobotPanel(
            actions["run"], actions["stop"], actions["release"], actions["home"]
        )
        self.episodes = EpisodeWiring(store, studio.episodes, actions, self)
        self._allow = ActionButton(actions["allow"])
        self.answer.add_button(self._allow)
        self.scene = SceneLink(studio, actions, self.cloud, self.depth_view)
        self.scene.follow_pointer(self.canvas)
        self.sight = ModelSight(store, actions, self.model, self)
        self.later = Later(self)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._shown: Reasoning | None = None
        self._asked: dict[int, tuple[Observation | None, float]] = {}
        self._build()
        self._looking = Looking(
            store, studio.feed, actions, canvas=self.canvas, cameras=self.cameras
        )
        self._wire()
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
        for name in (
            "undo",
            "redo",
            "copy_model",
            "start_at_gripper",
            "clear",
            "snap",
            "keep",
            "compare",
            "live",
        ):
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
            Panel(
                name="episode",
                title="Episode",
                widget=padded(self.episodes.panel),
                behind="answer",
            ),
            Panel(name="points", title="Trace points", widget=padded(self.points), behind="model"),
        ]

    def _wire(self) -> None:
        studio, store = self._studio, self._studio.store
        self.instruction.instruction_changed.connect(studio.controller.set_instruction)
        self.instruction.set_comparable(True)
        self.instruction.wording_proposed.connect(self._keep_wording)
        studio.instructions.history_changed.connect(self._show_instructions)
        studio.instructions.objects_changed.connect(self._show_instructions)
        store.instruction_changed.connect(self._asked_changed)
        self._show_instructions()
        self.plans.plan_chosen.connect(studio.controller.select_plan)
        self.plans.candidate_dropped.connect(studio.compare.drop_candidate)
        self.plans.candidate_edited.connect(self.edit_candidate)
        store.candidates_changed.connect(self._cards_changed)
        store.waiting_changed.connect(self._cards_changed)
        self.canvas.tool.gesture_ended.connect(studio.controller.log_edit)
        self.canvas.tool.gesture_ended.connect(self._lift_again)
        self.points.point_typed.connect(self.canvas.tool.type_point)
        self.points.point_chosen.connect(self.canvas.tool.editor.select)
        store.draft_changed.connect(self._points_changed)
        store.point_changed.connect(self._show_points)
        store.rig_changed.connect(self._show_rig)
        store.capabilities_changed.connect(self._show_capabilities)
        store.phase_changed.connect(self._show_phase)
        store.plans_changed.connect(self._plans_changed)
        store.partial_changed.connect(self._partial_changed)
        store.observation_changed.connect(self._plans_changed)
        store.robot_changed.connect(self._show_robot)
        store.progress_changed.connect(self._show_progress)
        self.answer.cell_hovered.connect(self.depth_view.highlight_cell)
        self.answer.cell_hovered.connect(self.cloud.highlight_cell)
        for view in (self.cloud, self.depth_view):
            view.cell_hovered.connect(self.answer.highlight_cell)
        self._actions["run"].changed.connect(self._show_blocker)
        self._actions["allow"].changed.connect(self._show_allow)
        studio.arming.changed.connect(self._show_blocker)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the small pictures their share of this width."""
        super().resizeEvent(event)
        self.plans.set_low(self.height() < LOW)
        low, high = INSET_WIDTHS
        self.cameras.setFixedWidth(round(min(max(INSET_SHARE * self.width(), low), high)))

    def shutdown(self) -> None:
        """Wait for the pool."""
        self._clock.stop()
        self._looking.shutdown()
        self.scene.shutdown()
        self.canvas.shutdown()

    def _tick(self) -> None:
        self.episodes.tick()
        self._show_staleness()

    def _show_instructions(self) -> None:
        self.instruction.set_history(self._studio.instructions.history)
        self.instruction.set_objects(self._studio.instructions.objects)

    def _keep_wording(self, words: str) -> None:
        reason = self._studio.compare.add_wording(words)
        if reason:
            self._studio.notifier.warning(reason)

    def _show_asked(self) -> None:
        self.instruction.set_asked(asked(self._studio.store))
        self._show_blocker()

    def _show_rig(self) -> None:
        self.scene.show_rig()

    def _show_capabilities(self) -> None:
        capabilities = self._studio.store.capabilities
        self.answer.set_capabilities(capabilities)
        reason = no_depth(capabilities)
        self.depth_view.set_absence(reason)
        self.cloud.set_absence(reason)

    def _show_phase(self, *_: object) -> None:
        store = self._studio.store
        self.robot.set_stopped(store.phase in (Phase.STOPPED, Phase.FAULT))
        self._plans_changed()

    def _plans_changed(self) -> None:
        for show in (self._show_plans, self._show_cards, self._show_answer, self._show_asked):
            self.later.ask(show)

    def _cards_changed(self) -> None:
        self.later.ask(self._show_cards)

    def _partial_changed(self) -> None:
        self.later.ask(self._show_answer)

    def _points_changed(self) -> None:
        self.later.ask(self._show_points)

    def _asked_changed(self, *_: object) -> None:
        self.later.ask(self._show_asked)

    def _show_plans(self) -> None:
        store = self._studio.store
        plan = store.plan
        preview = plan.preview if plan is not None else None
        self.scene.show_paths()
        refused = preview is not None and not preview.verdict.ok
        self.answer.set_rejected(
            preview.verdict.step if preview is not None and refused else None,
            preview.verdict.reason if preview is not None else "",
        )
        if preview is None:
            words = "Choose one of the plans: click a card or press its number."
            words = "The rig checks the path." if plan is not None else words
            self.robot.set_verdict(None, words if store.plans else "")
        else:
            self.robot.set_verdict(preview.verdict.ok, preview.verdict.reason)

    def _show_cards(self) -> None:
        """Show the plans, what is asked for, and what is kept to be compared."""
        store = self._studio.store
        pinned = store.observation
        self.plans.set_picture(None if pinned is None else pinned.frames[0].image)
        self.plans.set_cards(card_states(store))

    @Slot(object)
    def edit_candidate(self, kind: PlanKind | None = None) -> None:
        """Take the trace of a candidate, or of the one at hand, over as yours, to bend it."""
        points = self._studio.compare.trace_of_candidate(kind)
        if points is not None:
            self.canvas.tool.editor.replace_by(points)

    def _show_answer(self) -> None:
        """Show the answer that arrives, or the selected plan's; an old one stays until then."""
        store = self._studio.store
        reasoning = store.partial
        complete = reasoning is None
        # Before one of several plans is chosen, the model's own is shown.
        plan = store.plan or store.plans.get(PlanKind.MODEL)
        if reasoning is None and plan is not None:
            reasoning = plan.reasoning
        if reasoning is None or reasoning is self._shown:
            return
        self._shown = reasoning
        self._note_question(reasoning.request_id)
        self.answer.set_reasoning(reasoning, complete=complete)
        if reasoning.steered_by is None and store.phase != Phase.STEERING:
            self.scene.show_answer(reasoning, complete=complete)

    def _note_question(self, request_id: int) -> None:
        """Remember what an answer is about when its first part comes."""
        observation = self._studio.store.observation
        if request_id not in self._asked:
            self._asked[request_id] = (observation, time.monotonic())
            for old in list(self._asked)[:-ASKED_KEPT]:
                del self._asked[old]
        if observation is not None:
            height, width = observation.frames[0].image.shape[:2]
            self.answer.set_picture_size((width, height))
        self._show_staleness()

    def _show_staleness(self) -> None:
        """Say when the shown answer is not about what is shown beside it."""
        if self._shown is None:
            return
        store = self._studio.store
        asked, since = self._asked.get(self._shown.request_id, (None, 0.0))
        age = time.monotonic() - since
        self.answer.set_stale(staleness(asked, store.observation, store.instruction, age))

    def _lift_again(self, *_: object) -> None:
        """Lay the edited trace onto the surface."""
        self.scene.lift_again()

    def _show_points(self) -> None:
        self.points.set_points(self._studio.store.draft, self.canvas.view.image_size)
        self.points.set_selected(self._studio.store.point)

    def _show_robot(self) -> None:
        state = self._studio.store.robot
        self.robot.set_state(state)
        self.scene.show_robot()

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
        elif self._studio.arming.why:
            self.robot.set_blocker(self._studio.arming.why)
        elif self._actions["allow"].isEnabled():  # the answer's panel has the reason in full
            self.robot.set_blocker("Look before you run: see the answer.")
        elif self._actions["run"].isEnabled() and (old := asked(self._studio.store)).changed:
            self.robot.set_blocker(f"Run still follows “{old.text[:60]}”.")
        else:
            self.robot.set_blocker(self._actions.reason("run"))


def padded(widget: QWidget) -> QWidget:
    """Put a margin around a panel."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(8, 4, 8, 8)
    layout.addWidget(widget)
    # Its rows would otherwise push the border between the columns to and fro.
    # In a low window a panel is rather cut off below than pushed over Run and STOP.
    frame.setMinimumSize(SIDE_WIDTHS[0], LEAST_HEIGHT)
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
