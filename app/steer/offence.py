"""The step that the guard objects to, marked where it would happen, with the reason beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app import theme
from app.steer.pill import HEIGHT, paint_pill, pill_width
from app.store import Plan

KINDS = {
    "finite": ("no number", "x-circle"),
    "shape": ("not a chunk", "x-circle"),
    "rate": ("wrong rate", "timer"),
    "units": ("wrong unit", "question"),
    "step": ("step too long", "arrows-out"),
    "chunk": ("too far in all", "path"),
    "joints": ("joint limit", "prohibit"),
    "reach": ("out of reach", "hand-grabbing"),
    "singular": ("arm stretched", "prohibit"),
    "motion": ("too sudden", "gauge"),
    "clearance": ("too close", "warning"),
    "workspace": ("leaves the box", "cube"),
    "speed": ("too fast", "gauge"),
    "offset": ("arm is elsewhere", "target"),
    "gripper": ("gripper", "hand-palm"),
}
"""A few words and an icon by the kind of a verdict."""

OTHER = ("rejected", "x-circle")
RADIUS = 9.0
_GAP = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """What the guard objects to.

    Attributes:
        step: Number of the step, from 0.
        kind: Which of its checks it is.
        reason: The sentence in full.
    """

    step: int
    kind: str
    reason: str

    @property
    def words(self) -> str:
        """What stands beside the mark."""
        return f"Step {self.step + 1}: {KINDS.get(self.kind, OTHER)[0]}"

    @property
    def symbol(self) -> str:
        """Name of the icon of its kind."""
        return KINDS.get(self.kind, OTHER)[1]


def offence_of(plan: Plan) -> Offence | None:
    """Return the step that a plan is rejected for; None when it is not, or for no single step."""
    preview = plan.preview
    if preview is None or preview.verdict.ok or preview.verdict.step is None:
        return None
    verdict = preview.verdict
    kind = str(getattr(verdict, "kind", ""))
    return Offence(step=verdict.step, kind=kind, reason=verdict.reason)


def place_of(offence: Offence, points: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """Return where a step ends on a path of (N + 1, K) places, the start first; None if nowhere.

    A path that runs out of the picture has the mark at its last place before that.
    """
    end = min(offence.step + 1, len(points) - 1)
    there = np.flatnonzero(np.isfinite(points[: end + 1]).all(axis=1))
    return None if not len(there) else points[there[-1]]


class OffenceItem(QGraphicsItem):
    """A crossed ring with words, of one size on the screen, on the side where there is room."""

    def __init__(self, z: float) -> None:
        super().__init__()
        self._offence: Offence | None = None
        self._to_left = False
        self.setZValue(z)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.hide()

    @property
    def offence(self) -> Offence | None:
        """What it shows."""
        return self._offence

    def show_at(self, offence: Offence | None, place: QPointF, width: float) -> None:
        """Mark a place of the picture, or nothing.

        Args:
            offence: What is wrong; None hides the mark.
            place: Where [px of the picture].
            width: Of the picture [px].
        """
        self.prepareGeometryChange()
        self._offence, self._to_left = offence, place.x() > width / 2
        self.setVisible(offence is not None)
        if offence is not None:
            self.setPos(place)
            self.setToolTip(offence.reason)
        self.update()

    def _box(self) -> QRectF:
        words = "" if self._offence is None else self._offence.words
        width = pill_width(words, symbol=True)
        left = -RADIUS - _GAP - width if self._to_left else RADIUS + _GAP
        return QRectF(left, -HEIGHT / 2, width, HEIGHT)

    def boundingRect(self) -> QRectF:
        """The ring and the words."""
        ring = QRectF(-RADIUS - 3, -RADIUS - 3, 2 * RADIUS + 6, 2 * RADIUS + 6)
        return ring.united(self._box()).adjusted(-2, -2, 2, 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw a cross in a ring, cased, and the reason."""
        if self._offence is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reach = RADIUS * 0.55
        for colour, width in ((theme.DATA.casing, 5.5), (theme.DATA.rejected, 2.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(), RADIUS, RADIUS)
            painter.drawLine(QPointF(-reach, -reach), QPointF(reach, reach))
            painter.drawLine(QPointF(-reach, reach), QPointF(reach, -reach))
        offence = self._offence
        paint_pill(painter, self._box(), offence.words, tint="fault", symbol=offence.symbol)
