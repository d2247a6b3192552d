"""The episodes of the session: start and judge one, say how far it got, and write notes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.action_button import ActionButton
from app.episode_words import lab_text, title_text
from app.steer.episode_list import EpisodeList
from app.steer.note_line import NoteLine, Part
from app.steer.progress_row import ProgressRow
from core.episode import MAX_NOTE, Episodes
from core.rubric import Rubric

EMPTY = (
    "An episode is one attempt at the task, from the start to its outcome. Press B to start one; "
    "the session file keeps all of them."
)
BY_INSTRUCTION = "As the instruction says"
LEAST_HEIGHT = 96
LIST_HEIGHT = 72
PLACES = {
    "start": (0, 0),
    "reset": (0, 1),
    "success": (0, 0),
    "failure": (0, 1),
    "discard": (1, 0, 1, 2),
}
"""Row, column and spans of the buttons; those that share a place are never shown together."""


class EpisodePanel(QScrollArea):
    """Shows episodes and asks for changes; all of them become events of the session.

    It scrolls where there is little room: a panel must never push STOP off the screen.
    """

    progress_given = Signal(int)
    rubric_chosen = Signal(str)
    note_written = Signal(str)
    note_rewritten = Signal(int, int, str)
    outcome_revised = Signal(int, object)
    success_confirmed = Signal()
    """The person agrees with what the lab says."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        """Build the panel.

        Args:
            actions: The table's, by name.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._title = NoteLine()
        self._hint = QLabel(EMPTY)
        theme.set_role(self._hint, "caption")
        self._hint.setWordWrap(True)
        self._warning = QLabel("Nothing is being recorded: outcomes end with this window.")
        self._warning.setWordWrap(True)
        theme.set_role(self._warning, "warn")
        names = ("start", "reset", "success", "failure", "discard")
        self._buttons = {
            name: ActionButton(
                actions[f"episode_{name}"], role="primary-small" if name == "start" else "small"
            )
            for name in names
        }
        for button in self._buttons.values():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lab = QLabel()
        self._lab.setWordWrap(True)
        theme.set_role(self._lab, "accent")
        self._agree = QPushButton("Mark success")
        theme.set_role(self._agree, "small")
        self._agree.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._agree.setToolTip("End the episode as a success, as the lab suggests.")
        self._agree.clicked.connect(self.success_confirmed)
        self._menu = QMenu(self)
        self._choices = QActionGroup(self)
        self._choices.triggered.connect(self._choose_rubric)
        self._rubric = QPushButton()
        self._rubric.setMenu(self._menu)
        self._rubric.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._rubric.setAccessibleName("Rubric")
        self._rubric.setToolTip("By which milestones progress is given.")
        theme.set_role(self._rubric, "menu")
        self.progress = ProgressRow(self._rubric)
        self.progress.given.connect(self.progress_given)
        self._note = QLineEdit()
        self._note.setMaxLength(MAX_NOTE)
        self._note.setAccessibleName("Note")
        self._note.returnPressed.connect(self._write)
        self.list = EpisodeList()
        self.list.note_rewritten.connect(self.note_rewritten)
        self.list.outcome_revised.connect(self.outcome_revised)
        self._build()
        self.set_lab_says((), "")
        self.set_recording(True)
        self.set_episodes(Episodes(), 0)

    def _build(self) -> None:
        buttons = QGridLayout()
        buttons.setSpacing(4)
        for name, place in PLACES.items():
            buttons.addWidget(self._buttons[name], *place)
        lab = QHBoxLayout()
        lab.addWidget(self._lab, 1)
        lab.addWidget(self._agree)
        self.list.setMinimumHeight(LIST_HEIGHT)
        inside = QWidget()
        theme.set_role(inside, "clear")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addWidget(self._warning)
        layout.addLayout(buttons)
        layout.addLayout(lab)
        layout.addWidget(self.progress)
        layout.addWidget(self._note)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(LEAST_HEIGHT)

    def set_episodes(self, episodes: Episodes, now_ns: int) -> None:
        """Show the episodes at a time [ns, monotonic]."""
        last = episodes.last
        is_open = episodes.current is not None
        for name, button in self._buttons.items():
            fits = is_open == (name in ("success", "failure"))
            button.setVisible(last is not None if name == "discard" else fits)
        heading = [Part(text=title_text(episodes, now_ns), look="new")]
        if last is not None:
            heading.append(Part(text=f"“{last.instruction}”", quote=True))
        self._title.set_parts(heading, "")
        self._hint.setVisible(last is None)
        self.progress.set_progress(last.progress if last is not None else None)
        self.progress.set_gradable(last is not None)
        self._note.setEnabled(last is not None)
        self._note.setPlaceholderText(
            f"Note on episode {last.number}, then Enter"
            if last is not None
            else "Notes belong to an episode"
        )
        self.list.setVisible(last is not None)
        self.list.set_episodes(episodes, now_ns)

    def set_rubrics(self, rubrics: Sequence[Rubric], chosen: str, used: Rubric | None) -> None:
        """Offer rubrics.

        Args:
            rubrics: All of them.
            chosen: Name of the one that was chosen; empty while the instruction chooses.
            used: The one by which progress is given now.
        """
        names = ["", *(rubric.name for rubric in rubrics)]
        if names != [action.data() for action in self._choices.actions()]:
            for action in self._choices.actions():
                self._choices.removeAction(action)
                self._menu.removeAction(action)
            for name in names:
                action = QAction(name or BY_INSTRUCTION, self._menu)
                action.setCheckable(True)
                action.setData(name)
                self._menu.addAction(self._choices.addAction(action))
        for action in self._choices.actions():
            action.setChecked(action.data() == chosen)
        self._rubric.setText("No rubric" if used is None else used.name)
        self.progress.set_rubric(used)

    def set_lab_says(self, lifted: tuple[str, ...], instruction: str) -> None:
        """Show what the lab sees in the air, as a suggestion."""
        words = lab_text(lifted, instruction)
        self._lab.setText(words)
        self._lab.setVisible(bool(words))
        self._agree.setVisible(bool(words))

    def set_recording(self, recording: bool) -> None:
        """Warn while nothing is written."""
        self._warning.setVisible(not recording)

    def write_a_note(self) -> None:
        """Put the cursor into the note."""
        self._note.setFocus()

    @property
    def title(self) -> str:
        """The heading as it is shown."""
        return self._title.words

    @property
    def suggestion(self) -> str:
        """What the lab says, as it is shown."""
        return self._lab.text()

    @property
    def rubric_button(self) -> QPushButton:
        """Opens the menu of rubrics and says which one is used."""
        return self._rubric

    @property
    def rubric_menu(self) -> QMenu:
        """The rubrics to choose from."""
        return self._menu

    @property
    def note_box(self) -> QLineEdit:
        """Where notes are written."""
        return self._note

    @property
    def agree(self) -> QPushButton:
        """The button that takes the lab's suggestion."""
        return self._agree

    def _write(self) -> None:
        words = self._note.text().strip()
        if words:
            self._note.clear()
            self.note_written.emit(words)

    def _choose_rubric(self, action: QAction) -> None:
        self.rubric_chosen.emit(action.data())
