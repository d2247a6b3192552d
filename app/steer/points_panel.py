"""The drawn trace in numbers: a table that can be read and typed into."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.steer.mapping import HALF_PIXEL, model_from_scene, scene_from_model
from core.types import TRACE_MAX

Points = NDArray[np.float64]

EMPTY = (
    "The points of your trace appear here, to be read and typed. Draw on the picture, or press P."
)
COLUMNS = ("x px", "y px", "x /255", "y /255")
_TIPS = (
    "Pixels of the frame, counted from its left edge",
    "Pixels of the frame, counted from its upper edge",
    "As the model counts: 0 at the left edge, 255 at the right one",
    "As the model counts: 0 at the upper edge, 255 at the lower one",
)
_DECIMALS = 1

ROW = 20
"""Height of a row [px]: five of them and the header are no taller than a picture beside them."""


def read_number(text: str, low: float, high: float) -> tuple[float, str]:
    """Read what was typed.

    Args:
        text: A number, with a point or a comma.
        low: Smallest value.
        high: Largest value.

    Returns:
        The number and nothing, or 0 and why it is refused.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return 0.0, f"“{text.strip()}” is not a number; type one from {low:g} to {high:g}."
    if not math.isfinite(value) or not low <= value <= high:
        return 0.0, f"{text.strip()} lies outside the picture; type {low:g} to {high:g}."
    return value, ""


class PointsPanel(QWidget):
    """One row per point; typing moves the point, and the row of the selected point is marked."""

    point_typed = Signal(int, object)
    """Index of the point and where it should be, (2,) in 0..255."""
    point_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: Points = np.zeros((0, 2))
        self._size = (0, 0)
        self._filling = False
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Points of your trace")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)  # Tab leaves the table; arrows walk in it
        self.table.setFont(theme.ui_font(9.5))
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        rows = self.table.verticalHeader()
        rows.setMinimumSectionSize(ROW)
        rows.setDefaultSectionSize(ROW)
        rows.setMinimumWidth(24)
        header.setFixedHeight(ROW)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, (words, tip) in enumerate(zip(COLUMNS, _TIPS, strict=True)):
            head = QTableWidgetItem(words)
            head.setToolTip(tip)
            self.table.setHorizontalHeaderItem(column, head)
        self._empty = QLabel(EMPTY)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self._empty, "caption")
        self._note = QLabel()
        self._note.setWordWrap(True)
        theme.set_role(self._note, "warn")
        self._note.hide()
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._pages, 1)
        layout.addWidget(self._note)
        self.table.itemChanged.connect(self._typed)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)

    @property
    def note(self) -> str:
        """Why the last thing typed was refused; empty when it was not."""
        return self._note.text() if self._note.isVisibleTo(self) else ""

    def set_points(self, points: Points | None, size: tuple[int, int]) -> None:
        """Show a trace.

        Args:
            points: (L, 2) in 0..255, or None for none.
            size: (width, height) of the picture [px]; (0, 0) while it is unknown.
        """
        points = np.zeros((0, 2)) if points is None else points
        if size != self._size or not np.array_equal(points, self._points):
            self._refuse("")  # else what was typed a moment ago would lose its answer
        self._points, self._size = points, size
        self._filling = True
        self.table.setRowCount(len(self._points))
        for row in range(len(self._points)):
            for column, text in enumerate(self._texts(row)):
                item = self.table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                    self.table.setItem(row, column, item)
                if item.text() != text:
                    item.setText(text)
        self._filling = False
        self._pages.setCurrentIndex(1 if len(self._points) else 0)

    def set_selected(self, index: int) -> None:
        """Mark the row of a point; -1 for none."""
        self._filling = True
        model = self.table.selectionModel()
        if index < 0:
            model.clear()
        elif index != self.table.currentRow() or not model.isRowSelected(index, QModelIndex()):
            column = max(self.table.currentColumn(), 0)
            flags = QItemSelectionModel.SelectionFlag
            model.setCurrentIndex(
                self.table.model().index(index, column), flags.ClearAndSelect | flags.Rows
            )
        self._filling = False

    def _texts(self, row: int) -> list[str]:
        pixels = ["–", "–"]
        if all(self._size):
            place = scene_from_model(self._points[row : row + 1], self._size)[0]
            pixels = [f"{value:.{_DECIMALS}f}" for value in place]
        return [*pixels, *(f"{value:.{_DECIMALS}f}" for value in self._points[row])]

    def _typed(self, item: QTableWidgetItem) -> None:
        if self._filling or item.row() >= len(self._points):
            return
        row, column = item.row(), item.column()
        pixels, axis = column < 2, column % 2
        low, high = 0.0, TRACE_MAX
        if pixels:
            low, high = HALF_PIXEL, self._size[axis] - HALF_PIXEL
        value, refusal = read_number(item.text(), low, high)
        if pixels and not all(self._size):
            refusal = "There is no picture; type into the columns 0–255 instead."
        text = self._texts(row)[column]
        changed = not refusal and f"{value:.{_DECIMALS}f}" != text
        self._filling = True
        item.setText(text)  # until the trace has really changed
        self._filling = False
        self._refuse(refusal)
        if changed:
            point = self._points[row].copy()
            if pixels:
                place = scene_from_model(point[None], self._size)[0]
                place[axis] = value
                point[axis] = model_from_scene(place[None], self._size)[0][axis]
            else:
                point[axis] = value
            self.point_typed.emit(row, point)

    def _chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._filling and current.isValid():
            self._refuse("")
            self.point_chosen.emit(current.row())

    def _refuse(self, reason: str) -> None:
        self._note.setText(reason)
        self._note.setVisible(bool(reason))
