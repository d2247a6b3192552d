"""A session, or two beside each other: pictures, what the model said, timeline and buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.action_button import ActionButton
from app.actions import Actions
from app.review.details import Details
from app.review.pictures import Pictures
from app.review.timeline import NAMES, Timeline
from app.review.transport import Transport
from core.review.marks import MarkKind


class Pane(QWidget):
    """One session: a title, where it is, and its pictures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.place = QLabel(), QLabel()
        theme.set_role(self.title, "title")
        theme.set_role(self.place, "caption")
        for label in (self.title, self.place):
            label.setMinimumWidth(1)
        self.pictures = Pictures()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self.place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.pictures, 1)


class Viewer(QWidget):
    """Everything that follows the playhead."""

    kind_changed = Signal()
    """Another kind of mark is jumped to."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panes = (Pane(), Pane())
        self.details = Details()
        self.timeline, self.transport = Timeline(), Transport(actions)
        self.jumps = QComboBox()
        self.jumps.addItem("Any mark", None)
        for kind, name in NAMES.items():
            self.jumps.addItem(name, kind)
        self.jumps.setToolTip("What Previous mark and Next mark jump to")
        self.jumps.setAccessibleName("Marks to jump to")
        self.jumps.currentIndexChanged.connect(self.kind_changed)
        self.transport.add_choice(self.jumps)
        self.problem = QLabel()
        theme.set_role(self.problem, "warn")
        self.problem.setWordWrap(True)
        self.problem.hide()
        back = ActionButton(actions["review_library"])
        self.flag = QToolButton()
        self.flag.setDefaultAction(actions["review_flag"])
        self.flag.setFixedSize(32, 32)
        self.flag.setAccessibleName("Flag")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(back)
        head.addWidget(self.problem, 1)
        head.addStretch(1)
        head.addWidget(self.flag)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        for widget in (*self.panes, self.details):
            self._split.addWidget(widget)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([700, 700, 360])
        for place, stretch in enumerate((1, 1, 0)):
            self._split.setStretchFactor(place, stretch)
        self.details.setMinimumWidth(300)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._split, 1)
        column.addWidget(self.timeline)
        column.addWidget(self.transport)
        self.set_two(False)

    @property
    def kind(self) -> MarkKind | None:
        """The kind of mark that is jumped to; None for any."""
        return self.jumps.currentData()

    def set_two(self, two: bool) -> None:
        """Show two sessions beside each other, or one with what the model said."""
        self.panes[1].setVisible(two)
        self.details.setVisible(not two)
        way = QBoxLayout.Direction
        for pane in self.panes:
            pane.pictures.set_direction(way.TopToBottom if two else way.LeftToRight)

    def set_problem(self, words: str) -> None:
        """Say what is wrong with a file; an empty text says nothing."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
