"""What has to be right before a real arm moves, and before it goes on after a stop or a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.icons import icon
from app.toasts import wrapped

MARKS = {
    "ok": ("check-circle", "ok"),
    "warn": ("warning", "warn"),
    "fail": ("x-circle", "fault"),
    "unknown": ("dots-three-circle", "muted"),
}
"""Icon and its colour by the state of an item."""

READY = "Before the arm moves"
RECOVER = "Before the arm is released"

NOT_RATED = (
    "STOP and Esc are a convenience and not safety-rated: keep the arm's own emergency stop within "
    "reach of your hand."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to look at.

    Attributes:
        name: What it is; also what is told when it is confirmed.
        state: "ok", "warn", "fail", or "unknown" where only a person can say.
        found: What was found.
        mend: What to do about it.
    """

    name: str
    state: str
    found: str = ""
    mend: str = ""

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Item:
        """Take one item of the rig's answer."""
        state = str(message.get("state", "unknown"))
        return cls(
            name=str(message.get("name", "")),
            state=state if state in MARKS else "unknown",
            found=str(message.get("found", "")),
            mend=str(message.get("mend", "")),
        )


class ItemRow(QWidget):
    """One item: its mark, what was found, what to do, and a box for what only a person knows."""

    confirmed = Signal()

    def __init__(self, item: Item, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        picture, token = MARKS[item.state]
        mark = QLabel()
        mark.setPixmap(icon(picture, token).pixmap(20, 20))
        mark.setAccessibleName(f"{item.name}: {item.state}")
        self.box = QCheckBox(item.name)
        self.box.toggled.connect(self.confirmed)
        title = QLabel(item.name)
        theme.set_role(title, "title")
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.box if self.asks else title)
        for words, role in ((item.found, ""), (item.mend, "caption")):
            if words and (role == "" or item.state != "ok"):
                label = wrapped(self)
                label.setText(words)
                theme.set_role(label, role)
                column.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    @property
    def asks(self) -> bool:
        """Whether a person has to confirm it."""
        return self.item.state in ("unknown", "warn")

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is needed."""
        return self.item.state == "ok" or (self.asks and self.box.isChecked())


class ChecklistDialog(QDialog):
    """The list; it does not block the window, so Esc still stops the arm."""

    wanted = Signal()
    """Look again."""
    confirmed = Signal(object)
    """Everything is settled; the names of what a person has confirmed."""

    def __init__(self, title: str, go: str, parent: QWidget) -> None:
        """Make an empty list.

        Args:
            title: :data:`READY` or :data:`RECOVER`.
            go: What the button says that goes on.
            parent: The window.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(560, 560)
        self.rows: list[ItemRow] = []
        self._asked = True
        reminder = wrapped(self)
        reminder.setText(NOT_RATED)
        theme.set_role(reminder, "warn")
        self.said = wrapped(self)
        inside = QWidget()
        theme.set_role(inside, "clear")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(24, 8, 24, 8)
        self._column.setSpacing(16)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(title)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        again = QPushButton("Look again")
        again.setAutoDefault(False)
        again.clicked.connect(self.wanted)
        leave = QPushButton("Close")
        leave.setAutoDefault(False)
        leave.clicked.connect(self.close)
        self.go = QPushButton(go)
        # Enter must never release an arm by accident
        self.go.setAutoDefault(False)
        theme.set_role(self.go, "primary")
        self.go.clicked.connect(self._go_on)
        foot = QHBoxLayout()
        foot.addWidget(again)
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(self.go)
        top = QVBoxLayout()
        top.setContentsMargins(24, 16, 24, 0)
        top.addWidget(reminder)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(24, 0, 24, 16)
        bottom.setSpacing(8)
        bottom.addWidget(self.said)
        bottom.addLayout(foot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        layout.addLayout(bottom)
        self.set_items(None)

    def set_items(self, items: Sequence[Item] | None) -> None:
        """Show what was found; what was confirmed before has to be confirmed again.

        Args:
            items: What the rig says; None while it is asked.
        """
        self._asked = items is None
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for item in items or ():
            row = ItemRow(item)
            row.confirmed.connect(self._look)
            self._column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        self._look()

    def say(self, sentence: str) -> None:
        """Say what went wrong."""
        theme.set_role(self.said, "fault")
        self.said.setText(sentence)

    @Slot()
    def _look(self) -> None:
        open_ones = [row.item.name for row in self.rows if not row.is_settled]
        failed = [row.item.name for row in self.rows if row.item.state == "fail"]
        words = ""
        if self._asked:
            words = "The rig is asked what it finds …"
        elif not self.rows:
            words = "Nothing has to be confirmed for this arm."
        elif failed:
            words = f"To be mended first: {', '.join(failed)}."
        elif open_ones:
            words = f"Still to be confirmed: {', '.join(open_ones)}."
        self.go.setEnabled(not self._asked and not open_ones)
        self.go.setToolTip(words)
        theme.set_role(self.said, "caption")
        self.said.setText(words)

    @Slot()
    def _go_on(self) -> None:
        self.confirmed.emit([row.item.name for row in self.rows if row.asks])
