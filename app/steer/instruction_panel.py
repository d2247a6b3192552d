"""Where the instruction is typed, with the buttons that act on it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from app import theme
from app.action_button import ActionButton
from app.icons import icon
from core.policy.base import MAX_INSTRUCTION

HISTORY = 30
"""Number of instructions that are remembered."""

SHOWN_IN_MENU = 60
"""Characters of an instruction in the menu."""

LONGEST_KEPT = 20_000
"""Text beyond this is cut off on pasting, so that an accident cannot freeze the window."""


def instruction_problem(text: str) -> str:
    """Say what is wrong with an instruction and what would be right; empty when it is good."""
    if not text.strip():
        return "The instruction is empty; type what the arm should do, such as “pick up the bowl”."
    if len(text) > MAX_INSTRUCTION:
        return (
            f"The instruction has {len(text):,} characters; at most {MAX_INSTRUCTION:,} are "
            "possible. A short sentence works best."
        )
    return ""


class _Line(QLineEdit):
    """One line of text with the instructions of before on the arrow keys, as in a shell."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[str] = []
        self._place = -1
        self._typed = ""
        self.setMaxLength(LONGEST_KEPT)
        self.textEdited.connect(self._forget_place)

    def _forget_place(self) -> None:
        self._place = -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the history with Up and Down."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if not step or not self.history:
            super().keyPressEvent(event)
            return
        if self._place < 0:
            self._typed = self.text()
        self._place = min(max(self._place + step, -1), len(self.history) - 1)
        self.setText(self._typed if self._place < 0 else self.history[self._place])


class InstructionPanel(QWidget):
    """The instruction box and the buttons Think, Auto and Reset.

    Return in the box triggers the Think action, if the instruction is good.
    """

    instruction_changed = Signal(str)

    def __init__(
        self, think: QAction, auto: QAction, reset: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._think = think
        self._line = _Line()
        self._line.setPlaceholderText("What should the arm do? Such as “pick up the bowl”")
        self._line.setAccessibleName("Instruction")
        self._line.setMinimumHeight(32)
        self._line.textChanged.connect(self._changed)
        self._line.returnPressed.connect(self._submit)
        self._recall = QAction(icon("clock-counter-clockwise", "muted"), "Earlier instructions")
        self._recall.setToolTip("Earlier instructions (arrow keys up and down)")
        self._recall.triggered.connect(self._show_history)
        self._line.addAction(self._recall, QLineEdit.ActionPosition.TrailingPosition)
        self._recall.setVisible(False)
        self._message = QLabel()
        self._message.setWordWrap(True)
        theme.set_role(self._message, "fault")
        self._message.hide()

        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._line, 1)
        for action, role in ((think, "primary"), (auto, ""), (reset, "")):
            button = ActionButton(action, role=role)
            button.setMinimumHeight(32)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._message)

    @property
    def line(self) -> QLineEdit:
        """The box itself, for the focus."""
        return self._line

    def instruction(self) -> str:
        """Return what is typed, unchanged."""
        return self._line.text()

    def set_instruction(self, text: str) -> None:
        """Fill the box; the cursor stays where it is when nothing changes."""
        if text != self._line.text():
            self._line.setText(text)

    def set_history(self, history: Sequence[str]) -> None:
        """Offer these earlier instructions, newest first."""
        self._line.history = list(dict.fromkeys(history))[:HISTORY]
        self._recall.setVisible(bool(self._line.history))

    def remember(self, text: str) -> None:
        """Put an instruction that was used in front of the history."""
        self.set_history([text, *self._line.history])

    def history(self) -> list[str]:
        """Return the earlier instructions, newest first."""
        return list(self._line.history)

    def show_problem(self, sentence: str) -> None:
        """Show a sentence below the box; an empty one takes it away."""
        self._message.setText(sentence)
        self._message.setVisible(bool(sentence))
        if self._line.property("invalid") != bool(sentence):
            self._line.setProperty("invalid", bool(sentence))
            self._line.style().unpolish(self._line)
            self._line.style().polish(self._line)

    def problem(self) -> str:
        """Return the sentence that is shown; empty when there is none."""
        return self._message.text()

    def _changed(self, text: str) -> None:
        # An empty box while typing is no mistake yet; a text that is too long is one at once.
        self.show_problem(instruction_problem(text) if text else "")
        self.instruction_changed.emit(text)

    def _submit(self) -> None:
        problem = instruction_problem(self._line.text())
        self.show_problem(problem)
        if not problem:
            self._think.trigger()

    def _show_history(self) -> None:
        menu = QMenu(self)
        for text in self._line.history:
            cut = text if len(text) <= SHOWN_IN_MENU else text[: SHOWN_IN_MENU - 1] + "…"
            menu.addAction(cut).setData(text)
        chosen = menu.exec(self._line.mapToGlobal(self._line.rect().bottomLeft()))
        if chosen is not None:
            self.set_instruction(chosen.data())
            self._line.setFocus()
        menu.deleteLater()
