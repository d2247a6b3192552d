"""What is asked under the videos, one question at a time: how far, which one, how sure and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.study.widgets import ProgressAnswer, big_button, words
from core.rubric import Milestone
from core.study.answers import CAUSES, MAX_REASON, Answer
from core.study.plan import Reason
from core.study.votes import Outcome

CHOICES = (
    (Outcome.A, "A is better", "1"),
    (Outcome.B, "B is better", "2"),
    (Outcome.TIE, "About the same", "0"),
    (Outcome.BOTH_BAD, "Both are bad", "9"),
)
CONFIDENCE = ((1, "I am guessing", "1"), (2, "Fairly sure", "2"), (3, "Very sure", "3"))


class Questions(QStackedWidget):
    """The questions about one item; nothing of it is kept before the last *Next*."""

    answered = Signal(object)
    """An :class:`core.study.answers.Answer`."""

    moved = Signal()
    """Another question is asked."""

    def __init__(self, milestones: Sequence[Milestone] = ()) -> None:
        """Build the questions.

        Args:
            milestones: Named points on the way to the whole task.
        """
        super().__init__()
        self._reason_rule = Reason.OPTIONAL
        self._outcome: Outcome | None = None
        self._confidence: int | None = None
        self._clock = QElapsedTimer()
        self._decision_s = 0.0
        self.progress = (ProgressAnswer("A", milestones), ProgressAnswer("B", milestones))
        self.choices: dict[Outcome, QPushButton] = {}
        self.confidence: dict[int, QPushButton] = {}
        self.causes: dict[str, QPushButton] = {}
        self.reason = QPlainTextEdit()
        self.pages = (
            self._progress_page(),
            self._choice_page(),
            self._reason_page(),
            self._cause_page(),
        )
        for page in self.pages:
            self.addWidget(page)
        self._hold()

    def begin(self, question: str, reason: Reason) -> None:
        """Ask about a new item."""
        self._reason_rule, self._outcome, self._confidence = reason, None, None
        self.question.setText(question)
        for one in self.progress:
            one.clear()
        self.reason.clear()
        self.reason.setVisible(reason != Reason.OFF)
        for button in self.confidence.values():
            button.setChecked(False)
        self._go(0)

    def ask_cause(self) -> None:
        """Ask what went wrong."""
        self._before_cause = self.currentIndex()
        self._go(3)

    @property
    def asks_cause(self) -> bool:
        """Whether it is asked what went wrong."""
        return self.currentIndex() == 3

    def back_from_cause(self) -> None:
        """Nothing went wrong after all."""
        if self.asks_cause:
            self._go(self._before_cause)

    _before_cause = 0

    def _progress_page(self) -> QWidget:
        page, column = _page("How much of the task did each one do?")
        row = QHBoxLayout()
        row.setSpacing(48)
        for one in self.progress:
            row.addWidget(one, 1)
            one.changed.connect(self._hold)
        self.progress_next = big_button("Next", "Return", primary=True)
        self.progress_next.clicked.connect(self._progress_done)
        column.addLayout(row)
        column.addWidget(self.progress_next, 0, Qt.AlignmentFlag.AlignHCenter)
        return page

    def _choice_page(self) -> QWidget:
        page, column = _page("")
        self.question = words("", "question", centred=True)
        column.addWidget(self.question)
        row = QHBoxLayout()
        row.setSpacing(16)
        for outcome, text, key in CHOICES:
            button = self.choices[outcome] = big_button(text, key)
            button.setProperty("outcome", str(outcome))
            button.clicked.connect(self._choose)
            row.addWidget(button, 1)
        column.addLayout(row)
        return page

    def _reason_page(self) -> QWidget:
        page, column = _page("How sure are you?")
        row = QHBoxLayout()
        row.setSpacing(16)
        for value, text, key in CONFIDENCE:
            button = self.confidence[value] = big_button(text, key)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setProperty("confidence", value)
            button.clicked.connect(self._be_sure)
            row.addWidget(button, 1)
        self.reason.setPlaceholderText("Why? A few words help.")
        self.reason.setAccessibleName("Why you chose so")
        self.reason.setMaximumHeight(64)
        self.reason.setTabChangesFocus(True)
        self.reason.textChanged.connect(self._hold)
        last = QHBoxLayout()
        self.change = big_button("Change my choice")
        self.change.clicked.connect(self._back)
        self.send = big_button("Next", "Return", primary=True)
        self.send.clicked.connect(self._send)
        last.addWidget(self.change)
        last.addStretch(1)
        last.addWidget(self.send)
        column.addLayout(row)
        column.addWidget(self.reason)
        column.addLayout(last)
        return page

    def _cause_page(self) -> QWidget:
        page, column = _page("What went wrong?")
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, text in enumerate(CAUSES):
            button = self.causes[text] = big_button(text)
            button.setProperty("cause", text)
            button.clicked.connect(self._give_cause)
            grid.addWidget(button, number // 3, number % 3)
        back = big_button("Nothing, go back")
        back.clicked.connect(self.back_from_cause)
        grid.addWidget(back, 1, 2)
        column.addLayout(grid)
        return page

    @Slot()
    def _hold(self) -> None:
        """Hold back what cannot be answered yet."""
        self.progress_next.setEnabled(all(one.value is not None for one in self.progress))
        said = len(self.reason.toPlainText().strip())
        wanted = self._reason_rule == Reason.REQUIRED
        reason = ""
        if self._confidence is None:
            reason = "Say first how sure you are."
        elif wanted and not said:
            reason = "Say first in a few words why."
        elif said > MAX_REASON:
            reason = f"Fewer words, please: {said} of {MAX_REASON} characters."
        self.send.setEnabled(not reason)
        self.send.setToolTip(reason)

    @Slot()
    def _progress_done(self) -> None:
        self._clock.start()
        self._go(1)

    @Slot()
    def _choose(self) -> None:
        self._decision_s = self._clock.elapsed() / 1000
        self._outcome = Outcome(self.sender().property("outcome"))
        self._go(2)

    @Slot()
    def _be_sure(self) -> None:
        self._confidence = int(self.sender().property("confidence"))
        self._hold()

    @Slot()
    def _back(self) -> None:
        self._go(1)

    @Slot()
    def _send(self) -> None:
        left, right = self.progress
        self.answered.emit(
            Answer(
                outcome=self._outcome,
                progress_left=left.value,
                progress_right=right.value,
                confidence=self._confidence,
                reason=self.reason.toPlainText().strip(),
                decision_s=self._decision_s,
            )
        )

    @Slot()
    def _give_cause(self) -> None:
        cause = str(self.sender().property("cause"))
        self.answered.emit(Answer(outcome=None, invalid=cause))

    def _go(self, index: int) -> None:
        self.setCurrentIndex(index)
        # No answer may look chosen already, nor be chosen by a key that was meant for the page.
        self.pages[index].setFocus()
        self._hold()
        self.moved.emit()


def _page(title: str) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    if title:
        column.addWidget(words(title, "question", centred=True))
    return page, column
