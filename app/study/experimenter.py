"""What an experimenter sees: how far the study is, and who comes next; never who is ahead.

Nothing here tells which policy is on which side, or how anybody voted, until the number of votes is
reached that the study file fixed.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import icons, theme
from app.study.widgets import words
from app.task import Tasks
from core.study import people
from core.study.base import StudyBase
from core.study.harvest import Counts, count
from core.study.people import Participant
from core.study.plan import StudyPlan

REFRESH_MS = 2000


class ExperimenterWindow(QWidget):
    """Counts, and the buttons that begin and resume sittings."""

    begin = Signal(str)
    """A sitting is wanted: of somebody new (empty), or of the participant with this code."""

    report = Signal()
    closed = Signal()

    def __init__(self, base: StudyBase, plan: StudyPlan, tasks: Tasks) -> None:
        """Build the window.

        Args:
            base: The study; read from the pool's one thread only.
            plan: The study as it is locked.
            tasks: A pool of one thread.
        """
        super().__init__()
        self.setWindowTitle(f"Study – {plan.name}")
        self.resize(640, 560)
        self._base, self._plan, self._tasks = base, plan, tasks
        self._asked = False
        self._numbers: dict[str, QLabel] = {}
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Votes so far")
        self.votes = words("", "heading")
        self.note = words("", "hint")
        self.next = _button("Next participant", "user-plus", "primary")
        self.next.clicked.connect(self._begin_new)
        self.codes = QComboBox()
        self.codes.setAccessibleName("Participants who can go on")
        self.resume = _button("Go on with this code", "arrow-counter-clockwise")
        self.resume.clicked.connect(self._begin_again)
        self.results = _button("Results", "chart-bar")
        self.results.clicked.connect(self.report)
        self._build()
        self._clock = QTimer(self, interval=REFRESH_MS)
        self._clock.timeout.connect(self.refresh)
        self._clock.start()
        self.refresh()

    def _build(self) -> None:
        plan = self._plan
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        names = ("participants", "active", "finished", "withdrawn", "invalid", "corrections")
        shown = (
            "Participants",
            "Not finished",
            "Finished",
            "Withdrawn",
            "Invalid items",
            "Corrected",
        )
        for place, (name, text) in enumerate(zip(names, shown, strict=True)):
            self._number(grid, place, name, text)
        for place, scene in enumerate(plan.scenes[:12], len(names)):
            self._number(grid, place, f"scene {scene.name}", f"Votes in {scene.name}")
        again = QHBoxLayout()
        again.addWidget(self.codes, 1)
        again.addWidget(self.resume)
        last = QHBoxLayout()
        last.addWidget(self.results)
        last.addStretch(1)
        last.addWidget(self.next)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 24, 24, 24)
        page.setSpacing(12)
        page.addWidget(words(plan.name, "display"))
        page.addWidget(self.votes)
        page.addWidget(self.bar)
        page.addWidget(
            words("Results open when all votes are there; until then only counts.", "hint")
        )
        page.addLayout(grid)
        page.addStretch(1)
        page.addWidget(self.note)
        page.addLayout(again)
        page.addLayout(last)

    def _number(self, grid: QGridLayout, place: int, name: str, text: str) -> None:
        row, column = divmod(place, 2)
        caption = QLabel(text)
        theme.set_role(caption, "caption")
        number = self._numbers[name] = QLabel("0")
        number.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(caption, row, 2 * column)
        grid.addWidget(number, row, 2 * column + 1)

    @Slot()
    def refresh(self) -> None:
        """Count again, unless a count is still under way."""
        if self._asked:
            return
        self._asked = True
        base, plan = self._base, self._plan
        self._tasks.run(
            "Counting",
            lambda _: (count(base, plan), people.unfinished(base)),
            self._show,
            self._fail,
            cancellable=False,
        )

    def _show(self, result: tuple[Counts, list[Participant]]) -> None:
        self._asked = False
        counts, left = result
        self.votes.setText(f"{counts.votes} of {counts.target} votes")
        self.bar.setRange(0, counts.target)
        self.bar.setValue(min(counts.votes, counts.target))
        for name, label in self._numbers.items():
            scene = name.removeprefix("scene ")
            value = counts.scenes.get(scene, 0) if scene != name else getattr(counts, name)
            label.setText(str(value))
        codes = [who.code for who in left]
        if codes != [self.codes.itemText(i) for i in range(self.codes.count())]:
            self.codes.clear()
            self.codes.addItems(codes)
        self.resume.setEnabled(bool(codes))
        self.resume.setToolTip("" if codes else "Everybody has come to the end.")
        self.results.setEnabled(counts.reached)
        missing = counts.target - counts.votes
        self.results.setToolTip("" if counts.reached else f"Opens after {missing} more votes.")

    @Slot(str)
    def say(self, sentence: str) -> None:
        """Show what went wrong in a sitting."""
        self.note.setText(sentence)
        theme.set_role(self.note, "warn")

    def _fail(self, sentence: str) -> None:
        self._asked = False
        self.say(sentence)

    @Slot()
    def _begin_new(self) -> None:
        self.begin.emit("")

    @Slot()
    def _begin_again(self) -> None:
        if code := self.codes.currentText():
            self.begin.emit(code)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._clock.stop()
        super().closeEvent(event)
        self.closed.emit()


def _button(text: str, icon: str, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setIcon(icons.icon(icon, "on_accent" if role == "primary" else "text"))
    if role:
        theme.set_role(button, role)
    button.setMinimumHeight(36)
    return button
