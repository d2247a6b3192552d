"""A plan's motion as a few small lines: the tool's way along x, y and z, and the gripper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme

AXES = ("x", "y", "z")
PATTERNS = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
LABELS, STRIP, GAP = 12, 7, 3
"""Room for the labels at the right and for the gripper's strip at the bottom [px]."""

SMALLEST_M = 0.02
"""A motion of less than this does not fill the plot [m]."""


def spread(wanted: list[float], least: float, low: float, high: float) -> list[float]:
    """Move labels apart that would lie on each other.

    Args:
        wanted: Where each would stand best.
        least: Distance that they need.
        low: Least place.
        high: Largest place.

    Returns:
        Their places, in the same order, within the bounds where these leave room.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [0.0] * len(wanted)
    below = low - least
    for index in order:
        below = places[index] = max(wanted[index], below + least)
    above = high + least
    for index in reversed(order):
        above = places[index] = min(places[index], above - least)
    return places


class PlanPlot(QWidget):
    """The lines; text beside them says what they are, so colour is not needed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: NDArray[np.float64] | None = None
        self._grip: NDArray[np.float64] | None = None
        self._bad: int | None = None
        self._progress = -1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """Wide enough for eight steps."""
        return QSize(72, 36)

    def set_motion(
        self,
        places: NDArray[np.float64] | None,
        grip: NDArray[np.float64] | None,
        bad_step: int | None,
    ) -> None:
        """Show a motion.

        Args:
            places: (N + 1, 3) [m] where the tool goes; None while nobody knows.
            grip: (N,) opening of the gripper after each step, 0 closed to 1 open.
            bad_step: Step at which the guard objects.
        """
        self._places = None if places is None else np.asarray(places) - places[0]
        self._grip, self._bad = grip, bad_step
        self.setAccessibleDescription(self.words())
        self.update()

    def set_progress(self, share: float) -> None:
        """Show how much of the answer has arrived, 0 to 1; a negative share shows nothing."""
        if share != self._progress:
            self._progress = share
            self.update()

    def words(self) -> str:
        """Say what the lines show."""
        if self._places is None:
            return ""
        way = ", ".join(
            f"{axis} {100 * far:+.0f} cm" for axis, far in zip(AXES, self._places[-1], strict=True)
        )
        if self._grip is None or not len(self._grip):
            return way
        return f"{way}, gripper {'open' if self._grip[-1] > 0.5 else 'closed'} at the end"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() - 2.5, 6.5))
        painter.setFont(font)
        area = QRectF(self.rect()).adjusted(1, 2, -LABELS, -(STRIP + GAP))
        if self._places is not None and len(self._places) > 1 and area.height() > 6:
            self._paint_lines(painter, area, self._places)
        if self._grip is not None and len(self._grip):
            strip = QRectF(area.left(), self.height() - STRIP, area.width(), STRIP - 1)
            self._paint_grip(painter, strip, self._grip)
        if self._progress >= 0:
            self._paint_progress(painter)
        painter.end()

    def _paint_progress(self, painter: QPainter) -> None:
        colours = theme.tokens()
        bar = QRectF(1, self.height() / 2 - 3, self.width() - 2, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(max(bar.width() * min(self._progress, 1.0), 6.0))
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(bar, 3, 3)

    def _paint_lines(self, painter: QPainter, area: QRectF, places: NDArray[np.float64]) -> None:
        colours = theme.tokens()
        low, high = float(places.min()), float(places.max())
        middle, reach = (low + high) / 2, max(high - low, SMALLEST_M) / 2
        x = np.linspace(area.left(), area.right(), len(places))
        y = area.center().y() - (places - middle) / reach * area.height() / 2
        zero = area.center().y() + middle / reach * area.height() / 2
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QLineF(area.left(), zero, area.right(), zero))
        if self._bad is not None and 0 <= self._bad < len(x):
            at = float(x[min(self._bad + 1, len(x) - 1)])
            painter.setPen(QPen(QColor(theme.DATA.rejected), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(at, area.top(), at, area.bottom()))
        for axis, pattern in enumerate(PATTERNS):
            painter.setPen(QPen(QColor(colours.text), 1.4, pattern))
            painter.drawPolyline(QPolygonF([QPointF(*p) for p in zip(x, y[:, axis], strict=True)]))
        painter.setPen(QColor(colours.muted))
        high_text = painter.fontMetrics().height() - 3.0
        ends = spread([float(v) for v in y[-1]], high_text, area.top() + 3, area.bottom() - 2)
        for axis, at in zip(AXES, ends, strict=True):
            room = QRectF(area.right() + 3, at - high_text, LABELS, 2 * high_text)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, axis)

    def _paint_grip(self, painter: QPainter, strip: QRectF, grip: NDArray[np.float64]) -> None:
        """A filled cell is a closed hand, an empty one an open hand."""
        colours = theme.tokens()
        wide = strip.width() / len(grip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(colours.edge), 1))
        for step, opening in enumerate(grip):
            closed = opening <= 0.5
            painter.setBrush(QColor(colours.muted) if closed else Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(strip.left() + step * wide, strip.top(), wide - 2, 5))
        painter.setPen(QColor(colours.muted))
        room = QRectF(strip.right() + 3, strip.top() - 4, LABELS, strip.height() + 6)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, "g")
