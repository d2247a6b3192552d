"""What a person says about an episode afterwards: a flag, tags and a note."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app import theme
from app.action_button import ActionButton
from app.actions import Actions
from app.review.words import date
from core.review.database import Remarks, clean_tags
from core.review.library import Line
from core.types import StudioError

NOTHING = "Choose an episode to see and write what is to be remembered of it."


class RemarksPanel(QWidget):
    """Beside the library; what is typed is kept when the box is left."""

    written = Signal(object, object)
    """The line, and its new :class:`core.review.database.Remarks`."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: Line | None = None
        self._title, self._facts, self._problem = QLabel(NOTHING), QLabel(), QLabel()
        for label, role in (
            (self._title, "title"),
            (self._facts, "caption"),
            (self._problem, "warn"),
        ):
            label.setWordWrap(True)
            theme.set_role(label, role)
        self.flag = ActionButton(actions["review_flag"])
        self.tags, self.note = QLineEdit(), QPlainTextEdit()
        self.tags.setPlaceholderText("Tags, parted by commas")
        self.tags.setAccessibleName("Tags")
        self.note.setPlaceholderText("Note")
        self.note.setAccessibleName("Note")
        self.note.setTabChangesFocus(True)
        self.note.installEventFilter(self)
        self.tags.editingFinished.connect(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addWidget(self._problem)
        column.addWidget(self.flag)
        column.addWidget(self.tags)
        column.addWidget(self.note, 1)
        self.set_line(None)

    def set_line(self, line: Line | None) -> None:
        """Show what is said about a line; what was typed about another is kept first."""
        self.keep()
        self._line = line
        for widget in (self.flag, self.tags, self.note):
            widget.setVisible(line is not None)
        self._facts.setVisible(line is not None)
        self._problem.setVisible(line is not None and bool(line.entry.problem))
        if line is None:
            self._title.setText(NOTHING)
            return
        entry = line.entry
        self._title.setText(entry.task or entry.path.name)
        which = f"Episode {entry.number} of " if entry.number else ""
        facts = [f"{which}{entry.path.name}", date(entry.started_ns)]
        facts += [entry.policy, entry.rubric, *entry.remarks.splitlines()]
        self._facts.setText("\n".join(fact for fact in facts if fact))
        self._problem.setText(entry.problem)
        self.tags.setText(", ".join(line.remarks.tags))
        self.note.setPlainText(line.remarks.note)

    def keep(self) -> None:
        """Tell what was typed, if it is something else than before."""
        line = self._line
        if line is None:
            return
        try:
            tags = clean_tags(self.tags.text())
        except StudioError as error:
            self._problem.setText(str(error))
            self._problem.show()
            return
        said = Remarks(flagged=line.remarks.flagged, note=self.note.toPlainText(), tags=tags)
        if said != line.remarks:
            self._line = Line(entry=line.entry, remarks=said)
            self.written.emit(line, said)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the note when its box is left."""
        if watched is self.note and event.type() == QEvent.Type.FocusOut:
            self.keep()
        return False
