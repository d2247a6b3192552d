"""All ghost paths in the picture: the selected one strong, the others thin, all numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from app import theme
from app.observe import path_pixels
from app.steer.mapping import scene_from_model
from app.steer.offence import Offence, OffenceItem, offence_of, place_of
from app.steer.trace_item import TraceItem, TraceStyle
from app.store import PlanKind, Store

THIN = TraceStyle(colour=theme.DATA.path, width=1.4, dot=0)
THIN_REJECTED = TraceStyle(colour=theme.DATA.rejected, width=1.4, dot=0, pen=Qt.PenStyle.DashLine)
KEPT = TraceStyle(
    colour=theme.DATA.user, width=1.8, dot=3.5, filled=False, pen=Qt.PenStyle.DashDotLine
)
RADIUS = 8.0
"""Size of a number [screen px]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GhostPath:
    """Where one plan would lead.

    Attributes:
        number: The plan's number.
        points: (N, 2) fractions of the picture; NaN where the tool is behind the camera.
        allowed: Whether the guard lets it run.
        selected: Whether it is the plan at hand.
        offence: The step that it is rejected for, if it is one.
    """

    number: int
    points: NDArray[np.float64]
    allowed: bool
    selected: bool
    offence: Offence | None = None


def ghost_paths(store: Store, camera: str) -> list[GhostPath]:
    """Return the paths of all plans that the rig has looked at, as a camera sees them."""
    found: list[GhostPath] = []
    for kind, plan in store.plans.items():
        path = None
        if plan.preview is not None:
            path = path_pixels(store.rig, camera, plan.preview.poses)
        if path is not None and plan.preview is not None:
            found.append(
                GhostPath(
                    number=kind.number,
                    points=path,
                    allowed=plan.preview.verdict.ok,
                    selected=kind == store.selected,
                    offence=offence_of(plan),
                )
            )
    return found


def kept_trace(store: Store) -> NDArray[np.float64] | None:
    """Return the trace of the selected candidate, (L, 2) in 0..255, unless it is the draft too."""
    candidate = None if store.selected is None else store.candidates.get(store.selected)
    if candidate is None or candidate.points is None:
        return None
    same = store.draft is not None and np.array_equal(store.draft, candidate.points)
    return None if same else candidate.points


class NumberItem(QGraphicsItem):
    """A plan's number in a disc that keeps its size on the screen."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._text = str(number)
        self._allowed, self._selected = True, False
        self.setZValue(6)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)

    def set_look(self, *, allowed: bool, selected: bool) -> None:
        """Say what the guard and the person think of the plan."""
        if (allowed, selected) != (self._allowed, self._selected):
            self._allowed, self._selected = allowed, selected
            self.update()

    def boundingRect(self) -> QRectF:
        """The disc with its ring."""
        reach = RADIUS + 3
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw a dark disc with a ring in the path's colour; the selected one is filled."""
        colour = QColor(theme.DATA.path if self._allowed else theme.DATA.rejected)
        casing = QColor(theme.DATA.casing)
        painter.setPen(QPen(casing, 4.0))
        painter.drawEllipse(QPointF(), RADIUS, RADIUS)
        pattern = Qt.PenStyle.SolidLine if self._allowed else Qt.PenStyle.DotLine
        painter.setPen(QPen(QColor("#ffffff") if self._selected else colour, 2.0, pattern))
        painter.setBrush(colour if self._selected else casing)
        painter.drawEllipse(QPointF(), RADIUS, RADIUS)
        painter.setFont(theme.ui_font(8.0, strong=True))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(self.boundingRect(), Qt.AlignmentFlag.AlignCenter, self._text)


class GhostPaths:
    """The items of all plans but the selected one's line, which the canvas draws itself."""

    def __init__(self, scene: QGraphicsScene) -> None:
        """Add the items to a scene; they are empty at first."""
        self.lines = {kind.number: TraceItem(THIN, 1) for kind in PlanKind}
        self.numbers = {kind.number: NumberItem(kind.number) for kind in PlanKind}
        self.kept = TraceItem(KEPT, 3)
        self.offence = OffenceItem(7)
        for item in (*self.lines.values(), *self.numbers.values(), self.kept, self.offence):
            scene.addItem(item)
        self.show([], (0, 0))

    def set_scale_factor(self, scale: float) -> None:
        """Tell how many screen pixels an image pixel has."""
        for item in (*self.lines.values(), self.kept):
            item.set_scale_factor(scale)

    def show(
        self,
        paths: Sequence[GhostPath],
        size: tuple[int, int],
        kept: NDArray[np.float64] | None = None,
    ) -> None:
        """Show paths.

        Args:
            paths: Of all plans.
            size: (width, height) of the picture [px]; nothing is shown without a picture.
            kept: (L, 2) trace of the selected candidate, in 0..255.
        """
        there = {path.number: path for path in paths} if all(size) else {}
        for number, line in self.lines.items():
            path, label = there.get(number), self.numbers[number]
            ends = None if path is None else path.points[np.isfinite(path.points).all(axis=1)]
            # A single plan needs no number.
            label.setVisible(len(there) > 1 and ends is not None and len(ends) > 0)
            if path is None or ends is None or not len(ends):
                line.set_points(None)
                continue
            line.set_style(THIN if path.allowed else THIN_REJECTED)
            line.set_points(None if path.selected else ends * size)
            label.set_look(allowed=path.allowed, selected=path.selected)
            label.setPos(QPointF(*(ends[-1] * size)))
        self._part_numbers(size)
        self._mark(next((path for path in there.values() if path.selected), None), size)
        self.kept.set_points(
            None if kept is None or not all(size) else scene_from_model(kept, size)
        )

    def _mark(self, path: GhostPath | None, size: tuple[int, int]) -> None:
        """Mark the step that the selected plan is rejected for."""
        offence = None if path is None else path.offence
        place = None if path is None or offence is None else place_of(offence, path.points)
        if place is None:
            self.offence.show_at(None, QPointF(), 1.0)
        else:
            self.offence.show_at(offence, QPointF(*(place * size)), size[0])

    def _part_numbers(self, size: tuple[int, int]) -> None:
        """Fan out numbers of paths that end at the same place, so that each can be read."""
        least = max(size) / 40 if all(size) else 0.0
        placed: list[QPointF] = []
        for label in self.numbers.values():
            if not label.isVisible():
                continue
            at = label.pos()
            while any((at - other).manhattanLength() < least for other in placed):
                at = at + QPointF(least, 0)
            label.setPos(at)
            placed.append(at)
