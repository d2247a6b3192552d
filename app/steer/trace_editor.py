"""Every edit of the drawn trace by name: what mouse, keys, menus and the table have in common."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.observe import TraceStart, trace_start
from app.steer.commands import EditTrace
from app.steer.mapping import model_from_scene, scene_from_model
from app.steer.trace_rules import FULL
from app.store import Store
from core import trace
from core.types import MAX_TRACE_POINTS

Points = NDArray[np.float64]

NUDGE = "Nudge point"

ROUNDING = 1e-9
"""What lies nearer than this [model units, 0 to 255] is in the same place."""


class TraceEditor(QObject):
    """Changes the draft in steps that can be undone.

    Indices refer to the points of the draft; places are coordinates of the picture's scene [px].
    """

    refused = Signal(str)
    edited = Signal(object, object, str)
    """Trace before, trace after and the name of the step."""

    def __init__(
        self,
        store: Store,
        undo_stack: QUndoStack,
        *,
        size: Callable[[], tuple[int, int]],
        put: Callable[[Points | None], None],
        begin: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        """Listen to nothing yet.

        Args:
            store: Has the draft and the selected point.
            undo_stack: Where steps go.
            size: Returns (width, height) of the picture [px]; (0, 0) while there is none.
            put: Replaces the draft, (L, 2) in 0..255, or None for none.
            begin: Called before an edit; pins the picture, or returns why editing is refused.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._store, self._stack = store, undo_stack
        self._size, self._put, self._begin = size, put, begin
        self._numbers = count(1)
        self._nudged = (-1, -1, 0)  # vertex, index of the stack, number of the step

    @property
    def draft(self) -> Points | None:
        """(L, 2) in 0..255, or None."""
        return self._store.draft

    @property
    def count(self) -> int:
        """Number of points."""
        return 0 if self._store.draft is None else len(self._store.draft)

    @property
    def is_full(self) -> bool:
        """Whether no point can be added."""
        return self.count >= MAX_TRACE_POINTS

    @property
    def selected(self) -> int:
        """Index of the selected point, -1 for none."""
        return self._store.point

    @property
    def start(self) -> TraceStart | None:
        """Where a trace should begin, if that is known."""
        return trace_start(self._store)

    @property
    def places(self) -> Points:
        """(L, 2) scene coordinates; none while there is no picture."""
        draft = self._store.draft
        if draft is None or not all(self._size()):
            return np.zeros((0, 2))
        return scene_from_model(draft, self._size())

    @property
    def start_place(self) -> Points | None:
        """(2,) scene coordinates of :attr:`start`."""
        return self.place_of(self.start)

    def place_of(self, start: TraceStart | None) -> Points | None:
        """(2,) scene coordinates of where a trace should begin; None while there is no picture."""
        if start is None or not all(self._size()):
            return None
        return scene_from_model(start.place[None], self._size())[0]

    def allowed(self) -> bool:
        """Ask whether editing is possible now; says why when it is not."""
        reason = self._begin() or ("" if all(self._size()) else "There is no picture to draw on.")
        if reason:
            self.refused.emit(reason)
        return not reason

    def select(self, index: int) -> None:
        """Select a point; -1 for none."""
        self._store.select_point(index if index < self.count else -1)

    def step(self, by: int) -> None:
        """Select the next or the previous point, round and round."""
        if self.count:
            first = 0 if by > 0 else self.count - 1
            self.select((self.selected + by) % self.count if self.selected >= 0 else first)

    # -- while a gesture is under way --------------------------------------------------------

    def show(self, places: Points) -> None:
        """Replace the draft without a step; :meth:`commit` or :meth:`revert` ends that."""
        if all(self._size()):
            self._put(model_from_scene(places, self._size()))

    def revert(self, before: Points | None) -> None:
        """Go back to the draft before the gesture."""
        self._put(before)

    def commit(self, text: str, before: Points | None) -> None:
        """Make one step of everything since ``before``."""
        after = self.draft
        if not _same(before, after):
            number = next(self._numbers)
            self._stack.push(EditTrace(text, before, after, number, self._put, applied=True))
            self.edited.emit(before, after, text)

    # -- edits in one go ---------------------------------------------------------------------

    def add(self, place: Points) -> bool:
        """Add a point at the end and select it; false when that is refused."""
        return self.insert(self.count, place)

    def insert(self, index: int, place: Points) -> bool:
        """Add a point in front of another one and select it; false when that is refused."""
        if not self.allowed():
            return False
        if self.is_full:
            self.refused.emit(FULL)
            return False
        self._edit("Add point", self._model(trace.insert(self.places, index, place)))
        self.select(index)
        return True

    def insert_behind_selected(self) -> None:
        """Split the edge behind the selected point; in front of it when it is the last one."""
        if self.count > 1 and self.selected >= 0:
            index = min(self.selected, self.count - 2)
            self.insert(index + 1, self.places[index : index + 2].mean(axis=0))

    def remove(self, index: int) -> None:
        """Remove a point and select its neighbour."""
        if 0 <= index < self.count and self.allowed():
            self._edit("Remove point", trace.remove(self._points(), index))
            self.select(min(index, self.count - 1))

    def set_point(self, index: int, point: Points) -> None:
        """Put a point where its numbers say, (2,) in 0..255."""
        if 0 <= index < self.count and self.allowed():
            self._edit(f"Set point {index + 1}", trace.move(self._points(), index, point))

    def nudge(self, step: Points) -> None:
        """Move the selected point by (2,) pixels; one nudge after the other is one step."""
        index = self.selected
        if index < 0 or not self.allowed():
            return
        vertex, at, number = self._nudged
        if (vertex, at) != (index, self._stack.index()) or self._stack.undoText() != NUDGE:
            number = next(self._numbers)
        after = self._model(trace.move(self.places, index, self.places[index] + step))
        self._edit(NUDGE, after, number)
        self._nudged = (index, self._stack.index(), number)

    def reverse(self) -> None:
        """Let the trace run the other way."""
        if self.count > 1 and self.allowed():
            self._edit("Reverse trace", trace.reverse(self._points()))
            self.select(self.count - 1 - self.selected if self.selected >= 0 else -1)

    def straighten(self) -> None:
        """Put all points on the straight line between the ends."""
        if self.count > 2 and self.allowed():
            self._edit("Straighten trace", trace.straighten(self._points()))

    def start_at_gripper(self) -> None:
        """Lead the trace to where it should begin, or begin one there."""
        if not self.allowed():
            return
        start = self.start
        if start is not None and self.draft is None:
            self._edit("Start trace", start.place[None])
            self.select(0)
        elif start is not None:
            self._edit("Start at the gripper", trace.start_at(self._points(), start.place))

    def clear(self) -> None:
        """Remove the whole trace."""
        if self.count and self.allowed():
            self._edit("Remove trace", None)

    def replace_by(self, points: Points | None) -> None:
        """Take over another trace, (L, 2) in 0..255, as yours."""
        if points is not None and self.allowed():
            restored = self.draft is not None
            self._edit(
                "Restore the model's trace" if restored else "Start from the model's trace",
                np.clip(np.array(points, dtype=np.float64), 0.0, 255.0),
            )

    def _edit(self, text: str, after: Points | None, number: int = 0) -> None:
        before = self.draft
        if not _same(before, after):
            number = number or next(self._numbers)
            self._stack.push(EditTrace(text, before, after, number, self._put))
            self.edited.emit(before, self.draft, text)

    def _points(self) -> Points:
        return np.zeros((0, 2)) if self.draft is None else self.draft

    def _model(self, places: Points) -> Points:
        return model_from_scene(places, self._size())


def _same(a: Points | None, b: Points | None) -> bool:
    a = None if a is None or not len(a) else a
    b = None if b is None or not len(b) else b
    if a is None or b is None:
        return a is b
    # From the picture to the model's units and back, a point that was not moved may round.
    return a.shape == b.shape and np.allclose(a, b, rtol=0.0, atol=ROUNDING)
