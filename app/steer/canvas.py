"""The picture that a trace belongs to, with everything that is drawn over it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.observe import camera_order, gripper_pixel, path_pixels
from app.steer import trace_item
from app.steer.absence import no_steering
from app.steer.answer_state import shown
from app.steer.camera_panel import age_text
from app.steer.image_view import ImageView
from app.steer.mapping import scene_from_model
from app.steer.trace_item import TraceItem
from app.steer.trace_tool import TraceTool
from app.store import Phase, PlanKind, Store
from core.types import Frame

EMPTY = "The picture of the front camera appears here as soon as the rig delivers it."

WARNED_S = 4.0
"""How long a warning stays before hints may take its place [s]."""


class Canvas(QWidget):
    """Shows the pinned picture, or the live one, with traces and the ghost path."""

    hint_changed = Signal(str)

    def __init__(
        self,
        store: Store,
        undo_stack: QUndoStack,
        *,
        begin: Callable[[], str],
        put: Callable[[NDArray[np.float64] | None], None],
        parent: QWidget | None = None,
    ) -> None:
        """Build the canvas.

        Args:
            store: What to show.
            undo_stack: Where edits of the trace go.
            begin: See :class:`TraceTool`.
            put: See :class:`TraceTool`.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._store = store
        self._live: Frame | None = None
        self._pinned_ns = 0
        self._warned_until = 0.0
        self.view = ImageView()
        self.view.set_message(EMPTY)
        self._title = QLabel()
        theme.set_role(self._title, "title")
        self._badge = QLabel()
        self._hint, self._said = QLabel(), ""
        self._hints = True
        theme.set_role(self._hint, "hint")
        self._hint.setMinimumWidth(1)
        self.path_item = TraceItem(trace_item.PATH, 1)
        self.model_item = TraceItem(trace_item.MODEL, 2)
        self.travelled_item = TraceItem(trace_item.TRAVELLED, 3)
        self.user_item = TraceItem(trace_item.USER, 4)
        self.stroke_item = TraceItem(trace_item.STROKE, 5)
        self._items = (
            self.path_item,
            self.model_item,
            self.travelled_item,
            self.user_item,
            self.stroke_item,
        )
        for item in self._items:
            self.view.scene().addItem(item)
        self.view.scale_changed.connect(self._rescale)
        self.tool = TraceTool(
            self.view,
            self.user_item,
            self.stroke_item,
            undo_stack,
            get=lambda: store.draft,
            put=put,
            begin=begin,
        )
        self.tool.hint_changed.connect(self._say)
        self.tool.refused.connect(self._warn)
        self.view.moved.connect(self._point)
        self.view.pointer_left.connect(self._unpoint)
        self._build()
        store.capabilities_changed.connect(self._say_again)
        store.observation_changed.connect(self.show_observation)
        store.phase_changed.connect(self.show_observation)
        store.draft_changed.connect(self.show_draft)
        store.partial_changed.connect(self.show_plans)
        store.plans_changed.connect(self.show_plans)
        store.rig_changed.connect(self.show_observation)
        self.show_observation()

    def _build(self) -> None:
        self._head = QHBoxLayout()
        self._head.setContentsMargins(0, 0, 0, 0)
        self._head.setSpacing(8)
        self._head.addWidget(self._title)
        self._head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self._head.addStretch(1)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(0)
        self._head.addLayout(self._tools)
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(0, 0, 0, 0)
        self._foot.setSpacing(8)
        self._foot.addWidget(self._hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        layout.addLayout(self._head)
        layout.addWidget(self.view, 1)
        layout.addLayout(self._foot)

    def add_tool(self, widget: QWidget) -> None:
        """Put a small button above the picture."""
        self._tools.addWidget(widget)

    def add_button(self, widget: QWidget) -> None:
        """Put a button to the right of the hint."""
        self._foot.addWidget(widget)

    def copy_model_trace(self) -> None:
        """Take the model's trace over as yours, to bend it."""
        self.tool.replace_by(self._model_trace())

    @property
    def camera(self) -> str:
        """Name of the camera whose picture is shown."""
        if self.is_pinned and self._store.observation is not None:
            return self._store.observation.frames[0].camera
        return next(iter(camera_order(self._store.rig)), "")

    @property
    def hint(self) -> str:
        """The sentence below the picture."""
        return self._hint.text()

    @property
    def is_pinned(self) -> bool:
        """Whether the picture stands still."""
        # While the arm moves the person watches it move, with the plan drawn over the live picture.
        return self._store.observation is not None and self._store.phase != Phase.RUNNING

    def take_frame(self, frame: Frame) -> None:
        """Show a live frame, unless the picture is pinned."""
        if frame.camera == self.camera and not self.is_pinned:
            self._live = frame
            self.view.set_image(frame.image)
            self._show_items()
            self._place_gripper()
            if self.user_item.is_empty != (self._store.draft is None):
                self.show_draft()

    def show_observation(self, *_: object) -> None:
        """Follow what is pinned."""
        observation = self._store.observation
        if self.is_pinned and observation is not None:
            self.view.set_image(observation.frames[0].image)
            self._pinned_ns = observation.frames[0].t_ns
        elif self._store.rig is None:
            self.view.set_image(None)
        self._show_items()
        self._title.setText(self.camera.capitalize() or "Camera")
        self._place_gripper()
        self.show_draft()
        self.show_plans()
        self.tick(None)

    def _show_items(self) -> None:
        """Show what is drawn over the picture only while there is one."""
        for item in self._items:
            item.setVisible(all(self.view.image_size))

    def tick(self, age_ms: float | None) -> None:
        """Write how old the picture is; called a few times a second."""
        if self.is_pinned:
            seconds = max(0.0, (time.monotonic_ns() - self._pinned_ns) / 1e9)
            self._badge.setText(f"pinned {seconds:.0f} s ago")
            theme.set_role(self._badge, "badge")
        elif age_ms is not None:
            self._badge.setText(f"live · {age_text(age_ms)}")
            theme.set_role(self._badge, "caption")
        elif self._store.rig is None:
            theme.set_role(self._badge, "caption")
            self._badge.setText("")

    def show_draft(self) -> None:
        """Follow the drawn trace."""
        size = self.view.image_size
        draft = self._store.draft
        if not all(size):
            return
        self.user_item.set_points(None if draft is None else scene_from_model(draft, size))
        travelled = self._store.travelled
        self.travelled_item.set_points(
            scene_from_model(travelled, size) if len(travelled) > 1 else None
        )
        self.model_item.set_faded(draft is not None)
        self.tool.refresh()

    def show_plans(self) -> None:
        """Follow the model's trace, as far as it has arrived, and the ghost path."""
        size = self.view.image_size
        if not all(size):
            return
        trace = self._model_trace()
        self.model_item.set_points(None if trace is None else scene_from_model(trace, size))
        plan = self._store.plan
        preview = plan.preview if plan is not None else None
        path = path_pixels(self._store.rig, self.camera, preview.poses) if preview else None
        if preview is not None:
            style = trace_item.PATH if preview.verdict.ok else trace_item.REJECTED
            self.path_item.set_style(style)
        self.path_item.set_points(None if path is None else path * size)

    def _model_trace(self) -> NDArray[np.float64] | None:
        partial = self._store.partial
        if self._store.phase == Phase.THINKING:
            if partial is None:
                return None
            arrived = shown(partial).traces
            return np.asarray(arrived[0], float) if arrived and len(arrived[0]) else None
        plan = self._store.plans.get(PlanKind.MODEL)
        traces = plan.reasoning.traces if plan is not None else ()
        return traces[0].points if traces else None

    def _place_gripper(self) -> None:
        observation = self._store.observation
        state = observation.state if observation is not None and self.is_pinned else None
        place = gripper_pixel(self._store.rig, self.camera, state or self._store.robot)
        if place is None or not all(self.view.image_size):
            self.tool.set_gripper(None)
        else:
            self.tool.set_gripper(QPointF(*(place * self.view.image_size)))

    def _rescale(self, scale: float) -> None:
        for item in self._items:
            item.set_scale_factor(scale)

    def _say(self, hint: str) -> None:
        self._said = hint
        if time.monotonic() < self._warned_until:
            return
        theme.set_role(self._hint, "hint")
        self._show_hint(no_steering(self._store.capabilities) or (hint if self._hints else ""))

    def set_hints(self, shown: bool) -> None:
        """Say below the picture what the mouse would do, or only what went wrong."""
        self._hints = shown
        self._say(self._said)

    def _say_again(self) -> None:
        """Another policy may follow drawn traces or not."""
        self._say(self._said)

    def _warn(self, hint: str) -> None:
        self._warned_until = time.monotonic() + WARNED_S
        theme.set_role(self._hint, "warn")
        self._show_hint(hint)

    def _show_hint(self, hint: str) -> None:
        if hint != self._hint.text():
            self._hint.setText(hint)
            self._hint.setToolTip(hint)
            self.hint_changed.emit(hint)

    def _point(self, pixel: QPointF, _held: bool) -> None:
        inside = self.view.contains(pixel)
        text = f"x {pixel.x():.1f}  y {pixel.y():.1f} px" if inside else ""
        self.view.set_readout(text)

    def _unpoint(self) -> None:
        self.view.set_readout("")
