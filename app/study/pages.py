"""The quiet pages: consent, waiting, a break, leaving, the end."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app import theme
from app.study.widgets import big_button, words
from core.study.plan import StudyPlan

READING_WIDTH = 720
"""Widest text [px]: longer lines are hard to read on a large screen."""


class TextPage(QWidget):
    """A heading, a text in the middle, and buttons."""

    def __init__(self, title: str, text: str, *buttons: QPushButton) -> None:
        super().__init__()
        self.heading = words(title, "question", centred=True)
        self.text = words(text, "reading")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        inner = QWidget()
        inner.setProperty("role", "clear")
        column = QVBoxLayout(inner)
        column.addWidget(self.text)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setMaximumWidth(READING_WIDTH)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(scroll, 100)
        middle.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 48, 32, 32)
        page.setSpacing(24)
        page.addWidget(self.heading)
        page.addLayout(middle, 1)
        page.addLayout(row)


def _flowing(text: str) -> str:
    """Join the lines of each paragraph: a file's line ends are not those of the screen."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).strip()


class ConsentPage(TextPage):
    """What a participant agrees to, with the version of the text."""

    agreed = Signal()
    refused = Signal()

    def __init__(self, plan: StudyPlan) -> None:
        """Build the page of a study."""
        self.agree = big_button("I agree and take part", primary=True)
        self.refuse = big_button("No, thank you")
        text = f"{_flowing(plan.consent.text)}\n\nVersion {plan.consent.version} of this text."
        super().__init__(plan.title, text, self.refuse, self.agree)
        self.agree.clicked.connect(self.agreed)
        self.refuse.clicked.connect(self.refused)


class WaitPage(TextPage):
    """While videos are made or read."""

    def __init__(self) -> None:
        super().__init__("One moment, please", "")
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)

    def say(self, text: str) -> None:
        """Say what is waited for."""
        self.text.setText(text)


class BreakPage(TextPage):
    """A pause in the middle."""

    ended = Signal()

    def __init__(self) -> None:
        self.go_on = big_button("Go on", "Return", primary=True)
        super().__init__(
            "Time for a short rest",
            "Look away from the screen for a moment. Nothing is lost; go on when you like.",
            self.go_on,
        )
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.go_on.clicked.connect(self.ended)


class LeavePage(TextPage):
    """Rest, come back another time, or take everything back."""

    back = Signal()
    later = Signal()
    withdrawn = Signal()

    def __init__(self) -> None:
        self.go_on = big_button("Go on", "Return", primary=True)
        self.leave = big_button("Come back later")
        self.erase = big_button("Stop and erase my answers")
        super().__init__(
            "Would you like to rest or to stop?", "", self.erase, self.leave, self.go_on
        )
        self.go_on.clicked.connect(self.back)
        self.leave.clicked.connect(self.later)
        self.erase.clicked.connect(self._erase)
        self._sure = False

    def open(self, code: str) -> None:
        """Ask, telling the code to come back with."""
        self._sure = False
        self.erase.setText("Stop and erase my answers")
        self.text.setText(
            f"Your code is {code}. With it you can come back later and go on where you were.\n\n"
            "If you stop and have your answers erased, what you chose, typed and drew is deleted "
            "now and cannot be brought back. Only that somebody took part is kept. You need not "
            "say why."
        )

    def _erase(self) -> None:
        if self._sure:
            self.withdrawn.emit()
        else:
            self._sure = True
            self.erase.setText("Yes, erase everything")


class EndPage(TextPage):
    """Thanks."""

    closed = Signal()

    def __init__(self) -> None:
        self.close_button = big_button("Close", "Return", primary=True)
        super().__init__("Thank you!", "", self.close_button)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.close_button.clicked.connect(self.closed)

    def say(self, title: str, text: str) -> None:
        """Say how it ended."""
        self.heading.setText(title)
        self.text.setText(text)
        theme.set_role(self.heading, "question")
