"""Large, plain controls for people who have never seen the program."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from app import theme
from core.rubric import Milestone


def big_button(text: str, key: str = "", *, primary: bool = False) -> QPushButton:
    """Make a button that a finger cannot miss.

    Args:
        text: What it says.
        key: Key that presses it, shown behind the text.
        primary: Whether it is the one to go on with.
    """
    shown = {"Return": "Enter", "Space": "Space"}.get(key, key)
    button = QPushButton(f"{text}   [{shown}]" if key else text)
    button.setAccessibleName(text)
    if key:
        button.setShortcut(QKeySequence(key))
    theme.set_role(button, "answer-primary" if primary else "answer")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def words(text: str = "", role: str = "reading", *, centred: bool = False) -> QLabel:
    """Make a text that wraps."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    theme.set_role(label, role)
    if centred:
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


class ProgressAnswer(QWidget):
    """Asks how much of the task a video shows, 0 to 100 percent; untouched it says nothing."""

    changed = Signal()

    def __init__(self, name: str, milestones: Sequence[Milestone] = ()) -> None:
        """Build the row.

        Args:
            name: Which video, such as "A".
            milestones: Named points on the way, as buttons; none for a plain scale.
        """
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setSingleStep(5)
        self.slider.setPageStep(25)
        self.slider.setAccessibleName(f"How much of the task {name} did, in percent")
        self.slider.setMinimumHeight(40)
        theme.set_role(self.slider, "large")
        self.value_label = QLabel("–")
        self.value_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.value_label.setMinimumWidth(72)
        theme.set_role(self.value_label, "heading")
        self._touched = False
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value_label)
        steps = QHBoxLayout()
        steps.setSpacing(8)
        named = [(m.name, m.percent) for m in milestones] or [("half", 50), ("all of it", 100)]
        self.buttons = [self._step(text, value) for text, value in [("nothing", 0), *named]]
        for button in self.buttons:
            steps.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addLayout(steps)
        self.slider.valueChanged.connect(self._touch)
        self.slider.sliderPressed.connect(self._touch)

    @property
    def value(self) -> float | None:
        """Percent, or None while nobody has answered."""
        return float(self.slider.value()) if self._touched else None

    def clear(self) -> None:
        """Forget the answer."""
        self.slider.blockSignals(True)
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        self._touched = False
        self.value_label.setText("–")

    def _step(self, text: str, value: int) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("percent", value)
        button.clicked.connect(self._jump)
        button.setMinimumHeight(40)
        return button

    @Slot()
    def _jump(self) -> None:
        self.slider.setValue(int(self.sender().property("percent")))
        self._touch()

    @Slot()
    def _touch(self, *_: object) -> None:
        self._touched = True
        self.value_label.setText(f"{self.slider.value()} %")
        self.changed.emit()
