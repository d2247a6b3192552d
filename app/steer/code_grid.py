"""The depth codes as a small picture: colour says the code, size says how sure the model was."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.steer.answer_spans import LOW, percent
from core.depth import GRID
from core.types import CODEBOOK_SIZE, DEPTH_CODES

SIDE = 120
_SMALLEST = 0.35
"""Side of a square that stands for no confidence at all, as a share of its cell."""

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@cache
def code_colour(code: int) -> QColor:
    """Return the colour of a code: the same on both themes; codes have no order of their own."""
    level = np.array([[round(255 * code / (CODEBOOK_SIZE - 1))]], np.uint8)
    blue, green, red = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)[0, 0].tolist()
    return QColor(red, green, blue)


def cell_words(cell: int, code: int, confidence: float) -> str:
    """Put a cell into words, such as "row 3, column 4 · code 57 · 82 % sure"."""
    row, column = divmod(cell, GRID)
    words = f"row {row + 1}, column {column + 1} · code {code}"
    return words if np.isnan(confidence) else f"{words} · {percent(confidence)} sure"


class CodeGrid(QWidget):
    """A 10 x 10 picture of the codes that have arrived; arrow keys walk over its cells."""

    cell_hovered = Signal(int)
    """The cell under the pointer or the keys, row by row from 0; -1 when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._codes: tuple[int, ...] = ()
        self._confidence = np.zeros(0)
        self._cell = self._highlight = -1
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(SIDE, SIDE)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Depth codes")

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes that are shown."""
        return self._codes

    @property
    def cell(self) -> int:
        """The cell under the pointer or the keys, or -1."""
        return self._cell

    @property
    def highlighted(self) -> int:
        """The cell that somebody else points at, or -1."""
        return self._highlight

    def set_codes(
        self, codes: Sequence[int], confidence: NDArray[np.float64] | None = None
    ) -> None:
        """Show codes.

        Args:
            codes: Those that have arrived, row by row, at most 100 of 0..127.
            confidence: Probability of each, 0..1 or NaN; None when it is not known.
        """
        arrived = tuple(int(code) for code in codes[:DEPTH_CODES])
        sure = np.full(len(arrived), np.nan)
        if confidence is not None:
            known = min(len(arrived), len(confidence))
            sure[:known] = confidence[:known]
        if arrived == self._codes and np.array_equal(sure, self._confidence, equal_nan=True):
            return
        self._codes, self._confidence = arrived, sure
        self.setAccessibleDescription(self.summary)
        self.update()

    @property
    def summary(self) -> str:
        """What the picture says as a whole."""
        if not self._codes:
            return "No codes yet"
        words = f"{len(self._codes)} codes, {len(set(self._codes))} different"
        known = self._confidence[~np.isnan(self._confidence)]
        if not len(known):
            return words
        low = int((known < LOW).sum())
        return f"{words}; {percent(float(known.mean()))} sure on average, {low} unsure"

    def words(self, cell: int) -> str:
        """Return one cell in words; empty when it has not arrived."""
        if not 0 <= cell < len(self._codes):
            return ""
        return cell_words(cell, self._codes[cell], float(self._confidence[cell]))

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(SIDE, SIDE)

    def highlight_cell(self, cell: int) -> None:
        """Mark a cell that is pointed at elsewhere; -1 marks none."""
        if cell != self._highlight:
            self._highlight = cell
            self.update()

    def cell_rect(self, cell: int) -> QRectF:
        """Return where a cell is."""
        row, column = divmod(cell, GRID)
        side = min(self.width(), self.height()) / GRID
        return QRectF(column * side, row * side, side, side)

    def cell_at(self, place: QPoint) -> int:
        """Return the cell at a place that has arrived, or -1."""
        side = min(self.width(), self.height()) / GRID
        row, column = int(place.y() // side), int(place.x() // side)
        cell = row * GRID + column
        inside = 0 <= row < GRID and 0 <= column < GRID
        return cell if inside and cell < len(self._codes) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the cell below."""
        self._point_at(self.cell_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point_at(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk over the cells."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._codes:
            super().keyPressEvent(event)
            return
        if self._cell < 0:
            self._point_at(0)
            return
        row, column = (a + b for a, b in zip(divmod(self._cell, GRID), step, strict=True))
        if 0 <= row < GRID and 0 <= column < GRID and row * GRID + column < len(self._codes):
            self._point_at(row * GRID + column)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a square per code, larger the surer it is, and a frame around unsure ones."""
        painter = QPainter(self)
        colours = theme.tokens()
        painter.fillRect(self.cell_rect(0).united(self.cell_rect(DEPTH_CODES - 1)), colours.view)
        for cell, (code, sure) in enumerate(zip(self._codes, self._confidence, strict=True)):
            box = self.cell_rect(cell)
            share = 1.0 if np.isnan(sure) else _SMALLEST + (1 - _SMALLEST) * float(sure)
            inset = box.width() * (1 - share) / 2
            painter.fillRect(box.adjusted(inset, inset, -inset, -inset), code_colour(code))
        painter.setPen(QPen(QColor(colours.warn), 1.0))
        for cell in np.flatnonzero(self._confidence < LOW).tolist():
            painter.drawRect(self.cell_rect(cell).adjusted(0.5, 0.5, -0.5, -0.5))
        for cell, width in ((self._highlight, 2.0), (self._cell, 2.0)):
            if cell >= 0:
                self._paint_mark(painter, self.cell_rect(cell), width)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1.0))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_mark(self, painter: QPainter, box: QRectF, width: float) -> None:
        for colour, pen in ((theme.DATA.casing, width + 2), ("#ffffff", width)):
            painter.setPen(QPen(QColor(colour), pen))
            painter.drawRect(box)

    def _point_at(self, cell: int) -> None:
        if cell == self._cell:
            return
        self._cell = cell
        self.setAccessibleDescription(self.words(cell) or self.summary)
        self.update()
        self.cell_hovered.emit(cell)
