"""What the model said at the moment that is shown: answer, actions, depth and 3D as tabs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from app import theme
from app.review.plots import ActionsView
from app.review.reel import Answered, Shown
from app.steer.answer_spans import told
from app.steer.cloud_job import CloudJob, Lifted
from app.steer.cloud_view import CloudView
from app.steer.depth_view import DepthView
from app.steer.reasoning_panel import ReasoningPanel
from app.steer.scene_lines import ScenePath
from core.camera import CameraModel

WAITING = "The model was thinking; its answer comes later in the recording."
BEFORE = "The model had not been asked yet."


class Details(QTabWidget):
    """Follows the playhead; the 3D view is made when it is first looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer, self.charts = ReasoningPanel(), ActionsView()
        self.depth_view = DepthView()
        self.depth_view.set_absence("No depth in this answer")
        self.cloud: CloudView | None = None
        self._job = CloudJob(self)
        self._job.lifted.connect(self._show_cloud)
        self._job.failed.connect(self._cannot_lift)
        self._models: dict[str, CameraModel | None] = {}
        self._shown: Answered | None = None
        self._lifted: Answered | None = None
        self._state = QLabel(BEFORE)
        self._state.setWordWrap(True)
        self._state.setAlignment(Qt.AlignmentFlag.AlignTop)
        theme.set_role(self._state, "caption")
        answer = QWidget()
        column = QVBoxLayout(answer)
        column.setContentsMargins(8, 8, 0, 0)
        column.addWidget(self._state)
        column.addWidget(self.answer, 1)
        self._space = QWidget()
        QVBoxLayout(self._space).setContentsMargins(8, 8, 0, 0)
        self.setDocumentMode(True)
        for title, widget in (
            ("Answer", answer),
            ("Actions", _padded(self.charts)),
            ("Depth", _padded(self.depth_view)),
            ("3D", self._space),
        ):
            self.addTab(widget, title)
        self.setAccessibleName("What the model said")
        self.tabBar().setAccessibleName("What the model said")
        self.currentChanged.connect(self._tab_changed)

    def set_models(self, models: dict[str, CameraModel | None]) -> None:
        """Tell how the cameras of the session are calibrated."""
        self._models = models
        self._shown = self._lifted = None

    def set_shown(self, shown: Shown) -> None:
        """Show what held at a moment."""
        moment, answer = shown.moment, shown.answer
        words = WAITING if moment.waiting else BEFORE if answer is None else ""
        words = shown.problem or words
        self._state.setText(words)
        self._state.setVisible(bool(words))
        self.answer.setVisible(answer is not None)  # its hint is about asking
        done = moment.steps_done if moment.run is not None else 0
        self.charts.bars.set_done(done)
        if answer is not self._shown:
            self._shown = answer
            self._show_answer(answer)
        self.answer.set_progress(done)
        if self.cloud is not None and shown.state is not None:
            self.cloud.set_pose(shown.state.ee_pose)

    def shutdown(self) -> None:
        """Wait for the thread that makes surfaces."""
        self._job.shutdown()

    def _show_answer(self, answer: Answered | None) -> None:
        if answer is None:
            self.answer.set_reasoning(None)
            self.charts.set_execution(None)
            self.depth_view.set_codes(None)
            self.depth_view.set_depth_map(None)
            return
        reasoning = answer.reasoning
        if answer.picture is not None:
            height, width = answer.picture.shape[:2]
            self.answer.set_picture_size((width, height))
        self.answer.set_reasoning(reasoning)
        self.charts.set_execution(answer.execution)
        thought = answer.thought or reasoning
        self.depth_view.set_codes(None if thought.depth is None else thought.depth.codes)
        self.depth_view.set_depth_map(thought.depth_map)
        decided = told(thought)
        sure = decided.codes if decided is not None and len(decided.codes) else None
        self.depth_view.set_confidence(sure)
        self._lift()

    @Slot(int)
    def _tab_changed(self, index: int) -> None:
        if self.widget(index) is not self._space:
            return
        if self.cloud is None:
            self.cloud = CloudView()
            layout = self._space.layout()
            assert layout is not None
            layout.addWidget(self.cloud)
        self._lift()

    def _lift(self) -> None:
        """Make the surface of the answer when somebody looks at it."""
        answer = self._shown
        looked_at = self.cloud is not None and self.currentWidget() is self._space
        if not looked_at or self.cloud is None or answer is None or answer is self._lifted:
            return
        reasoning = answer.reasoning
        depth = (answer.thought or reasoning).depth_map
        self.cloud.set_depth_map(depth)
        self.cloud.set_absence("" if depth is not None else "This answer has no depth.")
        self.cloud.set_paths(_paths(answer))
        if depth is None or answer.picture is None:
            self.cloud.set_surface(None)
            return
        self._lifted = answer
        drawn = reasoning.steered_by
        trace = drawn or next(iter(reasoning.traces), None)
        self._job.request(
            depth,
            answer.picture,
            self._models.get(answer.camera),
            None if trace is None else trace.points,
            drawn is not None,
        )

    @Slot(object)
    def _show_cloud(self, lifted: Lifted) -> None:
        if self.cloud is not None:
            surface = lifted.surface
            self.cloud.set_surface(surface)
            self.cloud.set_depths(surface.depths, metric=surface.metric)
            self.cloud.set_trace(lifted.trace, lifted.user)

    @Slot(str)
    def _cannot_lift(self, sentence: str) -> None:
        if self.cloud is not None:
            self.cloud.set_absence(f"There is no 3D view of this answer: {sentence}")


def _paths(answer: Answered) -> list[ScenePath]:
    if answer.poses is None:
        return []
    points = answer.poses[:, :3, 3].astype("float32")
    return [ScenePath(points=points, allowed=answer.allowed, selected=True, label="plan")]


def _padded(widget: QWidget) -> QWidget:
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(8, 8, 8, 0)
    layout.addWidget(widget)
    return frame
