"""The depth codes beside what they say: how many, how sure, and the cell that is pointed at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.steer.answer_spans import LOW, percent
from app.steer.code_grid import CodeGrid, cell_words

LEGEND = "Colour: the code. Size: how sure; framed ones are unsure."
LEAST = 3
"""So many of the least sure cells are named."""


class CodesBox(QWidget):
    """A grid with words at its right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = CodeGrid()
        self._pointed, self._summary, self._legend = (QLabel() for _ in range(3))
        for label in (self._pointed, self._summary, self._legend):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            label.setFont(theme.ui_font(9.0))
        theme.set_role(self._legend, "caption")
        theme.set_role(self._summary, "caption")
        self._legend.setText(LEGEND)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._pointed)
        words.addWidget(self._summary)
        words.addStretch(1)
        words.addWidget(self._legend)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.grid, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self._sure = np.zeros(0)
        self.grid.cell_hovered.connect(self._show_words)

    @property
    def words(self) -> str:
        """What is said beside the grid."""
        return self._pointed.text()

    def set_codes(self, codes: Sequence[int], confidence: NDArray[np.float64] | None) -> None:
        """Show codes, see :meth:`CodeGrid.set_codes`."""
        self.grid.set_codes(codes, confidence)
        self._sure = np.zeros(0) if confidence is None else confidence[: len(self.grid.codes)]
        self._show_words()

    def highlight_cell(self, cell: int) -> None:
        """Mark a cell that is pointed at elsewhere, and say what it is; -1 marks none."""
        self.grid.highlight_cell(cell)
        self._show_words()

    def _show_words(self, *_: object) -> None:
        cell = self.grid.cell if self.grid.cell >= 0 else self.grid.highlighted
        known = len(self._sure) > 0
        text = self.grid.words(cell).capitalize()
        self._pointed.setText(text or "Point at a cell to read it.")
        theme.set_role(self._pointed, "" if text else "caption")
        self._summary.setText(self._least() if known else "This server does not say how sure.")
        self._legend.setVisible(known)

    def _least(self) -> str:
        """Name the least sure cells."""
        low = np.flatnonzero(self._sure < LOW)
        if not len(low):
            return f"Every code is at least {percent(float(np.nanmin(self._sure)))} sure."
        order = np.argsort(self._sure, kind="stable")[:LEAST].tolist()
        names = [
            cell_words(cell, self.grid.codes[cell], float("nan")).split(" · ")[0]
            + f": {percent(float(self._sure[cell]))}"
            for cell in order
            if self._sure[cell] < LOW
        ]
        return "Least sure\n" + "\n".join(names)
