"""A part of a panel that can be folded away: a header that is a button, and what is below it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.icons import icon


class _Note(QLabel):
    """A line that ends in dots where there is no room for it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much of the text as fits, at the right."""
        painter = QPainter(self)
        words = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment(), words)
        painter.end()


class Section(QWidget):
    """A title with a caret, a few words beside it that stay when it is folded, and a body."""

    turned = Signal(object)
    """A person has folded or unfolded this section, which comes along."""

    def __init__(self, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = body
        self._open = True
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setAccessibleName(f"{title} section")
        theme.set_role(self.button, "section")
        self.button.clicked.connect(self._turn)
        self._note = _Note()
        theme.set_role(self._note, "caption")
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.button)
        head.addWidget(self._note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(body)
        self._show_caret()

    @property
    def is_open(self) -> bool:
        """Whether its body is shown."""
        return self._open

    @property
    def note(self) -> str:
        """The words beside the title."""
        return self._note.text()

    def set_note(self, words: str) -> None:
        """Say something beside the title."""
        if words != self._note.text():
            self._note.setText(words)
            self._note.setToolTip(words)

    def set_open(self, is_open: bool) -> None:
        """Fold or unfold."""
        if is_open != self._open:
            self._open = is_open
            self.body.setVisible(is_open)
            self._show_caret()

    def _turn(self) -> None:
        self.set_open(not self._open)
        self.turned.emit(self)

    def _show_caret(self) -> None:
        self.button.setIcon(icon("caret-down" if self._open else "caret-right", "muted"))
        self.button.setToolTip("Fold away" if self._open else "Unfold")
        self.button.setAccessibleDescription("unfolded" if self._open else "folded away")
