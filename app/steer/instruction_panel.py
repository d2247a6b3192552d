"""Where the instruction is typed, with the buttons that act on it and what is worth knowing of it.

The line under the box says, in this order: what is wrong with the text, what can be filled into the
selected gap, and with which words the shown plan was asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.action_button import ActionButton
from app.asked import Asked
from app.own_files import HISTORY
from app.steer.choice_sheet import Choice, ChoiceSheet
from app.steer.instruction_line import InstructionLine
from app.steer.note_line import NoteLine, Part
from core.phrasing import wordings
from core.policy.base import MAX_INSTRUCTION
from core.templates import choices, gaps

HINT = "Enter thinks · Up and Down bring earlier instructions · Ctrl+T templates · Ctrl+J rephrases"
SHORT_HINT = "Enter thinks · Up: earlier · Ctrl+T: templates"


def instruction_problem(text: str) -> str:
    """Say what is wrong with an instruction and what would be right; empty when it is good."""
    if not text.strip():
        return "The instruction is empty; type what the arm should do, such as “pick up the bowl”."
    if len(text) > MAX_INSTRUCTION:
        return (
            f"The instruction has {len(text):,} characters; at most {MAX_INSTRUCTION:,} are "
            "possible. A short sentence works best."
        )
    if found := gaps(text):
        return f"Fill in the {found[0].name}: Tab selects {{{found[0].name}}}, then type."
    return ""


class InstructionPanel(QWidget):
    """The instruction box and the buttons Think, Auto and Reset.

    Return in the box triggers the Think action, if the instruction is good.
    """

    instruction_changed = Signal(str)
    wording_proposed = Signal(str)
    """Other words that are to be asked beside the instruction."""

    def __init__(
        self,
        think: QAction,
        auto: QAction,
        reset: QAction,
        helpers: Sequence[QAction] = (),
        parent: QWidget | None = None,
    ) -> None:
        """Build the panel.

        Args:
            think: Asks the policy.
            auto: Switches the automatic mode.
            reset: Lays out a new scene.
            helpers: Actions "recall", "templates" and "rephrase", shown inside the box.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._think = think
        self._problem = ""
        self._asked = Asked()
        self._templates: tuple[str, ...] = ()
        self._sheet: ChoiceSheet | None = None
        self._comparable = False
        self._line = InstructionLine()
        self._line.setPlaceholderText("What should the arm do? Such as “pick up the bowl”")
        self._line.setAccessibleName("Instruction")
        self._line.setMinimumHeight(32)
        self._line.textChanged.connect(self._changed)
        self._line.returnPressed.connect(self._submit)
        self._line.gap_changed.connect(self._show_note)
        slots = {
            "recall": self.offer_history,
            "templates": self.offer_templates,
            "rephrase": self.offer_wordings,
        }
        for helper in reversed(helpers):
            self._line.addAction(helper, QLineEdit.ActionPosition.TrailingPosition)
            helper.triggered.connect(slots[helper.objectName()])
        self._note = NoteLine()
        self._note.chosen.connect(self._line.fill)

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
        layout.addWidget(self._note)
        self._show_note()

    @property
    def line(self) -> QLineEdit:
        """The box itself, for the focus."""
        return self._line

    @property
    def sheet(self) -> ChoiceSheet | None:
        """The list under the box, once it was needed."""
        return self._sheet

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

    def history(self) -> list[str]:
        """Return the earlier instructions, newest first."""
        return list(self._line.history)

    def set_templates(self, templates: Sequence[str]) -> None:
        """Offer these instructions with gaps."""
        self._templates = tuple(templates)

    def set_objects(self, objects: Sequence[str]) -> None:
        """Offer these names where an object belongs."""
        self._line.objects = tuple(objects)
        self._show_note()

    def set_asked(self, asked: Asked) -> None:
        """Show what the plan that is shown was asked with."""
        self._asked = asked
        self._show_note()

    def set_comparable(self, comparable: bool) -> None:
        """Offer to ask other wordings beside the instruction."""
        self._comparable = comparable

    def show_problem(self, sentence: str) -> None:
        """Show a sentence below the box; an empty one takes it away."""
        self._problem = sentence
        self._show_note()
        if self._line.property("invalid") != bool(sentence):
            self._line.setProperty("invalid", bool(sentence))
            self._line.style().unpolish(self._line)
            self._line.style().polish(self._line)

    def problem(self) -> str:
        """Return the sentence that is shown; empty when there is none."""
        return self._problem

    @property
    def note(self) -> str:
        """What is said under the box."""
        return self._note.words

    def offer_history(self) -> None:
        """Open the list of earlier instructions."""
        if self._line.history:
            earlier = [Choice(text=text) for text in self._line.history]
            self._offer("Earlier instructions", earlier)
        else:
            self._offer("No instruction was used yet; what you ask with is kept here.", [])

    def offer_templates(self) -> None:
        """Open the list of templates."""
        self._offer("Templates", [Choice(text=text) for text in self._templates])

    def offer_wordings(self) -> None:
        """Open the list of other wordings."""
        found = [
            Choice(text=wording.text, remark=wording.change, beside=self._comparable)
            for wording in wordings(self.instruction())
        ]
        self._offer("The same in other words", found)

    def close_sheet(self) -> bool:
        """Close the list and go back into the box; false when it was not open."""
        if self._sheet is None or not self._sheet.close_up():
            return False
        self._line.setFocus()
        return True

    def _offer(self, title: str, found: Sequence[Choice]) -> None:
        if self._sheet is None:
            self._sheet = ChoiceSheet(self.window())
            self._sheet.chosen.connect(self._line.put_template)
            self._sheet.beside.connect(self.wording_proposed)
        if not self._sheet.close_up():
            self._sheet.offer(title, found, self._line)

    def _changed(self, text: str) -> None:
        # An empty box while typing is no mistake yet; a text that is too long is one at once.
        wrong = len(text) > MAX_INSTRUCTION
        self.show_problem(instruction_problem(text) if wrong else "")
        self.instruction_changed.emit(text)

    def _submit(self) -> None:
        problem = instruction_problem(self._line.text())
        self.show_problem(problem)
        if not problem:
            self._think.trigger()

    def _show_note(self) -> None:
        gap, asked = self._line.gap(), self._asked
        if self._problem:
            self._note.set_parts([Part(text=self._problem, quote=True)], "fault")
        elif gap is not None:
            self._note.set_parts(self._gap_parts(gap.name), "caption")
        elif asked.changed and asked.text:
            self._note.set_parts(self._changed_parts(asked), "warn")
        elif asked.text:
            words = f"{asked.whose} was asked with:" if asked.whose else "Asking with:"
            quote = Part(text=f"“{asked.text}”", quote=True)
            self._note.set_parts([Part(text=words), quote], "caption")
        else:
            self._note.set_parts([Part(text=HINT, short=SHORT_HINT, quote=True)], "caption")

    def _gap_parts(self, name: str) -> list[Part]:
        options = choices(name, self._line.objects)
        more = "Tab goes on" if gaps(self._line.text()) else "Enter thinks"
        if not options:
            return [Part(text=f"Type the {name}"), Part(text=f"· {more}")]
        links = [Part(text=option, look="link") for option in options]
        return [Part(text=f"The {name}:"), *links, Part(text=f"· Up and Down choose · {more}")]

    def _changed_parts(self, asked: Asked) -> list[Part]:
        subject = asked.whose or "The answer under way"
        new = self._line.text().strip() or "nothing yet"
        sentence = f"{subject} still follows the old words; Think or Steer asks with the new."
        return [
            Part(text=f"“{asked.text}”", look="old", quote=True),
            Part(text="→"),
            Part(text=f"“{new}”", look="new", quote=True),
            Part(text=sentence, short="the shown plan follows the old words"),
        ]
