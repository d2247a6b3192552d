"""Turns the pointer over the picture into edits of the drawn trace.

A press on a dot drags it, a press on the line splits it there and drags the new dot, a press
anywhere else begins a stroke; a stroke shorter than a few pixels is a click and adds a point. While
a stroke is drawn, the trace already is what would become of it (:func:`core.stroke.fit`). What an
edit does is the :class:`TraceEditor`'s; keys are :mod:`app.steer.trace_keys`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent

from app.steer.edge_finder import EdgeFinder
from app.steer.image_view import ImageView
from app.steer.trace_aim import HIT, TraceAim, row
from app.steer.trace_editor import TraceEditor
from app.steer.trace_hints import CHANGED_HINT, FULL_HINT, OUTSIDE_HINT, HintState, hint
from app.steer.trace_item import TraceItem
from app.steer.trace_keys import TraceKeys
from app.steer.trace_marks import Marks, TraceMarks
from core import stroke, trace

Points = NDArray[np.float64]

CLICK = 5.0
"""A stroke shorter than this is a click [screen px]."""

TREMBLE = 6.0
"""What a hand adds to a line without meaning it [screen px]."""


class Kind(StrEnum):
    """What a gesture does."""

    STROKE = "stroke"
    MOVE = "move"


@dataclass(slots=True, kw_only=True)
class _Gesture:
    """What is going on between press and release.

    Attributes:
        kind: What it does.
        text: Name of the step that it becomes.
        before: The draft before it.
        vertex: Index of the point that is dragged.
        pressed: (2,) where the button went down [px].
        grip: (2,) from there to the point that was grabbed [px].
        stroke: Scene coordinates of the stroke so far.
        long: Whether the stroke is more than a click.
    """

    kind: Kind
    text: str
    before: Points | None
    vertex: int = -1
    pressed: Points
    grip: Points
    stroke: list[Points]
    long: bool = False


class TraceTool(QObject):
    """Draws and bends the draft by mouse; shows handles, marks and the hint."""

    hint_changed = Signal(str)
    refused = Signal(str)
    began = Signal()
    """A person does something new; a warning about what came before is out of date."""
    gesture_ended = Signal(object, object, str)
    """Trace before, trace after and the name of the step."""
    menu_requested = Signal(QPoint)
    """Place on the screen; the point or place that it is about is selected or crossed."""

    def __init__(
        self,
        view: ImageView,
        item: TraceItem,
        stroke_item: TraceItem,
        marks: TraceMarks,
        editor: TraceEditor,
        edges: EdgeFinder,
    ) -> None:
        """Listen to the view.

        Args:
            view: Where the person draws.
            item: Shows the trace; gets the handles.
            stroke_item: Shows the line of the hand while it is drawn.
            marks: Shows what is around the trace.
            editor: Makes the edits.
            edges: Finds edges to snap to.
        """
        super().__init__(view)
        self._view, self._item, self._stroke_item, self._marks = view, item, stroke_item, marks
        self.editor, self.edges = editor, edges
        self.aim = TraceAim(view, editor, edges)
        self.keys = TraceKeys(view, editor, self.aim.snapped, self.refresh)
        self._gesture: _Gesture | None = None
        self._hovered = -1
        self._ghost: QPointF | None = None
        self._just_added = False
        editor.refused.connect(self.refused)
        editor.edited.connect(self.gesture_ended)
        view.pressed.connect(self._press)
        view.moved.connect(self._move)
        view.released.connect(self._release)
        view.double_clicked.connect(self._double_click)
        view.pointer_left.connect(self._leave)
        view.context_requested.connect(self._context)
        view.key_pressed.connect(self._key)

    @property
    def active(self) -> bool:
        """Whether a gesture is under way."""
        return self._gesture is not None

    @property
    def selected(self) -> int:
        """Index of the selected point, -1 for none."""
        return self.editor.selected

    @property
    def ghost(self) -> QPointF | None:
        """Where a press would add a point to the line."""
        return self._ghost

    def cancel(self) -> bool:
        """Take back the gesture under way, or put the cross away; false when there is neither."""
        return self.drop() or self.keys.leave()

    def drop(self) -> bool:
        """Take back the gesture under way; false when there is none."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        self.aim.ring = None
        self._stroke_item.set_points(None)
        self.editor.revert(gesture.before)
        self.refresh()
        return True

    def abandon(self) -> None:
        """Take back the gesture under way because the picture it belongs to is gone."""
        self.keys.leave()
        if self.drop():
            self.refused.emit(CHANGED_HINT)

    def forget_pointer(self) -> None:
        """Let keys speak: what lies under the pointer counts again when it moves."""
        self._hovered, self._ghost, self.aim.ring = -1, None, None
        self.refresh()

    def type_point(self, index: int, point: Points) -> None:
        """Put a point where somebody typed, (2,) in 0..255; a gesture under way is taken back."""
        self.cancel()
        self.editor.set_point(index, point)

    def refresh(self) -> None:
        """Show handles, marks and hint anew, for example after a change made elsewhere."""
        gesture, editor = self._gesture, self.editor
        if self._hovered >= editor.count:
            self._hovered, self._ghost = -1, None
        held = gesture.vertex if gesture is not None and gesture.kind == Kind.MOVE else -1
        marked = held if held >= 0 else self._hovered
        self._item.set_handles(
            selected=editor.selected,
            hovered=marked,
            ghost=self._ghost,
            numbered=marked >= 0 or editor.selected >= 0 or self.keys.cursor is not None,
        )
        astray = self._show_marks()
        self.hint_changed.emit(
            hint(
                HintState(
                    points=editor.count,
                    gesture="" if gesture is None else str(gesture.kind),
                    point=marked,
                    edge=self._ghost is not None,
                    selected=editor.selected,
                    cursor=self.keys.cursor is not None,
                    astray=astray,
                )
            )
        )

    def _show_marks(self) -> str:
        """Show what surrounds the trace; return where it should begin and does not."""
        editor, start = self.editor, self.editor.start
        places, place = editor.places, editor.place_of(start)
        astray = ""
        if start is not None and editor.draft is not None and len(places):
            astray = "" if start.is_start_of(editor.draft) else start.words
        invites = start is not None and editor.draft is None
        cursor = self.keys.cursor
        self._marks.set_marks(
            Marks(
                start=QPointF(*place) if place is not None and (astray or invites) else None,
                words=start.words if start is not None else "",
                first=QPointF(*places[0]) if astray and not self.active else None,
                cursor=cursor,
                last=QPointF(*places[-1]) if cursor is not None and len(places) else None,
                ring=self.aim.ring,
            ),
            QRectF(0, 0, *self._view.image_size),
        )
        return astray

    def _press(self, pixel: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.began.emit()
        self._end()  # of a gesture whose release went to somebody else
        self.keys.leave()
        self._just_added = False
        if not self._view.contains(pixel):
            self.refused.emit(OUTSIDE_HINT)
            return
        editor = self.editor
        if not editor.allowed():
            return
        at, before, places = row(pixel), editor.draft, editor.places
        vertex = self.aim.vertex(pixel)
        edge = self.aim.edge(pixel) if vertex < 0 else None
        gesture = _Gesture(
            kind=Kind.MOVE,
            text="Move point",
            before=before,
            pressed=at,
            grip=np.zeros(2),
            stroke=[],
        )
        if edge is not None and editor.is_full:
            self.refused.emit(FULL_HINT)
            return
        if edge is not None:
            gesture.vertex, gesture.text = edge[0] + 1, "Add point"
            editor.show(trace.insert(places, gesture.vertex, at))
        elif vertex >= 0:
            gesture.vertex, gesture.grip = vertex, places[vertex] - at
        else:
            gesture.kind, gesture.text = Kind.STROKE, "Draw trace"
            gesture.stroke.append(self.aim.snapped(at, first=True))
        self._gesture, self._ghost = gesture, None
        editor.select(gesture.vertex)
        self.refresh()

    def _move(self, pixel: QPointF, held: bool) -> None:
        gesture = self._gesture
        if gesture is None or not held:
            self._end()
            self._hover(pixel)
            return
        if gesture.vertex >= self.editor.count:
            self.abandon()
            return
        if gesture.kind == Kind.MOVE:
            target = self.aim.inside(row(pixel) + gesture.grip)
            first = gesture.vertex == 0
            target = self.aim.snapped(target, first=first, reach=HIT)
            self.editor.show(trace.move(self.editor.places, gesture.vertex, target))
        else:
            gesture.stroke.append(self.aim.inside(row(pixel)))
            self._show_stroke(gesture)
        self.refresh()

    def _show_stroke(self, gesture: _Gesture) -> None:
        """Turn the trace into what the stroke would become, once it is more than a click."""
        line = np.array(gesture.stroke)
        scale = self._view.scale_factor
        gesture.long = gesture.long or trace.arc_length(line)[-1] * scale >= CLICK
        if gesture.long:
            self._stroke_item.set_points(line)
            fitted = stroke.fit(line, TREMBLE / scale)
            fitted[-1] = self.aim.snapped(fitted[-1], first=False)
            self.editor.show(fitted)

    def _release(self, pixel: QPointF) -> None:
        self._end()
        self._hover(pixel)

    def _end(self) -> None:
        """Make a step of the gesture under way, if there is one."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return
        self.aim.ring = None
        self._stroke_item.set_points(None)
        if gesture.kind == Kind.MOVE or gesture.long:
            self.editor.commit(gesture.text, gesture.before)
        else:
            place = self.aim.snapped(gesture.pressed, first=not self.editor.count)
            self.aim.ring = None
            self._just_added = self.editor.add(place)
        self.refresh()

    def _double_click(self, pixel: QPointF) -> None:
        vertex = self.aim.vertex(pixel) if self._view.contains(pixel) else -1
        # The first click of this pair may have made the dot: then it is meant to stay.
        if vertex >= 0 and not self._just_added:
            self.editor.remove(vertex)
            self._hover(pixel)

    def _context(self, pixel: QPointF, place: QPoint) -> None:
        """Select what was right-clicked, or put the cross there, and ask for the menu."""
        if self.active or not self._view.contains(pixel):
            return
        vertex = self.aim.vertex(pixel)
        edge = self.aim.edge(pixel) if vertex < 0 else None
        self.editor.select(vertex)
        self.keys.leave()
        if edge is not None:
            self.keys.aim(QPointF(*edge[1]), edge[0])
        elif vertex < 0:
            self.keys.aim(pixel)
        self.refresh()
        self.menu_requested.emit(place)

    def _key(self, event: QKeyEvent) -> None:
        if self._gesture is not None:
            return
        self.began.emit()
        self.forget_pointer()
        if event.key() == Qt.Key.Key_Menu:
            event.accept()
            self.menu_requested.emit(self._view.viewport().mapToGlobal(self.keys.place_on_screen()))
        else:
            self.keys.handle(event)

    def _hover(self, pixel: QPointF) -> None:
        if not self._view.contains(pixel):
            self._leave()
            return
        self._hovered = self.aim.vertex(pixel)
        edge = self.aim.edge(pixel) if self._hovered < 0 else None
        self._ghost = QPointF(*edge[1]) if edge is not None and not self.editor.is_full else None
        grab = self._hovered >= 0 or edge is not None
        if grab or self.editor.is_full:
            self.aim.ring = None
        else:
            self.aim.snapped(row(pixel), first=not self.editor.count)
        shape = Qt.CursorShape.PointingHandCursor if grab else Qt.CursorShape.CrossCursor
        self._view.viewport().setCursor(shape)
        self.refresh()

    def _leave(self) -> None:
        if self._gesture is None:
            self._view.viewport().setCursor(Qt.CursorShape.ArrowCursor)
            self.forget_pointer()
