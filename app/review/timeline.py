"""The timeline of a recording: a lane for each kind of mark, and the playhead over all of them.

A lane per kind tells them apart without colours; what has a length is a bar, the rest a tick.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from app.review.words import clock
from core.review.marks import Mark, MarkKind
from core.review.session import Span

LANE, RULER, LABELS = 13, 18, 84
"""Height of a lane and of the scale, width of the names of the lanes [px]."""

GRAB = 5.0
"""A mark is pointed at from this distance on [px]."""

NAMES = {
    MarkKind.EPISODE: "Episodes",
    MarkKind.ASK: "Questions",
    MarkKind.EDIT: "Edits",
    MarkKind.RUN: "Runs",
    MarkKind.WARNING: "Warnings",
    MarkKind.STOP: "Stops",
}
_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_NS = 1_000_000_000


def colours() -> dict[MarkKind, str]:
    """Return the colour of each lane in the theme in use."""
    tokens = theme.tokens()
    return {
        MarkKind.EPISODE: tokens.edge,
        MarkKind.ASK: tokens.text,
        MarkKind.EDIT: theme.DATA.user,
        MarkKind.RUN: theme.DATA.path,
        MarkKind.WARNING: tokens.warn,
        MarkKind.STOP: tokens.fault,
    }


class Timeline(QWidget):
    """Shows where something happened; a press or a drag goes there."""

    sought = Signal(object)
    """The moment under the pointer [ns since 1970], a Python int: it does not fit 32 bits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start = self._end = self._position = 0
        self._marks: tuple[Mark, ...] = ()
        self._bars: list[tuple[MarkKind, int, int, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline")

    def sizeHint(self) -> QSize:
        """A lane for each kind, and the scale."""
        return QSize(400, RULER + LANE * len(NAMES) + 6)

    def set_span(self, start: int, end: int) -> None:
        """Show the time between two moments [ns since 1970]."""
        self._start, self._end = start, max(end, start + 1)
        self.update()

    def set_marks(self, marks: Sequence[Mark], spans: Sequence[Span]) -> None:
        """Show what happened."""
        self._marks = tuple(marks)
        self._bars = [
            (MarkKind.EPISODE, s.start_ns, s.end_ns, f"Episode {s.episode.number}") for s in spans
        ]
        begun: Mark | None = None
        for mark in marks:  # a run is a bar from its start to its end
            if mark.kind != MarkKind.RUN:
                continue
            if begun is not None:
                self._bars.append((MarkKind.RUN, begun.wall_ns, mark.wall_ns, mark.words))
            begun = mark if " started" in mark.words else None
        self.setAccessibleDescription(f"{len(self._marks)} marks")
        self.update()

    def set_position(self, wall_ns: int) -> None:
        """Move the playhead."""
        if wall_ns != self._position:
            before, self._position = self._position, wall_ns
            for moment in (before, wall_ns):
                x = round(min(max(self.x_of(moment), -100.0), self.width() + 100.0))
                self.update(x - 8, 0, 16, self.height())

    def x_of(self, wall_ns: int) -> float:
        """Return where a moment lies [px]."""
        share = (wall_ns - self._start) / max(self._end - self._start, 1)
        return LABELS + share * max(self.width() - LABELS - 8, 1)

    def time_at(self, x: float) -> int:
        """Return the moment at a place [px], within the span."""
        share = (x - LABELS) / max(self.width() - LABELS - 8, 1)
        share = min(max(share, 0.0), 1.0)
        return self._start + round(share * (self._end - self._start))

    def mark_at(self, place: QPointF) -> Mark | None:
        """Return the mark at a place; the nearest one in that lane."""
        lane = int((place.y() - RULER) // LANE)
        if not 0 <= lane < len(NAMES):
            return None
        kind = list(NAMES)[lane]
        near = [
            (abs(self.x_of(mark.wall_ns) - place.x()), mark.wall_ns, mark)
            for mark in self._marks
            if mark.kind == kind
        ]
        if not near:
            return None
        distance, _, mark = min(near, key=lambda item: item[:2])
        return mark if distance <= GRAB else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the mark under the pointer, or to the moment."""
        if event.button() == Qt.MouseButton.LeftButton:
            mark = self.mark_at(event.position())
            moment = self.time_at(event.position().x()) if mark is None else mark.wall_ns
            self.sought.emit(moment)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is held; show what can be pressed."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.time_at(event.position().x()))
        over = self.mark_at(event.position()) is not None
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def event(self, event: QEvent) -> bool:
        """Say what a mark is about."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            mark = self.mark_at(QPointF(event.pos()))
            time = self.time_at(event.pos().x()) if mark is None else mark.wall_ns
            seconds = clock((time - self._start) / 1e9)
            QToolTip.showText(
                event.globalPos(), seconds if mark is None else f"{seconds}  {mark.words}", self
            )
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw scale, lanes, marks and playhead."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.ui_font(8.0))
        self._paint_lanes(painter)
        self._paint_scale(painter)
        tints = colours()
        painter.setClipRect(QRectF(LABELS - 4, 0, self.width() - LABELS + 4, self.height()))
        for kind, start, end, _ in self._bars:
            top = self._top(kind)
            left, right = self.x_of(start), self.x_of(end)
            colour = QColor(tints[kind])
            colour.setAlpha(90)
            bar = QRectF(left, top + 3, max(right - left, 2.0), LANE - 6)
            painter.fillRect(bar, colour)
        for mark in self._marks:
            x, top = self.x_of(mark.wall_ns), self._top(mark.kind)
            painter.setPen(QPen(QColor(tints[mark.kind]), 2.0))
            painter.drawLine(QPointF(x, top + 2), QPointF(x, top + LANE - 2))
        self._paint_head(painter)
        painter.end()

    def _top(self, kind: MarkKind) -> float:
        return RULER + LANE * list(NAMES).index(kind)

    def _paint_lanes(self, painter: QPainter) -> None:
        tokens = theme.tokens()
        for kind, name in NAMES.items():
            top = self._top(kind)
            painter.setPen(QColor(tokens.line))
            middle = top + LANE / 2
            painter.drawLine(QPointF(LABELS, middle), QPointF(self.width() - 8, middle))
            painter.setPen(QColor(tokens.muted))
            place = QRectF(0, top, LABELS - 8, LANE)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name
            )

    def _paint_scale(self, painter: QPainter) -> None:
        seconds = (self._end - self._start) / 1e9
        room = max((self.width() - LABELS) / 72, 1)
        step = next((s for s in _STEPS if seconds / s <= room), _STEPS[-1])
        painter.setPen(QColor(theme.tokens().muted))
        metrics = QFontMetricsF(painter.font())
        for number in range(int(seconds / step) + 1):
            x = self.x_of(self._start + round(number * step * _NS))
            words = clock(number * step).removesuffix(".0")
            width = metrics.horizontalAdvance(words)
            if x + width < self.width():
                painter.drawText(QPointF(x + 3, RULER - 5), words)
            painter.drawLine(QPointF(x, RULER - 14), QPointF(x, RULER - 2))

    def _paint_head(self, painter: QPainter) -> None:
        accent = QColor(theme.tokens().accent)
        x = self.x_of(self._position)
        painter.setPen(QPen(accent, 1.5))
        painter.drawLine(QPointF(x, 4), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, 0), QPointF(x + 5, 0), QPointF(x, 8)]))
