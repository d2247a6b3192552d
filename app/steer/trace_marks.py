"""What is drawn around the trace: where it should begin, the keyboard's cross, the snap ring."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app import theme

_RING, _ARM = 9.0, 12.0
"""Radius of a ring and length of the cross's arms [screen px]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What to draw, in scene coordinates; None for what is not there.

    Attributes:
        start: Where the trace should begin.
        words: What is there.
        first: Where it begins instead.
        cursor: The keyboard's cross.
        last: The point behind which the cross would add one.
        ring: Where the point under the hand snaps to.
    """

    start: QPointF | None = None
    words: str = ""
    first: QPointF | None = None
    cursor: QPointF | None = None
    last: QPointF | None = None
    ring: QPointF | None = None


class TraceMarks(QGraphicsItem):
    """Paints :class:`Marks`; strokes and words keep their size on the screen."""

    def __init__(self, z: float) -> None:
        super().__init__()
        self.setZValue(z)
        self._marks = Marks()
        self._inside = QRectF()
        self._pixel = 1.0

    @property
    def marks(self) -> Marks:
        """What is drawn."""
        return self._marks

    def set_marks(self, marks: Marks, inside: QRectF) -> None:
        """Draw something else; words stay inside a rectangle of the scene."""
        if (marks, inside) != (self._marks, self._inside):
            self.prepareGeometryChange()
            self._marks, self._inside = marks, inside
            self.update()

    def set_scale_factor(self, scale: float) -> None:
        """Tell how many screen pixels an image pixel has."""
        self.prepareGeometryChange()
        self._pixel = 1.0 / scale
        self.update()

    def boundingRect(self) -> QRectF:
        """Everything that is painted, in scene coordinates."""
        margin = 2 * _ARM * self._pixel
        return self._inside.adjusted(-margin, -margin, margin, margin)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw whatever is there."""
        marks = self._marks
        user, warning = QColor(theme.DATA.user), QColor(theme.DATA.warning)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if marks.start is not None:
            colour = user if marks.first is None else warning
            self._circle(painter, marks.start, _RING, colour)
            self._circle(painter, marks.start, 1.5, colour)
        if marks.start is not None and marks.first is not None:
            self._line(painter, marks.start, marks.first, warning)
            self._words(painter, marks.first, f"⚠ not at {marks.words} · G", warning)
        elif marks.start is not None:
            self._words(painter, marks.start, marks.words.removeprefix("the "), user)
        if marks.cursor is not None:
            if marks.last is not None:
                self._line(painter, marks.last, marks.cursor, user)
            self._cross(painter, marks.cursor, user)
        if marks.ring is not None and marks.ring != marks.start:
            self._circle(painter, marks.ring, _RING, QColor("#ffffff"))

    def _circle(self, painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
        for pen in (_pen(QColor(theme.DATA.casing), 4.0), _pen(colour, 2.0)):
            painter.setPen(pen)
            painter.drawEllipse(at, radius * self._pixel, radius * self._pixel)

    def _line(self, painter: QPainter, start: QPointF, end: QPointF, colour: QColor) -> None:
        for pen in (
            _pen(QColor(theme.DATA.casing), 4.0, Qt.PenStyle.DashLine),
            _pen(colour, 2.0, Qt.PenStyle.DashLine),
        ):
            # Equal dashes on both: Qt counts them in widths of the pen.
            pen.setDashPattern([d / pen.widthF() for d in (6.0, 5.0)])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(start, end)

    def _cross(self, painter: QPainter, at: QPointF, colour: QColor) -> None:
        far, near = _ARM * self._pixel, 3.0 * self._pixel
        for pen in (_pen(QColor(theme.DATA.casing), 4.5), _pen(colour, 2.0)):
            painter.setPen(pen)
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(at + QPointF(x, y) * near, at + QPointF(x, y) * far)

    def _words(self, painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
        """Write on a dark ground above a place, without leaving the picture."""
        painter.save()
        painter.setFont(theme.ui_font(8.5))
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(text) + 12.0, 20.0
        place = QPointF(at.x() / self._pixel - width / 2, at.y() / self._pixel - height - 14.0)
        if place.y() * self._pixel < self._inside.top() + 2 * self._pixel:
            place.setY(at.y() / self._pixel + 14.0)
        right = self._inside.right() / self._pixel - width - 4.0
        place.setX(max(min(place.x(), right), self._inside.left() / self._pixel + 4.0))
        painter.scale(self._pixel, self._pixel)
        ground = QColor(theme.DATA.casing)
        ground.setAlpha(215)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        box = QRectF(place.x(), place.y(), width, height)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def _pen(colour: QColor, width: float, pattern: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(colour, width, pattern, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen
