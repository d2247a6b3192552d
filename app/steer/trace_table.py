"""The points of a trace in numbers: 0 to 255 as the model writes them, and pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.steer.answer_spans import percent
from core.trace import arc_length
from core.types import MAX_TRACE_POINTS, TRACE_MAX

ROWS = ("point", "0–255", "px", "sure")
_MARGIN = 4
NARROW = 280
"""Below this width [px] each point gets a row of its own."""

SHARED = "Near values share the probability, so that a good one can have little of it"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A trace in words.

    Attributes:
        model: Its points in 0..255, such as "(10, 20) → (30, 40)".
        pixels: The same in pixels; empty while the picture's size is not known.
        length: Its length in pixels, or in model units.
    """

    model: str
    pixels: str
    length: str


def to_pixels(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Turn (L, 2) points in 0..255 into pixels of a picture of (width, height)."""
    return np.asarray(points, float) / TRACE_MAX * np.array(size, float)


def numbers(points: NDArray[np.float64], size: tuple[int, int] | None) -> Numbers:
    """Put a trace (L, 2) in 0..255 into words."""
    pixels = None if size is None else to_pixels(points, size)
    measured, unit = (points, "units") if pixels is None else (pixels, "px")
    return Numbers(
        model=_line(points),
        pixels="" if pixels is None else _line(pixels),
        length=f"{len(points)} points · {arc_length(np.asarray(measured, float))[-1]:.0f} {unit}",
    )


def _line(points: NDArray[np.float64]) -> str:
    return " → ".join(f"({x:.0f},\u00a0{y:.0f})" for x, y in points)


class TraceTable(QWidget):
    """A column per point; below it a sentence when there is no trace."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = QLabel()
        self._words.setWordWrap(True)
        theme.set_role(self._words, "caption")
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_MARGIN)
        grid.setVerticalSpacing(0)
        self._cells = [[QLabel() for _ in range(MAX_TRACE_POINTS + 1)] for _ in ROWS]
        for row, labels in enumerate(self._cells):
            for column, label in enumerate(labels):
                label.setFont(theme.ui_font(9.0))
                theme.set_role(label, "caption" if row in (0, 3) or not column else "")
                side = Qt.AlignmentFlag.AlignLeft if not column else Qt.AlignmentFlag.AlignRight
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if column:
                    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            labels[0].setText(ROWS[row])
        for label in self._cells[-1]:
            label.setToolTip(SHARED)
        self._grid, self._narrow = grid, True
        self._arrange(narrow=False)
        # Otherwise its own width would keep it from being arranged for a narrow panel.
        self._table.setMinimumWidth(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._words)
        box.addWidget(self._table)
        self._shown: tuple[object, ...] = ()
        self.setAccessibleName("Trace points")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the points below each other where there is no room beside each other."""
        super().resizeEvent(event)
        self._arrange(narrow=self.width() < NARROW)

    def _arrange(self, *, narrow: bool) -> None:
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for row, labels in enumerate(self._cells):
            for column, label in enumerate(labels):
                place = (column, row) if narrow else (row, column)
                self._grid.addWidget(label, *place)
        for column in range(MAX_TRACE_POINTS + 1):
            wide = 0 < column < len(ROWS) if narrow else column > 0
            self._grid.setColumnStretch(column, int(wide))

    @property
    def texts(self) -> list[list[str]]:
        """What the table shows: rows of the columns that are used."""
        rows = [row for row in self._cells if not row[1].isHidden()]
        return [[label.text() for label in row if not label.isHidden()] for row in rows]

    def set_points(
        self,
        points: NDArray[np.float64] | None,
        size: tuple[int, int] | None,
        confidence: Sequence[float] = (),
        absence: str = "",
    ) -> None:
        """Show a trace.

        Args:
            points: (L, 2) in 0..255; None for no trace.
            size: (width, height) of the picture that it is drawn on [px], if known.
            confidence: Probability of each point, 0..1 or NaN; may be empty.
            absence: Why there is no trace.
        """
        line = None if points is None else np.asarray(points, float)[:MAX_TRACE_POINTS]
        key = (None if line is None else line.tobytes(), size, tuple(confidence), absence)
        if key == self._shown:
            return
        self._shown = key
        there = line is not None and len(line) > 0
        self._table.setVisible(there)
        self._words.setVisible(not there)
        self._words.setText(absence)
        if line is None or not there:
            self.setAccessibleDescription(absence)
            return
        found = numbers(line, size)
        self.setAccessibleDescription(f"{found.model}; {found.pixels or found.length}")
        pixels = None if size is None else to_pixels(line, size)
        sure = [c for c in confidence if not np.isnan(c)]
        used = (True, True, pixels is not None, bool(sure))
        for column in range(MAX_TRACE_POINTS + 1):
            for row, labels in enumerate(self._cells):
                labels[column].setVisible(used[row] and column <= len(line))
        for index, point in enumerate(line):
            column = index + 1
            self._cells[0][column].setText(str(column))
            self._cells[1][column].setText("{:.0f}, {:.0f}".format(*point))
            if pixels is not None:
                self._cells[2][column].setText("{:.0f}, {:.0f}".format(*pixels[index]))
            share = confidence[index] if index < len(confidence) else np.nan
            self._cells[3][column].setText("" if np.isnan(share) else percent(float(share)))
