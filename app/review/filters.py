"""The row above the library: a search box and what can be asked for besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from core.episode import Outcome
from core.review.library import Filter

ANY = "any"
_YES_NO = {
    "steered": ("Steered: any", "Steered", "Not steered"),
    "warnings": ("Warnings: any", "With warnings", "No warnings"),
    "flagged": ("Flags: any", "Flagged", "Not flagged"),
}


class Filters(QWidget):
    """Says what is looked for whenever that changes."""

    changed = Signal(object)
    """A :class:`core.review.library.Filter`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search task, notes, tags, operator, policy, file")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the library")
        self.search.setMinimumWidth(160)
        self.outcome, self.operator = QComboBox(), QComboBox()
        self.outcome.addItem("Outcome: any", "")
        for word in Outcome:
            self.outcome.addItem(str(word).capitalize(), str(word))
        self.outcome.setAccessibleName("Outcome")
        self.operator.setAccessibleName("Operator")
        self.set_operators(())
        self.choices: dict[str, QComboBox] = {}
        for name, (nothing, yes, no) in _YES_NO.items():
            box = self.choices[name] = QComboBox()
            for words, value in ((nothing, None), (yes, True), (no, False)):
                box.addItem(words, value)
            box.setAccessibleName(name.capitalize())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        for box in (self.outcome, *self.choices.values(), self.operator):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(self._tell)
            row.addWidget(box)
        self.search.textChanged.connect(self._tell)

    @property
    def wanted(self) -> Filter:
        """What is looked for now."""
        values: dict[str, Any] = {name: box.currentData() for name, box in self.choices.items()}
        return Filter(
            text=self.search.text(),
            outcome=self.outcome.currentData() or "",
            operator=self.operator.currentData() or "",
            **values,
        )

    def set_operators(self, names: Sequence[str]) -> None:
        """Offer these operators; the box hides while nobody said who drove."""
        chosen = self.operator.currentData()
        self.operator.blockSignals(True)
        self.operator.clear()
        self.operator.addItem("Operator: any", "")
        for name in names:
            self.operator.addItem(name, name)
        self.operator.setCurrentIndex(max(self.operator.findData(chosen), 0))
        self.operator.blockSignals(False)
        self.operator.setVisible(bool(names))

    def clear(self) -> None:
        """Look for everything."""
        self.search.clear()
        for box in (self.outcome, self.operator, *self.choices.values()):
            box.setCurrentIndex(0)

    def _tell(self, *_: object) -> None:
        self.changed.emit(self.wanted)
