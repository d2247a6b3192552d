"""The page of the first start: three steps that tick themselves off as the person does them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
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

_FRAME = 2
"""Border and margin on every side [px]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        title: The verb.
        key: Mouse gesture or key.
        words: How, as a sentence.
    """

    title: str
    key: str
    words: str


STEPS = (
    Step(
        title="Draw",
        key="Drag",
        words="On the picture, drag from the gripper to where it shall go; it stands still then.",
    ),
    Step(
        title="Steer",
        key="Enter",
        words="Press Steer below the picture: the model plans a motion along your line.",
    ),
    Step(
        title="Run",
        key="Ctrl+Enter",
        words="Press Run at the lower right: the arm follows the green path. Esc stops it.",
    ),
)

LAB = "The lab on the left is simulated and runs already: nothing can break."
REAL = "A real arm is connected: keep a hand on its own emergency stop."
WAIT = "The lab is starting; meanwhile, this is what you will do."
DONE = "That was all of it. F1 shows every key; Space lets the model plan on its own."


class StepCard(QFrame):
    """One step with its mark."""

    def __init__(self, number: int, step: Step, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self.done = False
        self._mark = QLabel()
        title = QLabel(f"{number}  {step.title}")
        theme.set_role(title, "heading")
        key = QLabel(step.key)
        theme.set_role(key, "badge")
        self._words = wrapped(self)
        self._words.setText(step.words)
        self._held = wrapped(self)
        theme.set_role(self._held, "warn")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._mark)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(key)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._words)
        column.addWidget(self._held)
        self.setAccessibleName(f"Step {number}: {step.title}")
        theme.theme().changed.connect(self._paint_mark)
        self.set_state(done=False, now=False)

    def set_state(self, *, done: bool, now: bool, held: str = "") -> None:
        """Show whether it is done, whether it is next, and what still holds it back."""
        self.done = done
        theme.set_role(self, "step-now" if now else "step")
        self._held.setText(held)
        self._held.setVisible(bool(held) and now)
        self.setAccessibleDescription("done" if done else "next" if now else "later")
        self._paint_mark()

    @property
    def held(self) -> str:
        """What holds it back, as it is shown."""
        return self._held.text() if self._held.isVisibleTo(self) else ""

    def _paint_mark(self, *_: object) -> None:
        name, token = ("check-circle", "ok") if self.done else ("circle", "muted")
        self._mark.setPixmap(icon(name, token).pixmap(20, 20))


class FirstSteps(QFrame):
    """The page; it lies over the panels at the side and blocks nothing."""

    left = Signal(bool)
    """The person has closed it; whether it shall not come again by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("First steps")
        theme.set_role(self, "pop")
        self.setAutoFillBackground(True)
        title = QLabel("Draw, steer, run")
        title.setWordWrap(True)
        theme.set_role(title, "display")
        self._intro = wrapped(self)
        self.cards = [StepCard(k, step) for k, step in enumerate(STEPS, 1)]
        self.never = QCheckBox("Do not show this again")
        self.start = QPushButton("Start")
        self.start.setToolTip("Close this page; the Window menu opens it again (Esc).")
        key = QKeySequence("Esc").toString(QKeySequence.SequenceFormat.NativeText)
        self.start.setText(f"Start   {key}")
        theme.set_role(self.start, "primary")
        self.start.clicked.connect(self.leave)
        for widget in (self.never, self.start):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        foot = QHBoxLayout()
        foot.addWidget(self.never, 1)
        foot.addWidget(self.start)
        inside = QWidget()
        theme.set_role(inside, "clear")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(self._intro)
        for card in self.cards:
            column.addWidget(card)
        column.addLayout(foot)
        self._column = column
        self._inside = inside
        self._scroll = scroll = QScrollArea()
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(scroll)
        self.hide()

    def set_state(self, done: tuple[bool, ...], held: str, intro: str) -> None:
        """Show how far the person is.

        Args:
            done: Which steps were done.
            held: What holds the next one back, as a sentence.
            intro: What to know before beginning.
        """
        now = done.index(False) if not all(done) else -1
        for k, (card, finished) in enumerate(zip(self.cards, done, strict=True)):
            card.set_state(done=finished, now=k == now, held=held)
        self._intro.setText(DONE if all(done) else intro)
        if all(done):
            self.never.setChecked(True)

    def fit(self, area: QRect) -> None:
        """Take as much of the upper part of an area as the words need."""
        frame = 2 * _FRAME
        inner = area.width() - frame
        height = self._column.totalHeightForWidth(inner)
        if height > area.height() - frame:  # large letters: there will be a scroll bar
            inner -= self._scroll.verticalScrollBar().sizeHint().width()
            height = self._column.totalHeightForWidth(inner)
        self._inside.setFixedSize(inner, height)
        self.setGeometry(
            QRect(area.topLeft(), QSize(area.width(), min(height + frame, area.height())))
        )

    @property
    def intro(self) -> str:
        """What stands above the steps."""
        return self._intro.text()

    def leave(self) -> None:
        """Close it."""
        self.hide()
        self.left.emit(self.never.isChecked())
