"""What a participant sees: the whole screen, one thing at a time, no technical words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from app import theme
from app.study.ask_page import AskPage
from app.study.conductor import Conductor, Scenery
from app.study.judge_page import JudgePage
from app.study.pages import BreakPage, ConsentPage, EndPage, LeavePage, WaitPage
from app.study.widgets import big_button, words
from core.rubric import Milestone
from core.study.items import Prompt
from core.study.plan import StudyPlan
from core.study.sitting import Step, StepKind

TITLE = "Study"
"""Title of the window, the same for every study, item and policy."""


class ParticipantWindow(QWidget):
    """One participant's sitting."""

    closed = Signal()

    def __init__(
        self,
        conductor: Conductor,
        plan: StudyPlan,
        milestones: Sequence[Milestone] = (),
        speed: float = 1.0,
    ) -> None:
        """Build the window.

        Args:
            conductor: Who leads.
            plan: The study.
            milestones: Named points on the way to the whole task.
            speed: Of the videos; more than 1 only where nobody watches.
        """
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setMinimumSize(960, 640)
        self._conductor, self._plan = conductor, plan
        self._scenery: Scenery | None = None
        self.consent = ConsentPage(plan)
        self.ask = AskPage(plan.ask, plan.ask_words)
        self.wait = WaitPage()
        self.judge = JudgePage(milestones, speed)
        self.rest = BreakPage()
        self.leave = LeavePage()
        self.end = EndPage()
        self.pages = QStackedWidget()
        for page in (
            self.wait,
            self.consent,
            self.ask,
            self.judge,
            self.rest,
            self.leave,
            self.end,
        ):
            self.pages.addWidget(page)
        self.where = words("", "reading")
        self.where.setWordWrap(False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far you are")
        self.back = big_button("Change my last answer")
        self.pause = big_button("Rest or stop")
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 12)
        foot.setSpacing(24)
        foot.addWidget(self.where)
        foot.addWidget(self.bar, 1)
        foot.addWidget(self.back)
        foot.addWidget(self.pause)
        self.foot = QWidget()
        self.foot.setLayout(foot)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.pages, 1)
        page.addWidget(self.foot)
        self._wire()
        self._turn(self.wait)

    def _wire(self) -> None:
        conductor = self._conductor
        conductor.shown.connect(self._show)
        conductor.waiting.connect(self._wait)
        conductor.failed.connect(self._fail)
        self.consent.agreed.connect(self._agree)
        self.consent.refused.connect(self.close)
        self.ask.said.connect(self._say)
        self.judge.viewed.connect(conductor.note)
        self.judge.answered.connect(self._answer)
        self.rest.ended.connect(self._show_item)
        self.back.clicked.connect(self._go_back)
        self.pause.clicked.connect(self._ask_to_leave)
        self.leave.back.connect(self._go_on)
        self.leave.later.connect(self.close)
        self.leave.withdrawn.connect(self._withdraw)
        self.end.closed.connect(self.close)

    @Slot(object)
    def _show(self, scenery: Scenery) -> None:
        step = scenery.step
        if (
            step.item is not None and step.total == 0
        ):  # back to an item that was answered already; the place stays
            self._changing = True
            self.judge.set_item(self._plan, step, scenery.clips)
            self._turn(self.judge)
            return
        before, self._scenery, self._changing = self._scenery, scenery, False
        self._show_place(step)
        if step.kind == StepKind.CONSENT:
            self._turn(self.consent)
        elif step.kind == StepKind.END:
            self.end.say("Thank you!", f"You are done. Your code was {self._conductor.code}.")
            self._turn(self.end)
        elif step.kind == StepKind.GONE:
            self.end.say("Thank you!", "Your answers have been erased.")
            self._turn(self.end)
        elif before is not None and before.step.kind != StepKind.CONSENT and self._rests_at(step):
            self._turn(self.rest)
        else:
            self._show_item()

    def _rests_at(self, step: Step) -> bool:
        """Whether a rest is offered before an item; not between asking and judging it."""
        every, done = self._plan.pace.break_every, step.position - step.practice
        asked = step.item is not None and step.item.prompt is not None
        repeated = step.item is not None and step.item.drawn.original is not None
        return every > 0 and done > 0 and done % every == 0 and (repeated or not asked)

    @Slot()
    def _show_item(self) -> None:
        scenery = self._scenery
        if scenery is None:
            return
        if scenery.step.kind == StepKind.ASK:
            self.ask.set_scene(scenery.step.scene, scenery.picture)
            self._turn(self.ask)
        else:
            self.judge.set_item(self._plan, scenery.step, scenery.clips)
            self._turn(self.judge)

    def _show_place(self, step: Step) -> None:
        done, total = step.position - step.practice, step.total - step.practice
        if step.is_practice:
            self.where.setText(f"Practice {step.position + 1} of {step.practice}")
        else:
            self.where.setText(f"{min(done + 1, total)} of {total}")
        self.bar.setRange(0, max(step.total, 1))
        self.bar.setValue(step.position)

    @Slot(str)
    def _wait(self, why: str) -> None:
        self.wait.say(why)
        self._turn(self.wait)

    @Slot(str)
    def _fail(self, sentence: str) -> None:
        """Say that it does not go on; the sentence itself may name a policy's address."""
        self.end.say(
            "Please call the person who looks after you",
            "Something is not working. Nothing you answered is lost, and you can go on later with "
            f"your code {self._conductor.code}.",
        )
        self._turn(self.end)

    @Slot()
    def _agree(self) -> None:
        self._wait("")
        self._conductor.agree()

    @Slot(object)
    def _say(self, prompt: Prompt) -> None:
        assert self._scenery is not None, "it was asked"
        self._wait("The robot is trying it. This takes up to a minute.")
        self._conductor.say(prompt, self._scenery.step.position)

    @Slot(object)
    def _answer(self, answer: object) -> None:
        self.judge.player.stop()
        self._wait("")
        self._conductor.answer(answer)  # type: ignore[arg-type]

    @Slot()
    def _ask_to_leave(self) -> None:
        self.judge.player.stop()
        self._left = self.pages.currentWidget()
        self.leave.open(self._conductor.code)
        self._turn(self.leave)

    _left: QWidget | None = None
    _changing = False

    @Slot()
    def _go_back(self) -> None:
        """Show the item before once more; its answer is replaced by a further one."""
        if self._scenery is not None:
            self.judge.player.stop()
            self._wait("")
            self._conductor.go_back(self._scenery.step.position)

    @Slot()
    def _go_on(self) -> None:
        if self._left is not None:
            self._turn(self._left)

    @Slot()
    def _withdraw(self) -> None:
        self._wait("Your answers are being erased.")
        self._conductor.withdraw()

    def _turn(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self.foot.setVisible(page in (self.ask, self.judge, self.rest, self.wait))
        self.pause.setEnabled(page is not self.wait)
        step = self._scenery.step if self._scenery is not None else None
        possible = step is not None and step.position > 0 and not self._changing
        self.back.setVisible(possible and page in (self.ask, self.judge))

    def keyPressEvent(self, event: object) -> None:
        """Keys that mean nothing here do nothing: Esc must not close a participant's screen."""

    def closeEvent(self, event: QCloseEvent) -> None:
        """Come back later: everything that was answered is kept."""
        self.judge.player.stop()
        self._conductor.close()
        super().closeEvent(event)
        self.closed.emit()


def show_to(window: ParticipantWindow) -> None:
    """Give a participant the whole screen."""
    window.setCursor(Qt.CursorShape.ArrowCursor)
    theme.set_role(window, "participant")
    window.showFullScreen()
