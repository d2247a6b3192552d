"""The depth tokens: a 10 x 10 grid that fills while they stream in, then the decoded picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app import theme
from app.picture import fit
from app.steer.picture_box import PictureBox
from core.depth import GRID, colourise
from core.types import CODEBOOK_SIZE, DEPTH_CODES, DepthMap

HINT = "Fills cell by cell while the model thinks"


class _Grid(PictureBox):
    """The cells that have arrived, with their codes, over the decoded picture if there is one."""

    def __init__(self) -> None:
        super().__init__(HINT)
        self.codes: tuple[int, ...] = ()
        self.setMinimumSize(96, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the grid while it fills; the picture once it is decoded."""
        if not self.pixmap.isNull() or not self.codes:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        self._paint_cells(painter, fit(QSize(1, 1), QRectF(self.rect()), centred=False))
        painter.end()

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Draw faint lines, so that the token behind a patch can be told."""
        painter.setPen(QPen(QColor(255, 255, 255, 46), 1.0))
        for k in range(1, GRID):
            x = area.left() + k * area.width() / GRID
            y = area.top() + k * area.height() / GRID
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_cells(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.tokens()
        cell = area.width() / GRID
        painter.setFont(theme.mono_font(max(5.0, min(8.0, cell * 0.36))))
        arrived = QColor(colours.accent)
        for index in range(DEPTH_CODES):
            row, column = divmod(index, GRID)
            box = QRectF(area.left() + column * cell, area.top() + row * cell, cell, cell)
            box.adjust(0.5, 0.5, -0.5, -0.5)
            if index < len(self.codes):
                # Codes have no order; the shade only makes equal neighbours visible as equal.
                arrived.setAlphaF(0.15 + 0.5 * (self.codes[index] % CODEBOOK_SIZE) / CODEBOOK_SIZE)
                painter.fillRect(box, arrived)
                if cell >= 14:
                    painter.setPen(QColor(colours.text))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(self.codes[index]))
            else:
                painter.setPen(QPen(QColor(colours.line), 1.0))
                painter.drawRect(box)


class DepthView(QWidget):
    """Depth as the model reasons about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = QLabel("Depth tokens")
        theme.set_role(self._caption, "caption")
        self._grid = _Grid()
        self._grid.setAccessibleName("Depth tokens")
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
        if arrived == self._grid.codes:
            return
        self._grid.codes = arrived
        self._grid.set_image(None)
        count = len(arrived)
        full = count == DEPTH_CODES
        text = "Depth tokens · 10 × 10" if full else f"Depth tokens · {count} of {DEPTH_CODES}"
        self._caption.setText(text if count else "Depth tokens")
        self._grid.setToolTip("")

    def set_depth_map(self, depth: DepthMap | None) -> None:
        """Show the decoded depth; None goes back to the codes."""
        self._grid.set_image(None if depth is None else colourise(depth))
        if depth is None:
            return
        finite = depth.values[np.isfinite(depth.values)]
        if depth.metric and finite.size:
            span = f"{finite.min():.2f} to {finite.max():.2f} m"
        else:
            span = "relative, near is bright"
        self._caption.setText(f"Depth · {span}")
        self._grid.setToolTip("Decoded from the 10 × 10 depth tokens")
