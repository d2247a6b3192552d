"""The library: search, table, what is said about the chosen episode, and what to do when empty."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.action_button import ActionButton
from app.actions import Actions
from app.review.filters import Filters
from app.review.library_model import COLUMNS, LibraryModel
from app.review.remarks_panel import RemarksPanel
from core.review.library import Line

EMPTY_WIDTH = 520
"""Width of what is said in place of the table [px]."""

NOTHING_FOUND = "No episode fits what you look for."


class LibraryPanel(QWidget):
    """Shows lines; opening and writing are signals."""

    opened = Signal(object)
    """The line that was double-clicked or confirmed."""
    chosen = Signal()

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filters, self.remarks = Filters(), RemarksPanel(actions)
        self.model = LibraryModel(self)
        self.table = _table(self.model)
        self.table.doubleClicked.connect(self._open)
        self.table.activated.connect(self._confirm)
        selection = self.table.selectionModel()
        selection.selectionChanged.connect(self._selected)
        self._found, self._empty = QLabel(), QLabel()
        theme.set_role(self._found, "caption")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setFixedWidth(EMPTY_WIDTH)  # or Qt would guess how high the words are
        theme.set_role(self._empty, "hint")
        self.clear = QPushButton("Show all")
        self.clear.clicked.connect(self.filters.clear)
        self.steer = ActionButton(actions["page_steer"], role="primary")
        self._stack = QStackedWidget()
        lists = QSplitter(Qt.Orientation.Horizontal)
        lists.addWidget(self.table)
        lists.addWidget(self.remarks)
        lists.setStretchFactor(0, 1)
        lists.setSizes([1000, 280])
        lists.setChildrenCollapsible(False)
        self.remarks.setMinimumWidth(200)
        self._stack.addWidget(lists)
        self._stack.addWidget(self._nothing())
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.filters, 1)
        for name in ("review_scan", "review_open"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setFixedSize(32, 32)
            button.setAccessibleName(actions[name].text())
            head.addWidget(button)
        self.open_button = QPushButton("Open")
        self.open_button.setToolTip("Show the chosen episode (Enter, or a double click)")
        theme.set_role(self.open_button, "primary")
        self.open_button.clicked.connect(self._open_chosen)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._found, 1)
        foot.addWidget(ActionButton(actions["review_beside"]))
        foot.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addLayout(foot)

    @property
    def selected(self) -> list[Line]:
        """The chosen lines, from the top to the bottom."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.lines[row] for row in rows]

    @property
    def empty_words(self) -> str:
        """What stands in place of the table."""
        return self._empty.text() if self._stack.currentIndex() else ""

    def set_lines(self, found: Sequence[Line], total: int, folder: str) -> None:
        """Show what was found.

        Args:
            found: The lines.
            total: How many lines there are.
            folder: Where the files are.
        """
        chosen = [(line.entry.path, line.entry.number) for line in self.selected]
        self.model.set_lines(found)
        for line in found:
            if (line.entry.path, line.entry.number) in chosen:
                self._select(self.model.row_of(line))
        self._stack.setCurrentIndex(0 if found else 1)
        self.clear.setVisible(bool(total) and not found)
        self.steer.setVisible(not total)
        self._empty.setText(NOTHING_FOUND if total else empty_words(folder))
        many = f"{len(found)} of {total} episodes" if len(found) != total else f"{total} episodes"
        self._found.setText(f"{many} in {folder}" if total else "")
        self._selected()

    def choose(self, line: Line) -> None:
        """Select a line alone."""
        self.table.clearSelection()
        self._select(self.model.row_of(line))

    def _select(self, row: int) -> None:
        if row >= 0:
            flags = QItemSelectionModel.SelectionFlag
            index = self.model.index(row, 0)
            self.table.selectionModel().select(index, flags.Select | flags.Rows)
            self.table.selectionModel().setCurrentIndex(index, flags.NoUpdate)

    def _selected(self, *_: object) -> None:
        chosen = self.selected
        self.remarks.set_line(chosen[0] if len(chosen) == 1 else None)
        self.open_button.setEnabled(len(chosen) == 1)
        self.chosen.emit()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.lines[index.row()])

    def _confirm(self, index: QModelIndex) -> None:
        # a double click activates too, and is told by itself
        if self.table.hasFocus() and not QApplication.mouseButtons():
            self._open(index)

    def _open_chosen(self) -> None:
        if len(self.selected) == 1:
            self.opened.emit(self.selected[0])

    def _nothing(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(12)
        column.addStretch(1)
        for widget in (self._empty, self.clear, self.steer):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page


def empty_words(folder: str) -> str:
    """Say where sessions come from, and how to make one."""
    return (
        f"There are no recorded sessions in {folder} yet.\n\n"
        "The studio records while it is open, as long as “Record” is on in the settings (Ctrl+,). "
        "A session can be opened when the studio that recorded it was closed. To record an "
        "episode, go to Steer, type an instruction and press B; press Y or N when it is over.\n\n"
        "You can also drop a session file (.mcap) here."
    )


def _table(model: LibraryModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName("Recorded episodes")
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    theme.set_role(table, "list")
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(28)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(False)
    for place, column in enumerate(COLUMNS):
        table.setColumnWidth(place, column.width)
    header.setSortIndicator(6, Qt.SortOrder.DescendingOrder)
    table.setSortingEnabled(True)
    return table
