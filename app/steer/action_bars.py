"""Action rows as bars: each value's place within the range that the model can say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from app.steer.action_words import (
    Ranges,
    describe,
    gripper_word,
    range_label,
    summary,
    totals,
    value_words,
    zero_places,
)
from app.steer.answer_spans import DIMENSIONS
from core.types import ACTION_DIM

HEADER = 20
RANGE_LINE = 13
ROW = 16
STEP_COLUMN = 20
GRIP = ACTION_DIM - 1
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class ActionBars(QWidget):
    """A row per step and a bar per dimension, growing from where no motion is in its range."""

    step_hovered = Signal(int)
    """The step under the pointer or the keys, from 0; -1 for none."""
    pointed = Signal(str)
    """The value under the pointer or the keys in words; empty for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places = np.zeros((0, ACTION_DIM))
        self._actions: NDArray[np.float64] | None = None
        self._confidence = np.zeros((0, ACTION_DIM))
        self._ranges: Ranges = ()
        self._expected = self._done = 0
        self._rejected, self._reason = -1, ""
        self._cell = (-1, -1)
        self._key: tuple[object, ...] = ()
        self._zero = zero_places(())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Actions")

    @property
    def row_count(self) -> int:
        """Number of rows that have arrived."""
        return len(self._places)

    @property
    def rejected(self) -> int:
        """The step that the guard rejects, from 0, or -1."""
        return self._rejected

    def set_rows(
        self,
        places: NDArray[np.float64],
        expected: int,
        actions: NDArray[np.float64] | None = None,
        *,
        ranges: Ranges = (),
        confidence: NDArray[np.float64] | None = None,
    ) -> None:
        """Show rows.

        Args:
            places: (N, 7) position of each value within its range, -1 to 1.
            expected: Number of rows of a complete answer; those to come are shown empty.
            actions: (N, 7) values [m, rad, 1 = open] for the words, once they are known.
            ranges: Least and largest value of each dimension; empty when they are not known.
            confidence: (N, 7) how sure the model was, 0..1 or NaN.
        """
        key = tuple(None if a is None else a.tobytes() for a in (places, actions, confidence))
        if (*key, expected, ranges) == self._key:
            return
        self._key = (*key, expected, ranges)
        self._places = np.clip(np.asarray(places, float).reshape(-1, ACTION_DIM), -1.0, 1.0)
        self._actions = None if actions is None else np.asarray(actions, float)
        self._ranges = ranges
        self._zero = zero_places(ranges)
        self._confidence = np.full((len(self._places), ACTION_DIM), np.nan)
        if confidence is not None:
            known = min(len(confidence), len(self._places))
            self._confidence[:known] = confidence[:known]
        self._expected = max(expected, len(self._places))
        self.set_done(0)
        if self._actions is not None:
            lines = [f"Step {k}: {describe(a)}" for k, a in enumerate(self._actions, start=1)]
            words = "\n".join((summary(self._actions), *lines)).replace("\n", " ")
            self.setAccessibleDescription(words)
        self.updateGeometry()
        self.update()

    def set_done(self, steps: int) -> None:
        """Mark the first steps as executed."""
        if steps != self._done:
            self._done = steps
            self.update()

    def set_rejected(self, step: int | None, reason: str = "") -> bool:
        """Mark the step that the guard rejects; None marks none. Returns whether that is new."""
        rejected = -1 if step is None else step
        if (rejected, reason) == (self._rejected, self._reason):
            return False
        self._rejected, self._reason = rejected, reason
        self.update()
        return True

    def sizeHint(self) -> QSize:
        """Return the size that all rows need."""
        return QSize(ACTION_DIM * 48 + STEP_COLUMN, self._top() + ROW * self._expected + 4)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest readable size."""
        return QSize(ACTION_DIM * 24 + STEP_COLUMN, self.sizeHint().height())

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Return where a value is drawn."""
        width = (self.width() - STEP_COLUMN) / ACTION_DIM
        return QRectF(STEP_COLUMN + column * width, self._top() + row * ROW, width, ROW)

    def words(self, row: int, column: int) -> str:
        """Return a value in words; empty while it is not known."""
        if self._actions is None or not 0 <= row < len(self._actions) or column < 0:
            return ""
        sure = self._confidence[row, column] if row < len(self._confidence) else np.nan
        words = value_words(self._actions[row, column], column, self._ranges, float(sure))
        return f"step {row + 1} · {words}"

    def row_words(self, row: int) -> str:
        """Return a step, and what it adds up to, in words."""
        if self._actions is None or not 0 <= row < len(self._actions):
            return ""
        so_far = totals(self._actions)[row] * 1000.0
        moved = ", ".join(f"{DIMENSIONS[k]} {so_far[k]:+.0f} mm" for k in range(3))
        lines = [f"Step {row + 1} of {len(self._actions)}", describe(self._actions[row])]
        lines.append(f"after it {moved} from where the arm is now")
        if row == self._rejected:
            lines.append(f"✗ {self._reason or 'The guard rejects this step.'}")
        return "\n".join(lines)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the value below."""
        width = (self.width() - STEP_COLUMN) / ACTION_DIM
        place = event.position()
        row = int((place.y() - self._top()) // ROW)
        column = min(int((place.x() - STEP_COLUMN) // width), GRIP)
        inside = 0 <= row < len(self._places)
        self._point_at((row, max(column, 0)) if inside else (-1, -1))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point_at((-1, -1))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point_at((-1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk over the values."""
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or not len(self._places):
            super().keyPressEvent(event)
            return
        row, column = (a + b for a, b in zip(self._cell, step, strict=True))
        self._point_at((min(max(row, 0), len(self._places) - 1), min(max(column, 0), GRIP)))

    def event(self, event: QEvent) -> bool:
        """Say the numbers of the row under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.row_words((event.pos().y() - self._top()) // ROW)
            if words:
                QToolTip.showText(event.globalPos(), words, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw header, rows and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_header(painter)
        painter.setFont(theme.ui_font(8.5))
        for row in range(self._expected):
            self._paint_row(painter, row)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.tokens().accent), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_header(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.tokens().muted))
        painter.setFont(theme.ui_font(8.5))
        for k, name in enumerate(DIMENSIONS):
            box = self.cell_rect(0, k)
            painter.drawText(
                QRectF(box.left(), 0, box.width(), HEADER), Qt.AlignmentFlag.AlignCenter, name
            )
        painter.setFont(theme.ui_font(7.0))
        for k in range(GRIP):
            if self._ranges:
                box = self.cell_rect(0, k)
                line = QRectF(box.left(), HEADER - 4, box.width(), RANGE_LINE)
                label = range_label(*self._ranges[k], k)
                painter.drawText(line, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        colours = theme.tokens()
        whole = QRectF(0, self._top() + row * ROW, self.width(), ROW)
        rejected = row == self._rejected
        if row == self._cell[0]:
            painter.fillRect(whole, QColor(colours.line))
        if rejected:
            painter.setPen(QPen(QColor(colours.fault), 1.0, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(whole.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QColor(colours.fault if rejected else colours.muted))
        mark = "✗" if rejected else "✓" if row < self._done else str(row + 1)
        label = QRectF(0, whole.top(), STEP_COLUMN - 6, ROW)
        painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, mark)
        for k in range(ACTION_DIM):
            cell = self.cell_rect(row, k).adjusted(4, 3, -4, -3)
            place = self._places[row, k] if row < len(self._places) else None
            if k == GRIP and place is not None:
                self._paint_gripper(painter, self.cell_rect(row, k), row)
            else:
                self._paint_bar(painter, cell, place, k, faded=row < self._done)

    def _paint_bar(
        self, painter: QPainter, cell: QRectF, place: float | None, k: int, *, faded: bool
    ) -> None:
        colours = theme.tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.edge if place is not None else colours.line))
        painter.drawRoundedRect(QRectF(cell.left(), cell.center().y() - 0.5, cell.width(), 1), 1, 1)
        if k == GRIP:
            return
        zero = cell.center().x() + self._zero[k] * cell.width() / 2
        if place is not None:
            painter.setBrush(QColor(colours.edge if faded else colours.accent))
            end = cell.center().x() + place * cell.width() / 2
            bar = QRectF(min(zero, end), cell.top(), abs(end - zero), cell.height())
            painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(QPen(QColor(colours.edge), 1.0))
        painter.drawLine(QPointF(zero, cell.top()), QPointF(zero, cell.bottom()))

    def _paint_gripper(self, painter: QPainter, cell: QRectF, row: int) -> None:
        """Write the gripper's state; a change stands out."""
        states = self._places[:, GRIP] > 0
        changes = row > 0 and states[row] != states[row - 1]
        colours = theme.tokens()
        usual = painter.font()
        if changes:
            painter.setFont(theme.ui_font(8.5, strong=True))
        painter.setPen(QColor(colours.text if changes or not row else colours.muted))
        word = gripper_word(float(states[row]))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, word)
        painter.setFont(usual)

    def _top(self) -> int:
        return HEADER + (RANGE_LINE - 4 if self._ranges else 0)

    def _point_at(self, cell: tuple[int, int]) -> None:
        if cell == self._cell:
            return
        before, self._cell = self._cell, cell
        self.update()
        self.pointed.emit(self.words(*cell))
        if before[0] != cell[0]:
            self.step_hovered.emit(cell[0])
