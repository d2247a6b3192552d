"""Plays a participant in the real window, by mouse and key events, as a person would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.demo_target import DemoError
from app.study.participant import ParticipantWindow
from core.study.answers import Answer
from core.study.votes import Outcome

KEYS = {
    Outcome.A: Qt.Key.Key_1,
    Outcome.B: Qt.Key.Key_2,
    Outcome.TIE: Qt.Key.Key_0,
    Outcome.BOTH_BAD: Qt.Key.Key_9,
}
PATIENCE_MS = 60_000


class Hands(QObject):
    """Takes a window from consent to the end; says what to answer is somebody else's."""

    ended = Signal(str)
    """It is over: an empty text, or why it could not go on."""

    judged = Signal(int)
    """So many items were answered so far."""

    def __init__(
        self,
        window: ParticipantWindow,
        decide: Callable[[], Answer],
        pictures: Path | None = None,
        tempo_ms: int = 30,
        ponder_ms: int = 0,
    ) -> None:
        """Sit down before a window.

        Args:
            window: What to use.
            decide: Says what to answer about the item on the screen.
            pictures: Folder for pictures of each kind of page; None for none.
            tempo_ms: Time between two acts [ms].
            ponder_ms: Time before a choice [ms]; the rules leave out what nobody thought about.
        """
        super().__init__(window)
        self._window, self._decide, self._pictures = window, decide, pictures
        self._ponder_ms = ponder_ms
        self._waited = 0
        self._done = 0
        self._taken: set[str] = set()
        self._clock = QTimer(self, interval=tempo_ms)
        self._clock.timeout.connect(self._act)

    def start(self) -> None:
        """Begin."""
        self._clock.start()

    @Slot()
    def _act(self) -> None:
        self._waited += self._clock.interval()
        try:
            acted = self._step()
        except DemoError as error:
            self._end(str(error))
            return
        if acted:
            self._waited = 0
        elif self._waited > PATIENCE_MS:
            self._end("The participant's window did not go on.")

    def _step(self) -> bool:
        """Do the next small thing; false when there is nothing but to wait."""
        window = self._window
        page, judge = window.pages.currentWidget(), window.judge
        if page is window.consent:
            return self._click(window.consent.agree, "consent")
        if page is window.rest:
            return self._click(window.rest.go_on, "break")
        if page is window.end:
            self._take("end")
            self._end("")
            return True
        if page is not judge:
            return False
        if judge.below.currentIndex() == 0:
            if judge.player.playing:
                self._take("playing")
                return False
            self._key(judge, Qt.Key.Key_Space)
            return True
        return self._ask()

    def _ask(self) -> bool:
        questions = self._window.judge.questions
        index = questions.currentIndex()
        answer = self._decide()
        if index == 0:
            for row, value in zip(
                questions.progress, (answer.progress_left, answer.progress_right), strict=True
            ):
                self._slide(row.slider, value or 0.0)
            self._take("progress")
            return self._click(questions.progress_next)
        if index == 1:
            self._take("choice")
            if self._waited < self._ponder_ms:
                return False
            assert answer.outcome is not None, "the hands judge everything"
            self._key(questions, KEYS[answer.outcome])
            return True
        self._click(questions.confidence[answer.confidence or 1])
        if answer.reason:
            QTest.mouseClick(questions.reason.viewport(), Qt.MouseButton.LeftButton)
            QTest.keyClicks(questions.reason, answer.reason)
        self._take("reason")
        self._done += 1
        self._click(questions.send)
        self.judged.emit(self._done)
        return True

    def _slide(self, slider: QWidget, value: float) -> None:
        """Bring a slider to a value by its keys."""
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(4, slider.height() // 2))
        QTest.keyClick(slider, Qt.Key.Key_Home)
        for _ in range(round(value / 5)):
            QTest.keyClick(slider, Qt.Key.Key_Right)

    def _click(self, button: QAbstractButton, picture: str = "") -> bool:
        if picture:
            self._take(picture)
        if not (button.isVisible() and button.isEnabled()):
            raise DemoError(f"'{button.text()}' cannot be pressed: {button.toolTip()}")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return True

    def _key(self, widget: QWidget, key: Qt.Key) -> None:
        self._window.activateWindow()
        QTest.keyClick(widget, key)

    def _take(self, name: str) -> None:
        if self._pictures is not None and name not in self._taken:
            self._taken.add(name)
            self._pictures.mkdir(parents=True, exist_ok=True)
            self._window.grab().save(str(self._pictures / f"{name}.png"))

    def _end(self, fault: str) -> None:
        self._clock.stop()
        self.ended.emit(fault)
