"""Turns pointer and keys over the picture into undoable edits of the drawn trace.

A press on a dot drags it, a press on the line splits it there and drags the new dot, a press
anywhere else begins a stroke; a stroke shorter than a few pixels is a click and adds a point. The
geometry is :mod:`core.trace`'s; this file only decides which edit a gesture means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QUndoStack

from app.steer.commands import NUDGE, EditTrace
from app.steer.image_view import ImageView
from app.steer.mapping import model_from_scene, scene_from_model
from app.steer.trace_item import TraceItem
from core import trace
from core.types import MAX_TRACE_POINTS

Points = NDArray[np.float64]

HIT = 10.0
"""How near the pointer has to be to a dot or an edge [screen px]."""

SNAP = 36.0
"""How near to the gripper a new trace has to begin to start at the gripper [screen px]."""

CLICK = 5.0
"""A stroke shorter than this is a click [screen px]."""

IDLE_HINT = "Drag from the gripper to draw a trace, or click its points."
EDIT_HINT = "Drag a dot to move it, the line to add one; Del removes. Enter steers."
FULL_HINT = f"A trace has at most {MAX_TRACE_POINTS} points: drag one, or draw a new line."
OUTSIDE_HINT = "That is outside the picture; draw on the picture."

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(slots=True, kw_only=True)
class _Gesture:
    """What is going on between press and release.

    Attributes:
        number: Edits with the same number merge into one undo step.
        vertex: Vertex that is dragged, or -1 while a stroke is drawn.
        before: The trace before the gesture.
        stroke: Scene coordinates of the stroke so far.
        edited: Whether a step is on the undo stack.
        text: Name of the edit.
    """

    number: int
    vertex: int
    before: Points | None
    stroke: list[tuple[float, float]]
    edited: bool = False
    text: str = ""


class TraceTool(QObject):
    """Edits the trace that ``get`` returns through the undo stack."""

    hint_changed = Signal(str)
    refused = Signal(str)
    gesture_ended = Signal(object, object, str)
    """Trace before, trace after and the name of the edit."""

    def __init__(
        self,
        view: ImageView,
        item: TraceItem,
        stroke_item: TraceItem,
        undo_stack: QUndoStack,
        *,
        get: Callable[[], Points | None],
        put: Callable[[Points | None], None],
        begin: Callable[[], str],
    ) -> None:
        """Listen to the view.

        Args:
            view: Where the person draws.
            item: Shows the trace; gets the handles.
            stroke_item: Shows a stroke while it is drawn.
            undo_stack: Where edits go.
            get: Returns the (L, 2) trace in 0..255, or None.
            put: Replaces it.
            begin: Called before an edit; pins the picture, or returns why editing is refused.
        """
        super().__init__(view)
        self._view, self._item, self._stroke_item = view, item, stroke_item
        self._stack = undo_stack
        self._get, self._put, self._begin = get, put, begin
        self._numbers = count(1)
        self._gesture: _Gesture | None = None
        self._nudging = 0
        self._just_added = False
        self.selected = -1
        self._gripper: QPointF | None = None
        view.pressed.connect(self._press)
        view.moved.connect(self._move)
        view.released.connect(self._release)
        view.double_clicked.connect(self._double_click)
        view.pointer_left.connect(self._leave)
        view.key_pressed.connect(self._key)

    @property
    def active(self) -> bool:
        """Whether a gesture is under way."""
        return self._gesture is not None

    def set_gripper(self, pixel: QPointF | None) -> None:
        """Tell where the gripper is in the picture, so that new traces can start there."""
        self._gripper = pixel

    def cancel(self) -> bool:
        """Take back the gesture under way; false when there is none."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        self._stroke_item.set_points(None)
        if gesture.edited:
            self._stack.undo()
        self._mark(-1, None)
        return True

    def refresh(self) -> None:
        """Follow a trace that changed elsewhere, for example by undo."""
        if self.selected >= len(self._scene_points()):
            self.selected = -1
        self._mark(-1, None)

    def clear(self) -> None:
        """Remove the whole trace."""
        before = self._get()
        if before is not None and self._allowed():
            self._edit("Remove trace", before, None, next(self._numbers))
            self.gesture_ended.emit(before, None, "Remove trace")

    def replace_by(self, points: Points | None) -> None:
        """Take over another trace, (L, 2) in 0..255, as yours."""
        if points is not None and self._allowed():
            before = self._get()
            self._edit("Copy trace", before, np.array(points), next(self._numbers))
            self.gesture_ended.emit(before, self._get(), "Copy trace")

    def _press(self, pixel: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._just_added = False
        if not self._view.contains(pixel):
            self.refused.emit(OUTSIDE_HINT)
            return
        if not self._allowed():
            return
        before, number = self._get(), next(self._numbers)
        vertex = self._vertex_at(pixel)
        gesture = _Gesture(number=number, vertex=vertex, before=before, stroke=[])
        edge = self._edge_at(pixel) if vertex < 0 else None
        if edge is not None:
            points = self._scene_points()
            if len(points) >= MAX_TRACE_POINTS:
                self.refused.emit(FULL_HINT)
                return
            gesture.vertex, gesture.text = edge[0] + 1, "Add point"
            self._gesture = gesture
            self._apply(trace.insert(points, gesture.vertex, _row(pixel)))
        elif vertex >= 0:
            gesture.text = "Move point"
        else:
            gesture.stroke.append((pixel.x(), pixel.y()))
        self._gesture = gesture
        self.selected = gesture.vertex
        self._mark(gesture.vertex, None)

    def _move(self, pixel: QPointF, held: bool) -> None:
        gesture = self._gesture
        if gesture is None or not held:
            self._hover(pixel)
            return
        inside = self._clamped(pixel)
        if gesture.vertex >= 0:
            self._apply(trace.move(self._scene_points(), gesture.vertex, _row(inside)))
            self._mark(gesture.vertex, None)
        else:
            gesture.stroke.append((inside.x(), inside.y()))
            self._stroke_item.set_points(np.array(gesture.stroke))

    def _release(self, pixel: QPointF) -> None:
        gesture = self._gesture
        if gesture is None:
            return
        if gesture.vertex < 0:
            self._finish_stroke(gesture)
        self._gesture = None
        self._stroke_item.set_points(None)
        if gesture.edited:
            self.gesture_ended.emit(gesture.before, self._get(), gesture.text)
        self._hover(pixel)

    def _finish_stroke(self, gesture: _Gesture) -> None:
        stroke = np.array(gesture.stroke)
        length = float(trace.arc_length(stroke)[-1]) * self._view.scale_factor
        if length >= CLICK:
            gesture.text = "Draw trace"
            stroke[0] = self._snapped(stroke[0])
            self._apply(trace.resample(stroke, MAX_TRACE_POINTS))
            self.selected = -1
            return
        points = self._scene_points()
        if len(points) >= MAX_TRACE_POINTS:
            self.refused.emit(FULL_HINT)
            return
        gesture.text = "Add point"
        place = stroke[0] if len(points) else self._snapped(stroke[0])
        self._apply(trace.insert(points, len(points), place))
        self.selected = len(points)
        self._just_added = True

    def _double_click(self, pixel: QPointF) -> None:
        vertex = self._vertex_at(pixel) if self._view.contains(pixel) else -1
        # The first click of this pair may have made the dot: then it is meant to stay.
        if vertex >= 0 and not self._just_added and self._allowed():
            self._remove(vertex)

    def _key(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.selected < 0 or self._gesture is not None:
            return
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            event.accept()
            if self._allowed():
                self._remove(self.selected)
        elif key in _ARROWS:
            event.accept()
            if self._allowed():
                shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self._nudge(_ARROWS[key], 10.0 if shift else 1.0)

    def _remove(self, vertex: int) -> None:
        before, number = self._get(), next(self._numbers)
        after = trace.remove(self._scene_points(), vertex)
        self._edit("Remove point", before, self._model(after), number)
        self.selected = min(vertex, len(after) - 1)
        self._mark(-1, None)
        self.gesture_ended.emit(before, self._get(), "Remove point")

    def _nudge(self, direction: tuple[int, int], step: float) -> None:
        before = self._get()
        if not self._nudging or self._stack.undoText() != NUDGE:
            self._nudging = next(self._numbers)
        points = self._scene_points()
        target = self._clamped(QPointF(*(points[self.selected] + np.array(direction) * step)))
        after = self._model(trace.move(points, self.selected, _row(target)))
        self._edit(NUDGE, before, after, self._nudging)
        self._mark(self.selected, None)
        self.gesture_ended.emit(before, self._get(), NUDGE)

    def _apply(self, scene_points: Points) -> None:
        """Put an edit of the gesture under way on the undo stack."""
        gesture = self._gesture
        if gesture is not None:
            before = self._get()
            self._edit(gesture.text, before, self._model(scene_points), gesture.number)
            gesture.edited = True

    def _edit(self, text: str, before: Points | None, after: Points | None, number: int) -> None:
        self._stack.push(EditTrace(text, before, after, number, self._put))

    def _allowed(self) -> bool:
        reason = self._begin()
        if reason:
            self.refused.emit(reason)
        return not reason

    def _hover(self, pixel: QPointF) -> None:
        if not self._view.contains(pixel):
            self._leave()
            return
        vertex = self._vertex_at(pixel)
        edge = self._edge_at(pixel) if vertex < 0 else None
        room = len(self._scene_points()) < MAX_TRACE_POINTS
        self._mark(vertex, QPointF(*edge[1]) if edge is not None and room else None)
        grab = vertex >= 0 or edge is not None
        shape = Qt.CursorShape.PointingHandCursor if grab else Qt.CursorShape.CrossCursor
        self._view.viewport().setCursor(shape)

    def _leave(self) -> None:
        self._mark(-1, None)
        self._view.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def _mark(self, hovered: int, ghost: QPointF | None) -> None:
        self._item.set_handles(selected=self.selected, hovered=hovered, ghost=ghost)
        self.hint_changed.emit(EDIT_HINT if self._get() is not None else IDLE_HINT)

    def _vertex_at(self, pixel: QPointF) -> int:
        points = self._scene_points()
        if not len(points):
            return -1
        index, distance = trace.nearest_vertex(points, _row(pixel))
        return index if distance * self._view.scale_factor <= HIT else -1

    def _edge_at(self, pixel: QPointF) -> tuple[int, Points] | None:
        points = self._scene_points()
        if len(points) < 2:
            return None
        index, place, distance = trace.nearest_edge(points, _row(pixel))
        return (index, place) if distance * self._view.scale_factor <= HIT else None

    def _snapped(self, place: Points) -> Points:
        if self._gripper is None:
            return place
        gripper = _row(self._gripper)
        near = np.linalg.norm(place - gripper) * self._view.scale_factor <= SNAP
        return gripper if near and self._view.contains(self._gripper) else place

    def _clamped(self, pixel: QPointF) -> QPointF:
        width, height = self._view.image_size
        return QPointF(
            min(max(pixel.x(), 0.5), width - 0.5), min(max(pixel.y(), 0.5), height - 0.5)
        )

    def _scene_points(self) -> Points:
        draft = self._get()
        if draft is None or not all(self._view.image_size):
            return np.zeros((0, 2))
        return scene_from_model(draft, self._view.image_size)

    def _model(self, scene_points: Points) -> Points | None:
        if not len(scene_points):
            return None
        return model_from_scene(scene_points, self._view.image_size)


def _row(pixel: QPointF) -> Points:
    return np.array([pixel.x(), pixel.y()])
