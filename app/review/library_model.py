"""The library as a table: a row for each line, sortable by what stands in its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.icons import icon
from app.review.words import clock, date, outcome
from app.status_bar import size_text
from core.review.library import Line

SORT = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        title: Its heading.
        text: What stands there.
        sort: What it is sorted by.
        width: Its first width [px].
        right: Whether it is a number.
    """

    title: str
    text: Callable[[Line], str]
    sort: Callable[[Line], Any]
    width: int
    right: bool = False


def _number(value: int) -> str:
    return str(value) if value else ""


def _state(line: Line) -> str:
    return line.entry.state or outcome(line.entry.outcome)


def _task(line: Line) -> str:
    return line.entry.task or line.entry.path.name


COLUMNS = (
    Column(title="", text=lambda _: "", sort=lambda n: not n.remarks.flagged, width=28),
    Column(title="Task", text=_task, sort=lambda n: _task(n).casefold(), width=240),
    Column(title="Outcome", text=_state, sort=_state, width=116),
    Column(
        title="Progress",
        text=lambda n: "" if n.entry.progress is None else f"{n.entry.progress} %",
        sort=lambda n: -1 if n.entry.progress is None else n.entry.progress,
        width=88,
        right=True,
    ),
    Column(
        title="Steered", text=lambda n: n.entry.steered, sort=lambda n: n.entry.steered, width=92
    ),
    Column(
        title="Length",
        text=lambda n: clock(n.entry.seconds) if n.entry.seconds else "",
        sort=lambda n: n.entry.seconds,
        width=80,
        right=True,
    ),
    Column(
        title="Date",
        text=lambda n: date(n.entry.started_ns),
        sort=lambda n: n.entry.started_ns,
        width=144,
    ),
    Column(
        title="Warnings",
        text=lambda n: _number(n.entry.warnings),
        sort=lambda n: n.entry.warnings,
        width=92,
        right=True,
    ),
    Column(
        title="Stops",
        text=lambda n: _number(n.entry.stops),
        sort=lambda n: n.entry.stops,
        width=72,
        right=True,
    ),
    Column(
        title="Operator",
        text=lambda n: n.entry.operator,
        sort=lambda n: n.entry.operator.casefold(),
        width=96,
    ),
    Column(
        title="Tags",
        text=lambda n: ", ".join(n.remarks.tags),
        sort=lambda n: n.remarks.tags,
        width=120,
    ),
    Column(title="Policy", text=lambda n: n.entry.policy, sort=lambda n: n.entry.policy, width=120),
    Column(
        title="Size",
        text=lambda n: size_text(n.entry.size),
        sort=lambda n: n.entry.size,
        width=88,
        right=True,
    ),
)


class LibraryModel(QAbstractTableModel):
    """Rows of the library in the order that a person sorted them."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._column, self._order = 6, Qt.SortOrder.DescendingOrder

    @property
    def lines(self) -> list[Line]:
        """The rows in their order."""
        return self._lines

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show other lines, sorted as before."""
        self.beginResetModel()
        self._lines = self._sorted(lines)
        self.endResetModel()

    def row_of(self, line: Line) -> int:
        """Return where a line stands now, or -1."""
        key = (line.entry.path, line.entry.number)
        places = [(one.entry.path, one.entry.number) for one in self._lines]
        return places.index(key) if key in places else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, column = self._lines[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(line)
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.entry.problem or column.text(line) or None
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            if line.entry.problem:
                return icon("warning", "warn")
            return icon("flag", "accent") if line.remarks.flagged else None
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return "flagged" if line.remarks.flagged else "not flagged"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = COLUMNS[section].right
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._order = column, order
        self.set_lines(self._lines)

    def _sorted(self, lines: Sequence[Line]) -> list[Line]:
        key = COLUMNS[self._column].sort
        reverse = self._order == Qt.SortOrder.DescendingOrder
        return sorted(lines, key=key, reverse=reverse)
