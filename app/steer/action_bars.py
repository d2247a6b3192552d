"""Action rows as bars: each value's place within the range that the model can say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from core.types import ACTION_DIM

NAMES = ("Δx", "Δy", "Δz", "roll", "pitch", "yaw", "grip")
HEADER = 20
ROW = 16
STEP_COLUMN = 20


def describe(action: NDArray[np.float64]) -> str:
    """Put one action (7,) [m, rad, 1 = open] into words with units."""
    move = ", ".join(f"{n} {1000 * v:+.0f} mm" for n, v in zip(NAMES[:3], action[:3], strict=True))
    turn = np.degrees(action[3:6])
    turned = ", ".join(f"{n} {v:+.1f}°" for n, v in zip(NAMES[3:6], turn, strict=True))
    return f"{move}\n{turned}\ngripper {'open' if action[6] > 0.5 else 'closed'}"


class ActionBars(QWidget):
    """A row per step and a bar per dimension, growing from the middle of its range."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places = np.zeros((0, ACTION_DIM))
        self._actions: NDArray[np.float64] | None = None
        self._expected = 0
        self._done = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Actions")

    @property
    def row_count(self) -> int:
        """Number of rows that have arrived."""
        return len(self._places)

    def set_rows(
        self,
        places: NDArray[np.float64],
        expected: int,
        actions: NDArray[np.float64] | None = None,
    ) -> None:
        """Show rows.

        Args:
            places: (N, 7) position of each value within its range, -1 to 1.
            expected: Number of rows of a complete answer; those to come are shown empty.
            actions: (N, 7) values [m, rad, 1 = open] for the tool tips, once they are known.
        """
        self._places = np.clip(np.asarray(places, float).reshape(-1, ACTION_DIM), -1.0, 1.0)
        self._actions = actions
        self._expected = max(expected, len(self._places))
        self._done = 0
        if actions is not None:
            lines = [f"Step {k}: {describe(a)}" for k, a in enumerate(actions, start=1)]
            self.setAccessibleDescription("\n".join(lines).replace("\n", " "))
        self.updateGeometry()
        self.update()

    def set_done(self, steps: int) -> None:
        """Mark the first steps as executed."""
        if steps != self._done:
            self._done = steps
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size that all rows need."""
        return QSize(7 * 48 + STEP_COLUMN, HEADER + ROW * self._expected + 4)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest readable size."""
        return QSize(7 * 30 + STEP_COLUMN, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw header, rows and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens()
        column = (self.width() - STEP_COLUMN) / ACTION_DIM
        painter.setFont(theme.ui_font(8.5))
        painter.setPen(QColor(colours.muted))
        for k, name in enumerate(NAMES):
            box = QRectF(STEP_COLUMN + k * column, 0, column, HEADER)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        for row in range(self._expected):
            top = HEADER + row * ROW
            painter.setPen(QColor(colours.muted))
            mark = "✓" if row < self._done else str(row + 1)
            label = QRectF(0, top, STEP_COLUMN - 6, ROW)
            painter.drawText(
                label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, mark
            )
            for k in range(ACTION_DIM):
                cell = QRectF(STEP_COLUMN + k * column + 4, top + 3, column - 8, ROW - 6)
                place = self._places[row, k] if row < len(self._places) else None
                if k == ACTION_DIM - 1:
                    self._paint_gripper(painter, cell, place)
                else:
                    self._paint_bar(painter, cell, place, faded=row < self._done)
        painter.end()

    def _paint_bar(
        self, painter: QPainter, cell: QRectF, place: float | None, *, faded: bool
    ) -> None:
        colours = theme.tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(QRectF(cell.left(), cell.center().y() - 1, cell.width(), 2), 1, 1)
        middle = cell.center().x()
        if place is not None:
            painter.setBrush(QColor(colours.edge if faded else colours.accent))
            reach = place * cell.width() / 2
            bar = QRectF(min(middle, middle + reach), cell.top(), abs(reach), cell.height())
            painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(QPen(QColor(colours.edge), 1.0))
        painter.drawLine(QPointF(middle, cell.top()), QPointF(middle, cell.bottom()))

    def _paint_gripper(self, painter: QPainter, cell: QRectF, place: float | None) -> None:
        """Draw two fingers, apart when open: a state, not an amount."""
        colours = theme.tokens()
        if place is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(
                QRectF(cell.left(), cell.center().y() - 1, cell.width(), 2), 1, 1
            )
            return
        gap = 6.0 if place > 0 else 1.5
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.text))
        middle = cell.center().x()
        for left in (middle - gap - 4.0, middle + gap):
            painter.drawRoundedRect(QRectF(left, cell.top(), 4.0, cell.height()), 1.5, 1.5)

    def event(self, event: QEvent) -> bool:
        """Say the numbers of the row under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = (event.pos().y() - HEADER) // ROW
            if self._actions is not None and 0 <= row < len(self._actions):
                text = f"Step {row + 1} of {len(self._actions)}\n{describe(self._actions[row])}"
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
