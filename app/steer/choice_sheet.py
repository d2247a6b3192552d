"""A short list under the instruction box, to be chosen from by mouse or arrow keys.

It lies inside the window instead of being a popup of its own, so that Esc and STOP keep their
meaning while it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme

MAX_HEIGHT = 360
MAX_SHOWN = 90
"""Characters of a choice that are shown; the tooltip has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A line of the list.

    Attributes:
        text: What is chosen.
        remark: What is special about it.
        beside: Whether it can be asked beside the instruction as well.
    """

    text: str
    remark: str = ""
    beside: bool = False


class _Row(QPushButton):
    """A line that Enter presses, although Enter has another meaning elsewhere.

    ``moved`` carries a place in the list and a step up (-1) or down (1) from there.
    """

    moved = Signal(int, int)

    def __init__(self, text: str, place: int) -> None:
        super().__init__(text)
        self._place = place

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return super().event(event)
        pressed = event.type() == QEvent.Type.KeyPress
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if pressed and step:
            self.moved.emit(self._place, step)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if pressed:
                self.click()
                return True
        return super().event(event)


class ChoiceSheet(QFrame):
    """Closes when something was chosen, when something else takes the focus, and by Esc."""

    chosen = Signal(str)
    beside = Signal(str)
    """A text is to be asked beside the instruction."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        theme.set_role(self, "card")
        self.setAutoFillBackground(True)
        self._window = window
        self._rows: list[QPushButton] = []
        self._title = QLabel()
        theme.set_role(self._title, "title")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(self._area)
        self.hide()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def offer(self, title: str, choices: Sequence[Choice], below: QWidget) -> None:
        """Open under a widget and put the focus on the first line."""
        self._title.setText(title)
        inside = QWidget()
        theme.set_role(inside, "clear")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        self._rows = []
        for place, choice in enumerate(choices):
            self._add_row(grid, place, choice)
        grid.setRowStretch(len(choices), 1)
        self._area.setWidget(inside)
        corner = below.mapTo(self._window, QPoint(0, below.height() + 2))
        wanted = inside.sizeHint().height() + self._title.sizeHint().height() + 28
        room = self._window.height() - corner.y() - 8
        width = max(below.width(), inside.sizeHint().width() + 40)
        width = min(width, self._window.width() - corner.x() - 8)
        self.setGeometry(corner.x(), corner.y(), width, min(wanted, MAX_HEIGHT, room))
        self.show()
        self.raise_()
        if self._rows:
            self._rows[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def close_up(self) -> bool:
        """Close; false when it was not open."""
        was_open = self.isVisible()
        self.hide()
        return was_open

    @property
    def rows(self) -> list[QPushButton]:
        """The lines, from above."""
        return self._rows

    def _move(self, place: int, step: int) -> None:
        self._rows[(place + step) % len(self._rows)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_row(self, grid: QGridLayout, place: int, choice: Choice) -> None:
        text = choice.text
        cut = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
        row = _Row(cut.replace("&", "&&"), place)
        row.moved.connect(self._move)
        theme.set_role(row, "choice")
        row.setToolTip(text)
        row.setAccessibleName(f"{text}: {choice.remark}" if choice.remark else text)
        row.clicked.connect(lambda: self._choose(text))
        grid.addWidget(row, place, 0)
        self._rows.append(row)
        if choice.remark:
            remark = QLabel(choice.remark)
            theme.set_role(remark, "caption")
            grid.addWidget(remark, place, 1)
        if choice.beside:
            button = _Row("Compare", place)
            button.moved.connect(self._move)
            theme.set_role(button, "link")
            button.setToolTip("Ask this beside the instruction and compare the plans.")
            button.setAccessibleName(f"Compare with: {text}")
            button.clicked.connect(lambda: self._propose(text))
            grid.addWidget(button, place, 2)

    def _choose(self, text: str) -> None:
        self.hide()
        self.chosen.emit(text)

    def _propose(self, text: str) -> None:
        self.hide()
        self.beside.emit(text)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if not self.isVisible() or new is None:
            return
        if self.isAncestorOf(new):
            self._area.ensureWidgetVisible(new, 0, 8)
        else:
            self.hide()
