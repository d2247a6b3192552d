"""The F1 sheet: every action with its key and a sentence, made from the table of actions."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app import theme
from app.actions import TABLE, shown_key
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


class HelpSheet(QDialog):
    """All keys and gestures; it does not block the window, so Esc still stops the arm."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and gestures")
        self.setModal(False)
        self.resize(640, 640)
        inside = QWidget()
        theme.set_role(inside, "clear")
        grid = QGridLayout(inside)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setContentsMargins(16, 16, 16, 16)
        grid.setColumnStretch(1, 1)
        row = 0
        for group, specs in groupby(TABLE, key=lambda spec: spec.group):
            if group == DRAW:
                row = self._section(grid, row, "Draw on the picture", list(GESTURES))
            lines = [
                (" or ".join(shown_key(k) for k in spec.keys if "Enter" not in k), spec.tip)
                for spec in specs
                if spec.keys
            ]
            row = self._section(grid, row, group, lines)
        grid.setRowStretch(row, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def _section(
        self, grid: QGridLayout, row: int, title: str, lines: list[tuple[str, str]]
    ) -> int:
        heading = QLabel(title)
        theme.set_role(heading, "heading")
        grid.addWidget(heading, row, 0, 1, 2)
        for keys, tip in lines:
            row += 1
            key, words = QLabel(keys), QLabel(tip)
            theme.set_role(key, "title")
            words.setWordWrap(True)
            grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(words, row, 1)
        return row + 1
