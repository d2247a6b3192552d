"""The trace by keys alone: arrows move the selected point, or a cross that places points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent

from app.steer.image_view import ImageView
from app.steer.trace_editor import TraceEditor

Points = NDArray[np.float64]

STEP, LEAP = 1.0, 10.0
"""How far an arrow key goes, and with Shift [image px]."""

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Snap(Protocol):
    """Returns where a point at a place goes."""

    def __call__(self, place: Points, *, first: bool) -> Points: ...


class TraceKeys:
    """Has the cross, and knows what the keys of the picture do.

    Attributes:
        cursor: Where the cross is, in scene coordinates; None while it is put away.
    """

    def __init__(
        self, view: ImageView, editor: TraceEditor, snapped: Snap, changed: Callable[[], None]
    ) -> None:
        """Put the cross away.

        Args:
            view: The picture.
            editor: Makes the edits.
            snapped: Tells where a point goes.
            changed: Called when the cross has changed.
        """
        self._view, self._editor = view, editor
        self._snapped, self._changed = snapped, changed
        self.cursor: QPointF | None = None
        self._edge = -1

    def handle(self, event: QKeyEvent) -> None:
        """Use an arrow key; other keys are left alone."""
        arrow = _ARROWS.get(Qt.Key(event.key()))
        if arrow is None or not all(self._view.image_size):
            return
        event.accept()
        far = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        step = np.array(arrow) * (LEAP if far else STEP)
        if self.cursor is None and self._editor.selected >= 0:
            self._editor.nudge(step)
            return
        self.aim((self.cursor or self._home()) + QPointF(*step))

    def aim(self, place: QPointF, edge: int = -1) -> None:
        """Show the cross at a place; on an edge, a point goes behind that edge's first point."""
        width, height = self._view.image_size
        self.cursor = QPointF(
            min(max(place.x(), 0.5), width - 0.5), min(max(place.y(), 0.5), height - 0.5)
        )
        self._edge = edge
        self._changed()

    def leave(self) -> bool:
        """Put the cross away; false when it was away."""
        shown, self.cursor, self._edge = self.cursor is not None, None, -1
        if shown:
            self._changed()
        return shown

    def place(self) -> None:
        """Show the cross, or place a point where it is; a first point goes to the gripper."""
        editor = self._editor
        if not editor.allowed():
            return
        start = editor.start_place
        if self.cursor is None:
            if not editor.count and start is not None:
                editor.start_at_gripper()
            self.aim(self._home())
            return
        place = np.array([self.cursor.x(), self.cursor.y()])
        if self._edge < 0:
            place = self._snapped(place, first=not editor.count)
        near = editor.count and np.linalg.norm(editor.places - place, axis=1).min() < STEP / 2
        if near:
            editor.refused.emit("There is a point already; move the cross with the arrow keys.")
            return
        index = editor.count if self._edge < 0 else self._edge + 1
        if editor.insert(index, place):
            self._edge = -1
            if editor.is_full:
                self.leave()
        self._changed()

    def place_on_screen(self) -> QPoint:
        """Return where the cross or the selected point is in the viewport, else the middle."""
        return self._view.to_viewport(self.cursor or self._home()).toPoint()

    def _home(self) -> QPointF:
        """Where the cross begins: at the selected point, the last one, the gripper, the middle."""
        places, start = self._editor.places, self._editor.start_place
        if len(places):
            return QPointF(*places[self._editor.selected])
        if start is not None:
            return QPointF(*start)
        width, height = self._view.image_size
        return QPointF(width / 2, height / 2)
