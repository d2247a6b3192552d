"""What the pointer means: the dot or edge under it, and the place that it snaps to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from app.steer.edge_finder import EdgeFinder
from app.steer.image_view import ImageView
from app.steer.trace_editor import TraceEditor
from core import trace

Points = NDArray[np.float64]

HIT = 10.0
"""How near the pointer has to be to a dot or an edge [screen px]."""

SNAP = 36.0
"""How near to the gripper a new trace has to begin to start at the gripper [screen px]."""

EDGE_SNAP = 14.0
"""How near a point has to be to an edge of the picture's contents to snap to it [screen px]."""


class TraceAim:
    """Looks for what is near a place; all places are scene coordinates.

    Attributes:
        ring: Where the last place asked about snaps to, None where it stays.
    """

    def __init__(self, view: ImageView, editor: TraceEditor, edges: EdgeFinder) -> None:
        self._view, self._editor, self._edges = view, editor, edges
        self.ring: QPointF | None = None

    def vertex(self, pixel: QPointF) -> int:
        """Return the index of the point under the pointer, -1 for none."""
        places = self._editor.places
        if not len(places):
            return -1
        index, distance = trace.nearest_vertex(places, row(pixel))
        return index if distance * self._view.scale_factor <= HIT else -1

    def edge(self, pixel: QPointF) -> tuple[int, Points] | None:
        """Return the edge under the pointer: the index of its first point, and the place on it."""
        places = self._editor.places
        if len(places) < 2:
            return None
        index, place, distance = trace.nearest_edge(places, row(pixel))
        return (index, place) if distance * self._view.scale_factor <= HIT else None

    def snapped(self, place: Points, *, first: bool, reach: float = SNAP) -> Points:
        """Return where a point goes: to the gripper, to an edge, or where it is.

        Args:
            place: (2,) scene coordinates.
            first: Whether it is the first point of the trace.
            reach: How near the gripper attracts a first point [screen px].
        """
        start = self._editor.start_place if first else None
        scale = self._view.scale_factor
        if start is not None and np.linalg.norm(place - start) * scale <= reach:
            self.ring = QPointF(*start)
            return start
        edge = self._edges.nearest(place, EDGE_SNAP / scale)
        self.ring = None if edge is None else QPointF(*edge)
        return place if edge is None else edge

    def inside(self, place: Points) -> Points:
        """Return the (2,) nearest place whose pixel is in the picture."""
        return np.clip(place, 0.5, np.maximum(np.array(self._view.image_size) - 0.5, 0.5))


def row(pixel: QPointF) -> Points:
    """Return a point as (2,)."""
    return np.array([pixel.x(), pixel.y()])
