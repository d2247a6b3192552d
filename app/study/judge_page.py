"""The page of one item: two videos, and below them one thing to do at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.study.clip_view import Clip, ClipView, Player
from app.study.questions import Questions
from app.study.widgets import big_button, words
from core.rubric import Milestone
from core.study.plan import Playback, StudyPlan
from core.study.sitting import Step
from core.study.votes import Shown

LETTERS = {Shown.LEFT: "A", Shown.RIGHT: "B"}


class JudgePage(QWidget):
    """Shows a pair and asks about it once both videos were watched to the end."""

    viewed = Signal(str, float, bool)
    answered = Signal(object)

    def __init__(self, milestones: Sequence[Milestone] = (), speed: float = 1.0) -> None:
        """Build the page.

        Args:
            milestones: Named points on the way to the whole task.
            speed: Of the videos; more than 1 only where nobody watches.
        """
        super().__init__()
        self.task = words("", "reading", centred=True)
        self.views = {side: ClipView(f"Video {letter}") for side, letter in LETTERS.items()}
        self.again: dict[Shown, QPushButton] = {}
        self.player = Player(self.views, speed)
        self.player.changed.connect(self._show_player)
        self.player.viewed.connect(self.viewed)
        self.questions = Questions(milestones)
        self.questions.answered.connect(self.answered)
        self.questions.moved.connect(self._show_trouble)
        self.play = big_button("Play", "Space", primary=True)
        self.play.clicked.connect(self._play)
        self.hint = words("", "reading", centred=True)
        self.trouble = QPushButton("Something went wrong")
        self.trouble.setProperty("role", "link")
        self.trouble.clicked.connect(self.questions.ask_cause)
        _keep_place(self.trouble)
        self._build()

    def _build(self) -> None:
        videos = QHBoxLayout()
        videos.setSpacing(16)
        for side, view in self.views.items():
            name = words(LETTERS[side], "display", centred=True)
            button = self.again[side] = QPushButton("Play again")
            button.setProperty("side", str(side))
            button.setAccessibleName(f"Play video {LETTERS[side]} again")
            button.setMinimumHeight(40)
            button.clicked.connect(self._play_again)
            _keep_place(button)
            column = QVBoxLayout()
            column.setSpacing(4)
            head = QHBoxLayout()
            head.addStretch(1)
            head.addWidget(name)
            head.addStretch(1)
            head.addWidget(button)
            column.addLayout(head)
            column.addWidget(view, 1)
            videos.addLayout(column, 1)
        watch = QWidget()
        column = QVBoxLayout(watch)
        column.addWidget(self.hint)
        column.addWidget(self.play, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.below = QStackedWidget()
        self.below.addWidget(watch)
        self.below.addWidget(self.questions)
        self.below.setFixedHeight(228)  # the videos must not jump from question to question
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 12, 24, 0)
        page.setSpacing(8)
        page.addWidget(self.task)
        page.addLayout(videos, 1)
        page.addWidget(self.below)
        page.addWidget(self.trouble, 0, Qt.AlignmentFlag.AlignRight)

    def set_item(self, plan: StudyPlan, step: Step, clips: Mapping[Shown, Clip]) -> None:
        """Show an item from its beginning.

        Args:
            plan: The study.
            step: With the item to judge.
            clips: Its videos by side.
        """
        item = step.item
        assert item is not None, "there is something to judge"
        said = item.prompt.instruction if item.prompt else plan.scene(item.drawn.scene).instruction
        task = f"The robot was told: “{said}”" if said else "The robot was shown a line to follow."
        self.task.setText(f"Practice, this does not count. {task}" if step.is_practice else task)
        self.below.setCurrentIndex(0)
        self.questions.begin(plan.question, plan.reason)
        together = plan.playback == Playback.TOGETHER
        self._hint = "Watch both videos to the end." if together else "Watch one after the other."
        self.player.load(clips, plan.playback, item.drawn.first)
        self.play.setFocus()

    @Slot()
    def _play(self) -> None:
        if self.below.currentIndex() == 0:
            self.player.play()

    @Slot()
    def _play_again(self) -> None:
        self.player.play(Shown(self.sender().property("side")))

    @Slot()
    def _show_player(self) -> None:
        player = self.player
        busy = bool(player.playing)
        for button in self.again.values():
            button.setVisible(player.all_seen)
            button.setEnabled(player.all_seen and not busy)
        self.play.setEnabled(not busy)
        turn = player.turn
        self.hint.setText(self._hint if turn is None else f"{self._hint} Now: {LETTERS[turn]}.")
        if player.all_seen and self.below.currentIndex() == 0:
            self.below.setCurrentIndex(1)
        self._show_trouble()

    @Slot()
    def _show_trouble(self) -> None:
        asking = self.questions.asks_cause
        self.trouble.setVisible(not asking)
        if asking and self.below.currentIndex() == 0:
            self.below.setCurrentIndex(1)
        elif not asking and not self.player.all_seen:
            self.below.setCurrentIndex(0)

    _hint = ""


def _keep_place(widget: QWidget) -> None:
    """Leave room for a widget that is hidden: nothing shall jump while somebody compares."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
