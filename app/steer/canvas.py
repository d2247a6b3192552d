"""The picture that a trace belongs to, with everything that is drawn over it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.observe import camera_order, path_pixels
from app.steer import trace_item
from app.steer.absence import look_back_hint, no_steering
from app.steer.answer_state import shown
from app.steer.camera_panel import LOST_MS, OLD_MS, age_text
from app.steer.canvas_head import CanvasHead
from app.steer.edge_finder import EdgeFinder
from app.steer.ghost_paths import GhostPaths, ghost_paths, kept_trace
from app.steer.image_view import ImageView
from app.steer.mapping import scene_from_model
from app.steer.trace_editor import TraceEditor
from app.steer.trace_item import TraceItem
from app.steer.trace_marks import TraceMarks
from app.steer.trace_tool import TraceTool
from app.store import Phase, PlanKind, Store
from core.types import Frame, Observation

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
            begin: See :class:`TraceEditor`.
            put: See :class:`TraceEditor`.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._store = store
        self._pinned: Observation | None = None
        self._pinned_ns = 0
        self._warned_until = 0.0
        self.view = ImageView()
        self.view.set_message(EMPTY)
        self.head = CanvasHead()
        self._hint, self._said = QLabel(), ""
        self._hints = True
        theme.set_role(self._hint, "hint")
        self._hint.setMinimumWidth(1)
        self.path_item = TraceItem(trace_item.PATH, 1)
        self.model_item = TraceItem(trace_item.MODEL, 2)
        self.travelled_item = TraceItem(trace_item.TRAVELLED, 3)
        self.user_item = TraceItem(trace_item.USER, 4)
        self.stroke_item = TraceItem(trace_item.STROKE, 3.5)
        self.stroke_item.set_faded(True)
        self.marks_item = TraceMarks(6)
        self._items = (
            self.path_item,
            self.model_item,
            self.travelled_item,
            self.user_item,
            self.stroke_item,
            self.marks_item,
        )
        for item in self._items:
            self.view.scene().addItem(item)
        self.ghosts = GhostPaths(self.view.scene())
        self.view.scale_changed.connect(self._rescale)
        self.head.back.clicked.connect(self._look_back)
        self.edges = EdgeFinder(self)
        self.tool = TraceTool(
            self.view,
            self.user_item,
            self.stroke_item,
            self.marks_item,
            TraceEditor(
                store,
                undo_stack,
                size=lambda: self.view.image_size,
                put=put,
                begin=begin,
                parent=self,
            ),
            self.edges,
        )
        self._drawn_on: Frame | None = None
        self.tool.hint_changed.connect(self._say)
        store.point_changed.connect(self.tool.refresh)
        self.tool.refused.connect(self._warn)
        self.tool.began.connect(self._end_warning)
        self.view.moved.connect(self._point)
        self.view.pointer_left.connect(self._unpoint)
        self._build()
        store.capabilities_changed.connect(self._say_again)
        store.looking_changed.connect(self._say_again)
        store.observation_changed.connect(self.show_observation)
        store.looking_changed.connect(self.show_observation)
        store.phase_changed.connect(self.show_observation)
        store.draft_changed.connect(self.show_draft)
        store.partial_changed.connect(self.show_plans)
        store.plans_changed.connect(self.show_plans)
        store.rig_changed.connect(self.show_observation)
        self.show_observation()

    def _build(self) -> None:
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(0, 0, 0, 0)
        self._foot.setSpacing(8)
        self._foot.addWidget(self._hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(self.head)
        layout.addWidget(self.view, 1)
        layout.addLayout(self._foot)

    def add_tool(self, widget: QWidget) -> None:
        """Put a small button above the picture."""
        self.head.add_tool(widget)

    def add_button(self, widget: QWidget) -> None:
        """Put a button to the right of the hint."""
        self._foot.addWidget(widget)

    def copy_model_trace(self) -> None:
        """Take the model's trace over as yours, to bend it."""
        self.tool.editor.replace_by(self._model_trace())

    def shutdown(self) -> None:
        """Wait for the pool."""
        self.edges.shutdown()

    @property
    def annotated(self) -> str:
        """Name of the camera that traces refer to."""
        if self._store.observation is not None:
            return self._store.observation.frames[0].camera
        return next(iter(camera_order(self._store.rig)), "")

    @property
    def camera(self) -> str:
        """Name of the camera whose picture is shown."""
        return self._store.looking or self.annotated

    @property
    def hint(self) -> str:
        """The sentence below the picture."""
        return self._hint.text()

    @property
    def is_pinned(self) -> bool:
        """Whether the picture stands still."""
        # While the arm moves the person watches it move, with the plan drawn over the live picture.
        moving = self._store.phase == Phase.RUNNING
        return self._store.observation is not None and not moving and not self._store.looking

    def take_frame(self, frame: Frame) -> None:
        """Show a live frame, unless the picture is pinned."""
        if frame.camera == self.camera and not self.is_pinned:
            self.view.set_image(frame.image)
            self._show_items()
            self.tool.refresh()
            if self.user_item.is_empty != (self._store.draft is None):
                self.show_draft()

    def show_observation(self, *_: object) -> None:
        """Follow what is pinned, and the camera that is looked through."""
        observation = self._store.observation
        if observation is not self._pinned:
            self._pinned, self._pinned_ns = observation, time.monotonic_ns()
        pinned = observation.frames[0] if self.is_pinned and observation is not None else None
        if pinned is not self._drawn_on:
            self._drawn_on = pinned
            self.tool.abandon()
        if self.is_pinned and observation is not None:
            self.view.set_image(observation.frames[0].image)
            self.view.set_old("")
        elif self._store.rig is None:
            self.view.set_image(None)
            self.view.set_old("")
        self.view.set_frozen(self.is_pinned)
        self.view.layers.set_state(*self._state_words())
        self._show_items()
        self.head.set_camera(self.camera, self.annotated, len(camera_order(self._store.rig)))
        self._show_draft()
        self.show_plans()
        self.tick(None)

    def _state_words(self) -> tuple[str, str]:
        if not self._store.looking:
            return "", ""
        return f"looking only · traces are drawn on {self.annotated}", "eye"

    def _show_items(self) -> None:
        """Show what is drawn over the picture only while there is one that it belongs to."""
        there = all(self.view.image_size)
        for item in self._items:
            item.setVisible(there and (item is self.path_item or not self._store.looking))

    def tick(self, age_ms: float | None) -> None:
        """Write how old the picture is; called a few times a second.

        Args:
            age_ms: Since the newest frame of this camera arrived; None when nobody knows.
        """
        if self.is_pinned:
            seconds = max(0.0, (time.monotonic_ns() - self._pinned_ns) / 1e9)
            words = "recorded" if self._store.branched else f"pinned {seconds:.0f} s ago"
            self.head.badge.show_state(words, "badge-accent", "pause")
        elif age_ms is not None:
            self._show_age(age_ms)
        elif self._store.rig is None:
            self.head.badge.show_state("")

    def _show_age(self, age_ms: float) -> None:
        lost = age_ms > LOST_MS
        if lost:
            self.head.badge.show_state(
                f"lost · {age_text(age_ms)}", "badge-fault", "video-camera-slash"
            )
        elif age_ms > OLD_MS:
            self.head.badge.show_state(f"late · {age_text(age_ms)}", "badge-warn", "warning")
        else:
            self.head.badge.show_state(f"live · {age_text(age_ms)}", "caption", "broadcast")
        self.view.set_old(
            f"Camera {self.camera} has sent no picture for {age_text(age_ms)}; this is its last. "
            "Check its cable; the picture comes back by itself."
            if lost and all(self.view.image_size)
            else ""
        )

    def show_draft(self) -> None:
        """Follow the drawn trace."""
        self._show_draft()
        if not self.tool.active:  # else it does so itself, once it knows what to mark
            self.tool.refresh()

    def _show_draft(self) -> None:
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

    def show_plans(self) -> None:
        """Follow the model's trace, as far as it has arrived, and the ghost path."""
        size = self.view.image_size
        if not all(size):
            return
        self._find_edges()
        trace = self._model_trace()
        self.model_item.set_points(None if trace is None else scene_from_model(trace, size))
        plan = self._store.plan
        preview = plan.preview if plan is not None else None
        path = path_pixels(self._store.rig, self.camera, preview.poses) if preview else None
        if preview is not None:
            style = trace_item.PATH if preview.verdict.ok else trace_item.REJECTED
            self.path_item.set_style(style)
        self.path_item.set_points(None if path is None else path * size)
        kept = None if self._store.looking else kept_trace(self._store)
        self.ghosts.show(ghost_paths(self._store, self.camera), size, kept)

    def _model_trace(self) -> NDArray[np.float64] | None:
        plan = self._store.plans.get(PlanKind.MODEL)
        if plan is None and self._store.phase in (Phase.THINKING, Phase.COMPARING):
            partial = self._store.partial
            arrived = shown(partial).traces if partial is not None else ()
            return np.asarray(arrived[0], float) if arrived and len(arrived[0]) else None
        traces = plan.reasoning.traces if plan is not None else ()
        return traces[0].points if traces else None

    def _find_edges(self) -> None:
        """Let points snap to edges of the pinned picture and of the depth that was read in it."""
        plan = self._store.plans.get(PlanKind.MODEL)
        self.edges.set_picture(
            None if self._drawn_on is None else self._drawn_on.image,
            None if plan is None else plan.reasoning.depth_map,
        )
        self.tool.refresh()

    def _rescale(self, scale: float) -> None:
        for item in self._items:
            item.set_scale_factor(scale)
        self.ghosts.set_scale_factor(scale)

    def _say(self, hint: str) -> None:
        self._said = hint
        if time.monotonic() < self._warned_until:
            return
        theme.set_role(self._hint, "hint")
        elsewhere = look_back_hint(self._store.looking, self.annotated)
        shown = hint if self._hints else ""
        self._show_hint(no_steering(self._store.capabilities) or elsewhere or shown)

    def set_hints(self, shown: bool) -> None:
        """Say below the picture what the mouse would do, or only what went wrong."""
        self._hints = shown
        self._say(self._said)

    @Slot()
    def _say_again(self) -> None:
        """Another policy may follow drawn traces or not, another camera cannot be drawn on."""
        self._say(self._said)

    def _end_warning(self) -> None:
        self._warned_until = 0.0

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
        self.view.layers.set_readout(text)

    def _unpoint(self) -> None:
        self.view.layers.set_readout("")

    def _look_back(self) -> None:
        self._store.look_through("")

    @Slot()
    def next_camera(self) -> None:
        """Look through the next camera of the rig."""
        names = camera_order(self._store.rig)
        if names:
            after = names[(names.index(self.camera) + 1) % len(names)]
            self.look_through(after)

    @Slot(str)
    def look_through(self, camera: str) -> None:
        """Look through a camera; the first one is the one to draw on."""
        self._store.look_through("" if camera == self.annotated else camera)
