"""Sentences below each other, each with an icon and the kind of trouble that it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.icons import icon
from app.steer.answer_notices import LOOKS, Kind, Said

ICON = 16


class _Line(QWidget):
    """One sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QLabel()
        self._picture.setFixedSize(ICON, ICON + 2)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._words.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self._kind = Kind.NOTE

    def set_said(self, said: Said) -> None:
        self._kind = said.kind
        self._words.setText(said.text)
        theme.set_role(self._words, LOOKS[said.kind][1])
        self.setToolTip(said.kind.capitalize())
        self.setAccessibleName(f"{said.kind.capitalize()}: {said.text}")
        self.recolour()

    def recolour(self) -> None:
        name, token, _ = LOOKS[self._kind]
        self._picture.setPixmap(icon(name, token).pixmap(ICON, ICON))


class NoticeList(QWidget):
    """Lines that are made once and used again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said: tuple[Said, ...] = ()
        self._lines: list[_Line] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()
        theme.theme().changed.connect(self._recolour)

    @property
    def said(self) -> tuple[Said, ...]:
        """What is shown."""
        return self._said

    @property
    def words(self) -> str:
        """All lines as text with their marks."""
        return "\n".join(f"{LOOKS[said.kind][2]} {said.text}" for said in self._said)

    def set_said(self, said: tuple[Said, ...]) -> None:
        """Show sentences; none hides the list."""
        if said == self._said:
            return
        self._said = said
        while len(self._lines) < len(said):
            self._lines.append(_Line())
            self._column.addWidget(self._lines[-1])
        for index, line in enumerate(self._lines):
            line.setVisible(index < len(said))
            if index < len(said):
                line.set_said(said[index])
        self.setVisible(bool(said))

    def _recolour(self, *_: object) -> None:
        for line in self._lines:
            line.recolour()
