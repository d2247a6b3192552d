"""The F1 sheet: every action with its key and a sentence, made from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import GROUPS, TABLE, shown_key
from app.actions.spec import DRAW

GESTURES = (
    ("Drag", "Draw a trace; near the gripper it starts at the gripper."),
    ("Click", "Add a point at the end."),
    ("Drag a dot", "Move the point."),
    ("Drag the line", "Add a point there and move it."),
    ("Double-click", "Remove the point."),
    ("Right click", "Show what can be done with a point, the line or the picture there."),
    ("Arrow keys", "Move the selected point, or else the cross, by a pixel; with Shift by ten."),
    ("Wheel, right-drag", "Zoom to the pointer; move the picture."),
)
ON_PICTURE = "Draw on the picture"
NOTHING = "No key or gesture matches; try a verb such as draw, run or zoom."


class HelpSheet(QDialog):
    """All keys and gestures; it does not block the window, so Esc still stops the arm."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and gestures")
        self.setModal(False)
        self.resize(680, 640)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search for a verb or a key")
        self.search.setAccessibleName("Search keys and gestures")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self._sections: list[tuple[QLabel, list[tuple[QLabel, QLabel, str]]]] = []
        inside = QWidget()
        theme.set_role(inside, "clear")
        self._grid = QGridLayout(inside)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        self._grid.setContentsMargins(16, 8, 16, 16)
        self._grid.setColumnStretch(1, 1)
        for group in GROUPS:
            if group == DRAW:
                self._section(ON_PICTURE, [(*gesture, "") for gesture in GESTURES])
            lines = [
                (
                    " or ".join(shown_key(k) for k in spec.keys if "Enter" not in k),
                    spec.tip,
                    spec.text,
                )
                for spec in TABLE
                if spec.keys and spec.group == group
            ]
            if lines:
                self._section(group, lines)
        self._nothing = QLabel(NOTHING)
        theme.set_role(self._nothing, "caption")
        self._nothing.hide()
        row = self._grid.rowCount()
        self._grid.addWidget(self._nothing, row, 0, 1, 2)
        self._grid.setRowStretch(row + 1, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName("All keys and gestures")
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 16, 0, 0)
        top = QVBoxLayout()
        top.setContentsMargins(16, 0, 16, 0)
        top.addWidget(self.search)
        layout.addLayout(top)
        layout.addWidget(scroll)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the search field."""
        super().showEvent(event)
        self.search.setFocus()

    @property
    def shown(self) -> list[str]:
        """The sentences that match."""
        return [
            tip.text() for _, rows in self._sections for _, tip, _ in rows if not tip.isHidden()
        ]

    def _section(self, title: str, lines: list[tuple[str, str, str]]) -> None:
        heading = QLabel(title)
        heading.setContentsMargins(0, 8, 0, 0)
        theme.set_role(heading, "heading")
        row = self._grid.rowCount()
        self._grid.addWidget(heading, row, 0, 1, 2)
        labels: list[tuple[QLabel, QLabel, str]] = []
        for keys, tip, name in lines:
            row += 1
            key, words = QLabel(keys), QLabel(tip)
            theme.set_role(key, "title")
            words.setWordWrap(True)
            self._grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(words, row, 1)
            labels.append((key, words, f"{title} {keys} {name} {tip}".casefold()))
        self._sections.append((heading, labels))

    def _filter(self, text: str) -> None:
        wanted = text.casefold().split()
        any_shown = False
        for heading, rows in self._sections:
            count = 0
            for key, tip, said in rows:
                fits = all(word in said for word in wanted)
                count += fits
                for label in (key, tip):
                    label.setVisible(fits)
            heading.setVisible(count > 0)
            any_shown = any_shown or count > 0
        self._nothing.setVisible(not any_shown)
