"""The ladder as it is seen: a row of marks in the header, and a card that says more and mends."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.icons import icon
from app.ladder import Mend, Rung, State
from app.toasts import wrapped

MARKS = {
    State.GOOD: ("check-circle", "ok", "✓"),
    State.WAITING: ("dots-three-circle", "muted", "…"),
    State.ODD: ("warning", "warn", "!"),
    State.BAD: ("x-circle", "fault", "✗"),
}
"""Icon, its colour, and the same in a letter; the shape says it without the colour."""

TEXTS = {
    Mend.RESTART: ("Restart", "Start it again, or connect to it anew."),
    Mend.CANCEL: ("Cancel", "Give up its start; Restart brings it back."),
    Mend.CONNECT: ("Connect to another …", "Use one that runs on another machine."),
    Mend.OWN: ("Use the one here", "Let this studio start its own again."),
    Mend.RELEASE: ("Release", "Release the stop or recover from the fault; nothing moves by that."),
    Mend.RECORD: ("Record", "Begin a new session file."),
    Mend.FOLDER: ("Choose a folder …", "Keep session files in another folder from now on."),
    Mend.LOG: ("Open the log", "Look into the log file of all programs."),
}
"""What the buttons say, and their tooltips."""


class Marks(QToolButton):
    """Four marks, one a rung, with everything in words as its tooltip."""

    SIZE = 18

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._rungs: tuple[Rung, ...] = ()
        self.clicked.connect(action.trigger)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Connections")
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the room for four marks."""
        return QSize(4 * self.SIZE + 3 * 4 + 16, 32)

    def set_rungs(self, rungs: tuple[Rung, ...]) -> None:
        """Show how everything stands."""
        self._rungs = rungs
        lines = [f"{MARKS[rung.state][2]}  {rung.title}: {rung.words}" for rung in rungs]
        self.setToolTip("\n".join([*lines, "", self._action.toolTip()]))
        bad = [rung.title for rung in rungs if rung.state in (State.BAD, State.ODD)]
        wrong = f"look at {', '.join(bad)}" if bad else "nothing is wrong"
        self.setAccessibleName(f"Connections: {wrong}")
        self.setAccessibleDescription(" ".join(f"{r.title}: {r.words}" for r in rungs))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button's frame and the marks."""
        frame = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        frame.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        frame.end()
        painter = QPainter(self)
        left = (self.width() - 4 * self.SIZE - 3 * 4) // 2
        top = (self.height() - self.SIZE) // 2
        for rung in self._rungs:
            name, token, _ = MARKS[rung.state]
            icon(name, token).paint(painter, QRect(left, top, self.SIZE, self.SIZE))
            left += self.SIZE + 4
        painter.end()


class RungRow(QWidget):
    """One rung: its mark, its title, its state in words and its buttons."""

    mended = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rung: Rung | None = None
        self._mark = QLabel()
        self._title = QLabel()
        theme.set_role(self._title, "title")
        self._words = wrapped(self)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._pressable: list[QPushButton] = []
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addLayout(self._buttons)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        theme.theme().changed.connect(self._paint_mark)

    @property
    def buttons(self) -> dict[Mend, QPushButton]:
        """The buttons by what they do."""
        return {Mend(button.objectName()): button for button in self._pressable}

    @property
    def words(self) -> str:
        """The state in words, as it is shown."""
        return self._words.text()

    def set_rung(self, rung: Rung) -> None:
        """Show how it stands; the buttons stay the same ones while their mends do."""
        before, self.rung = self.rung, rung
        self._title.setText(rung.title)
        self._words.setText(rung.words)
        if before is None or before.state != rung.state:
            self._paint_mark()
        if before is None or before.mends != rung.mends:
            self._make_buttons(rung.mends)

    def _paint_mark(self, *_: object) -> None:
        if self.rung is not None:
            name, token, _letter = MARKS[self.rung.state]
            self._mark.setPixmap(icon(name, token).pixmap(20, 20))
            self._mark.setAccessibleName(f"{self.rung.title}: {self.rung.state}")

    def _make_buttons(self, mends: tuple[Mend, ...]) -> None:
        for old in self._pressable:
            old.hide()
            old.deleteLater()
        self._pressable.clear()
        while self._buttons.count():
            self._buttons.takeAt(0)
        for mend in mends:
            text, tip = TEXTS[mend]
            button = QPushButton(text)
            button.setObjectName(mend)
            button.setToolTip(tip)
            button.setAccessibleName(f"{text}: {self._title.text()}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._pressed)
            self._buttons.addWidget(button)
            self._pressable.append(button)
        self._buttons.addStretch(1)

    def _pressed(self) -> None:
        button = self.sender()
        if self.rung is not None and isinstance(button, QPushButton):
            self.mended.emit(self.rung.name, Mend(button.objectName()))


class ConnectionsCard(QFrame):
    """The four rungs below each other; it lies over the window and goes by its cross or Esc."""

    mended = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setAccessibleName("Connections")
        theme.set_role(self, "pop")
        self.setAutoFillBackground(True)
        self.rows: dict[str, RungRow] = {}
        heading = QLabel("Connections")
        theme.set_role(heading, "heading")
        cross = QToolButton()
        cross.setIcon(icon("x", "muted"))
        cross.setToolTip("Close (Esc)")
        cross.setAccessibleName("Close connections")
        cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        cross.clicked.connect(self.hide)
        head = QHBoxLayout()
        head.addWidget(heading, 1)
        head.addWidget(cross)
        self._top = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 12, 16)
        self._column.setSpacing(16)
        self._column.addLayout(head)
        self.hide()

    def set_rungs(self, rungs: tuple[Rung, ...]) -> None:
        """Show how everything stands."""
        for rung in rungs:
            if rung.name not in self.rows:
                row = self.rows[rung.name] = RungRow()
                row.mended.connect(self.mended)
                self._column.addWidget(row)
            self.rows[rung.name].set_rung(rung)
        if self.isVisible():
            self.fit()

    def fit(self) -> None:
        """Take the height that the words need, below the header at the right."""
        host = self._host
        width = min(460, host.width() - 32)
        self.setFixedWidth(width)
        self.setFixedHeight(min(self._column.totalHeightForWidth(width), host.height() - 96))
        self.move(host.width() - width - 16, self._top)
        self.raise_()

    def open_below(self, top: int) -> None:
        """Appear with the upper edge at this height of the window [px]."""
        self._top = top
        self.show()
        self.fit()
