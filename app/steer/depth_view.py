"""The depth tokens: a 10 x 10 grid that fills while they stream in, then the decoded picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.steer.cells import Cells, changed_words, token_words
from app.steer.depth_grid import DepthGrid
from core.depth import colourise
from core.types import DEPTH_CODES, DepthMap

HINT = "Fills cell by cell while the model thinks"


class DepthView(QWidget):
    """Depth as the model reasons about it.

    ``cell_hovered`` carries the token under the pointer, -1 for none.
    """

    cell_hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = Cells()
        self._resting = "Depth tokens"
        self._caption = QLabel(self._resting)
        theme.set_role(self._caption, "caption")
        # The line about a cell is longer than the picture is wide; it must not push it.
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._grid = DepthGrid(HINT)
        self._grid.setAccessibleName("Depth tokens")
        self._grid.cell_hovered.connect(self._take_hover)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._caption)
        layout.addWidget(self._grid, 1)

    @property
    def caption(self) -> str:
        """The line above the picture."""
        return self._caption.text()

    @property
    def grid(self) -> DepthGrid:
        """The picture with its cells."""
        return self._grid

    @property
    def hint(self) -> str:
        """What is said while there are no codes."""
        return self._grid.hint

    def set_absence(self, reason: str) -> None:
        """Say why there will be no depth; an empty reason goes back to the hint."""
        self._grid.set_hint(reason or HINT)

    def set_codes(self, codes: Sequence[int] | NDArray[np.integer] | None) -> None:
        """Show the codes that have arrived, row by row; none or None goes back to the hint.

        A picture of an earlier answer disappears as soon as new codes come.
        """
        arrived = () if codes is None else tuple(int(c) for c in codes[:DEPTH_CODES])
        if arrived == self._cells.codes:
            return
        self._grid.set_image(None)
        count = len(arrived)
        full = count == DEPTH_CODES
        text = "Depth tokens · 10 × 10" if full else f"Depth tokens · {count} of {DEPTH_CODES}"
        self._resting = text if count else "Depth tokens"
        self._grid.setToolTip("")
        self._put(Cells(codes=arrived))

    def set_depth_map(self, depth: DepthMap | None) -> None:
        """Show the decoded depth; None goes back to the codes."""
        self._grid.set_image(None if depth is None else colourise(depth))
        if depth is None:
            return
        finite = depth.values[np.isfinite(depth.values)]
        if depth.metric and finite.size:
            self._resting = f"Depth · {finite.min():.2f} to {finite.max():.2f} m"
        else:
            self._resting = "Depth · relative, near is bright"
        self._grid.setToolTip(
            "Decoded from the 10 × 10 depth tokens; an orange corner marks a token that changed "
            "since the last answer, a dot one that the model was unsure of"
        )
        self._say()

    def set_depths(self, depths: NDArray[np.float32] | None, *, metric: bool = False) -> None:
        """Know the median depth of every cell, (10, 10): metres, or 0 (far) to 1 (near)."""
        self._put(replace(self._cells, depths=depths, metric=metric))

    def set_changed(self, changed: NDArray[np.bool_] | None) -> None:
        """Mark the cells that differ from the answer before, (10, 10); None without one."""
        self._put(replace(self._cells, changed=changed))

    def set_confidence(self, values: NDArray[np.floating] | None) -> None:
        """Know the probability of every token, (100,) in 0..1; None when nobody told."""
        self._put(replace(self._cells, confidence=values))

    def highlight_cell(self, index: int) -> None:
        """Frame one cell and tell about it; -1 for none."""
        self._grid.highlight(index)
        self._say()

    def _put(self, cells: Cells) -> None:
        self._cells = cells
        self._grid.set_cells(cells)
        self._say()

    def _take_hover(self, index: int) -> None:
        self._say()
        self.cell_hovered.emit(index)

    def _say(self) -> None:
        """Tell about the cell under the pointer, or else about the whole picture."""
        index = self._grid.highlighted if self._cells.codes else -1
        short, full = (
            " · ".join(filter(None, (self._resting, changed_words(self._cells, short=short))))
            for short in (True, False)
        )
        self._caption.setText(token_words(self._cells, index, short=True) or short)
        self._caption.setToolTip(token_words(self._cells, index) or full)
