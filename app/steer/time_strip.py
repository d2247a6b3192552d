"""When an answer was decided: one tick per forward pass, coloured by stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.steer.answer_spans import Pass
from app.steer.answer_state import STAGES

LABELS, TRACK = 17, 18
EDGE = 4
"""Room at both ends of the track, so that the first and the last tick are whole [px]."""

REACH = 12
"""A tick is pointed at from this far [px]."""


def stage_colours() -> dict[str, str]:
    """Return the colour of each stage; the trace and the path are drawn in the same elsewhere."""
    return {"depth": theme.DATA.depth, "trace": theme.DATA.model, "actions": theme.DATA.path}


def stage_bounds(
    passes: tuple[Pass, ...], timings: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return when each stage began and ended [s]; "reads" is the time before the first choice.

    Args:
        passes: The passes; empty when the server does not tell them.
        timings: When stages were complete [s since the request].
    """
    bounds: dict[str, tuple[float, float]] = {}
    before = 0.0
    if passes:
        before = passes[0].seconds
        bounds["reads"] = (0.0, before)
    for stage in STAGES:
        own = [p.seconds for p in passes if p.stage == stage]
        end = max(own) if own else -1.0
        if not passes:
            end = timings.get(stage, -1.0)
        if end >= before:
            bounds[stage] = (before, end)
            before = end
    return bounds


class TimeStrip(QWidget):
    """Labels over a track; left and right walk from pass to pass."""

    pass_hovered = Signal(int)
    """Number of the pass under the pointer or the keys, -1 for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._passes: tuple[Pass, ...] = ()
        self._bounds: dict[str, tuple[float, float]] = {}
        self._total = 0.0
        self._index = -1
        self._x = np.zeros(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline of the answer")
        self.hide()

    @property
    def index(self) -> int:
        """The pass under the pointer or the keys, or -1."""
        return self._index

    @property
    def words(self) -> str:
        """What is said above the track."""
        if 0 <= self._index < len(self._passes):
            return f"{self._index + 1}/{len(self._passes)} · {self._passes[self._index].words}"
        return " · ".join(f"{name} {b - a:.2f} s" for name, (a, b) in self._bounds.items())

    def set_passes(self, passes: tuple[Pass, ...], timings: Mapping[str, float]) -> None:
        """Show an answer, or as much of it as has arrived.

        Args:
            passes: Its passes; empty shows the stages alone.
            timings: When its stages were complete [s since the request].
        """
        bounds = stage_bounds(passes, timings)
        total = max([end for _, end in bounds.values()], default=0.0)
        if passes == self._passes and bounds == self._bounds:
            return
        self._passes, self._bounds, self._total = passes, bounds, total
        self._index = -1
        self.setToolTip("")
        self._x = np.array([p.seconds for p in passes]) / (total or 1.0)
        self.setAccessibleDescription(self.words)
        self.setVisible(bool(bounds))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of labels and track."""
        return QSize(240, LABELS + TRACK)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest readable size."""
        return QSize(120, LABELS + TRACK)

    def place(self, index: int) -> QPointF:
        """Return the middle of a pass's tick."""
        return QPointF(self._at(float(self._x[index])), LABELS + TRACK / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the nearest tick."""
        if not len(self._x):
            return
        away = np.abs(EDGE + self._x * (self.width() - 2 * EDGE) - event.position().x())
        nearest = int(away.argmin())
        self._point_at(nearest if away[nearest] <= REACH else -1)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point_at(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk from pass to pass."""
        steps = {Qt.Key.Key_Left: self._index - 1, Qt.Key.Key_Right: self._index + 1}
        steps |= {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._passes) - 1}
        target = steps.get(Qt.Key(event.key()))
        if target is None or not self._passes:
            super().keyPressEvent(event)
            return
        self._point_at(min(max(target, 0), len(self._passes) - 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw labels, the stages as a band, and the ticks."""
        painter = QPainter(self)
        track = QRectF(0, LABELS, self.width(), TRACK)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        # Dark on both themes, because the colours of the stages are those over pictures.
        painter.setBrush(QColor(theme.DATA.casing))
        painter.drawRoundedRect(track, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        colours = stage_colours()
        for name, (begin, end) in self._bounds.items():
            left, right = self._x_of(begin), self._x_of(end)
            band = QRectF(left, track.bottom() - 5, max(right - left, 1.0), 3)
            painter.fillRect(band, QColor(colours.get(name, theme.DATA.travelled)))
        for index, one in enumerate(self._passes):
            self._paint_tick(painter, track, one, index)
        self._paint_labels(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.tokens().accent), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(track.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_tick(self, painter: QPainter, track: QRectF, one: Pass, index: int) -> None:
        x = round(self._at(float(self._x[index])))
        colour = QColor(stage_colours().get(one.stage, theme.DATA.travelled))
        wide = index == self._index
        top = track.top() + (2 if wide else 4)
        painter.fillRect(QRectF(x - 1.5 if wide else x - 0.5, top, 3 if wide else 1, 9), colour)
        if wide:
            painter.fillRect(QRectF(x - 0.5, top, 1, 11), QColor("#ffffff"))

    def _paint_labels(self, painter: QPainter) -> None:
        painter.setFont(theme.ui_font(8.5))
        metrics = QFontMetricsF(painter.font())
        colours = theme.tokens()
        area = QRectF(0, 0, self.width(), LABELS - 2)
        middle = Qt.AlignmentFlag.AlignVCenter
        if self._index >= 0:
            painter.setPen(QColor(colours.text))
            words = metrics.elidedText(self.words, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, middle, words)
            return
        painter.setPen(QColor(colours.muted))
        items = list(self._bounds.items())
        limits = [self._x_of(begin) for _, (begin, _) in items[1:]] + [self.width() + 4.0]
        for (name, (begin, end)), limit in zip(items, limits, strict=False):
            left = self._x_of(begin) - EDGE
            for words in (f"{name} {end - begin:.2f} s", name):
                width = metrics.horizontalAdvance(words)
                if left + width <= limit - 4:
                    painter.drawText(QRectF(left, 0, width + 1, LABELS - 2), middle, words)
                    break

    def _x_of(self, seconds: float) -> float:
        return self._at(seconds / (self._total or 1.0))

    def _at(self, share: float) -> float:
        return EDGE + share * (self.width() - 2 * EDGE)

    def _point_at(self, index: int) -> None:
        if index == self._index:
            return
        self._index = index
        self.setToolTip(f"“{self._passes[index].text}”" if index >= 0 else "")
        self.setAccessibleDescription(self.words)
        self.update()
        self.pass_hovered.emit(index)
