"""What the model said beside what the arm did: a small chart for each of the seven values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from core.review.executed import Execution
from core.types import ACTION_DIM

NAMES = ("x", "y", "z", "turn x", "turn y", "turn z", "gripper")
UNITS = ("mm", "mm", "mm", "°", "°", "°", "")
SCALES = np.array([1e3, 1e3, 1e3, *[180 / np.pi] * 3, 1.0])
NAME_WIDTH, ROW = 92, 44
_SMALLEST = np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0])
"""A chart never shows less than this from its middle to its edge, in its unit."""

NOTHING = "No answer with actions was in force at this moment."


class ActionCharts(QWidget):
    """Seven charts below each other, a step to the right for each step of the plan."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._execution: Execution | None = None
        self._done = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, ACTION_DIM * 24)
        self.setAccessibleName("Predicted and executed actions")

    def sizeHint(self) -> QSize:
        """A row for each value."""
        return QSize(320, ACTION_DIM * ROW)

    def set_execution(self, execution: Execution | None) -> None:
        """Show a plan and what became of it."""
        self._execution = execution
        self.setAccessibleDescription("" if execution is None else words_of(execution))
        self.update()

    def set_done(self, steps: int) -> None:
        """Mark how many steps had been executed at the moment that is shown."""
        if steps != self._done:
            self._done = steps
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the charts."""
        if self._execution is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.height() / ACTION_DIM
        for value in range(ACTION_DIM):
            area = QRectF(0, value * height, self.width(), height)
            self._paint_row(painter, area, value, self._execution)
        painter.end()

    def _paint_row(self, painter: QPainter, area: QRectF, value: int, shown: Execution) -> None:
        tokens = theme.tokens()
        predicted = shown.predicted[:, value] * SCALES[value]
        executed = shown.executed[:, value] * SCALES[value]
        both = np.concatenate([predicted, executed])
        both = both[np.isfinite(both)]
        reach = max(float(np.abs(both).max(initial=0.0)), float(_SMALLEST[value]))
        painter.setFont(theme.ui_font(9.0))
        painter.setPen(QColor(tokens.text))
        left = QRectF(area.left(), area.top(), NAME_WIDTH, area.height())
        align = Qt.AlignmentFlag
        painter.drawText(left, align.AlignLeft | align.AlignVCenter, NAMES[value])
        painter.setPen(QColor(tokens.muted))
        painter.setFont(theme.ui_font(8.0))
        unit = f"±{reach:.1f} {UNITS[value]}" if UNITS[value] else "0 to 1"
        painter.drawText(
            left.adjusted(0, 0, -8, 0), align.AlignRight | align.AlignVCenter, unit.strip()
        )
        plot = area.adjusted(NAME_WIDTH, 6, -6, -6)
        painter.fillRect(plot.adjusted(0, -4, 0, 4), QColor(tokens.base))
        # the gripper goes from 0 to 1, everything else to both sides
        low = 0.0 if value == ACTION_DIM - 1 else -reach
        painter.setPen(QColor(tokens.line))
        zero = plot.bottom() - plot.height() * (0 - low) / (reach - low)
        painter.drawLine(QPointF(plot.left(), zero), QPointF(plot.right(), zero))
        width = plot.width() / max(len(predicted), 1)
        done = QColor(tokens.accent)
        done.setAlpha(28)
        painter.fillRect(QRectF(plot.left(), plot.top(), width * self._done, plot.height()), done)
        line = QPen(QColor(tokens.text), 1.5, Qt.PenStyle.DashLine)
        _steps(painter, plot, predicted, (low, reach), width, line, dots=False)
        solid = QPen(QColor(theme.DATA.path), 2.0)
        _steps(painter, plot, executed, (low, reach), width, solid, dots=True)


class ActionsView(QWidget):
    """The charts with what they mean in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = ActionCharts()
        self._words = QLabel(NOTHING)
        self._words.setWordWrap(True)
        theme.set_role(self._words, "caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._words)
        column.addWidget(self.bars, 1)

    @property
    def words(self) -> str:
        """What is said above the charts."""
        return self._words.text()

    def set_execution(self, execution: Execution | None) -> None:
        """Show a plan and what became of it; None when there is none."""
        self._words.setText(NOTHING if execution is None else words_of(execution))
        self.bars.set_execution(execution)


def words_of(execution: Execution) -> str:
    """Say in a line how far a plan was followed."""
    steps, done = len(execution.predicted), len(execution.executed)
    if not done:
        return f"Dashed: the {steps} steps that the model said. They were never run."
    both = min(steps, done)
    error = execution.executed[:both, :3] - execution.predicted[:both, :3]
    worst = 1e3 * float(np.linalg.norm(error, axis=1).max())
    how = f", {execution.reason}" if execution.reason else ""
    return (
        f"Dashed: what the model said. Solid: what the arm did, {done} of {steps} steps{how}; "
        f"a step was off by {worst:.1f} mm at most."
    )


def _steps(
    painter: QPainter,
    plot: QRectF,
    values: NDArray[np.float64],
    limits: tuple[float, float],
    width: float,
    pen: QPen,
    *,
    dots: bool,
) -> None:
    """Draw values as a staircase; a gap where one is not finite."""
    low, high = limits
    painter.setPen(pen)
    before: QPointF | None = None
    for index, number in enumerate(values):
        if not np.isfinite(number):
            before = None
            continue
        share = (min(max(float(number), low), high) - low) / (high - low)
        y = plot.bottom() - share * plot.height()
        left = QPointF(plot.left() + index * width, y)
        right = QPointF(plot.left() + (index + 1) * width, y)
        if before is not None:
            painter.drawLine(before, left)
        painter.drawLine(left, right)
        if dots:
            painter.setBrush(pen.color())
            painter.drawEllipse(QPointF((left.x() + right.x()) / 2, y), 2.0, 2.0)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        before = right
