"""How far an attempt got: a slider and one button per milestone of the rubric."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from app import theme
from core.rubric import Rubric

COLUMNS = 3


class ProgressRow(QWidget):
    """``given`` carries a progress [%] once the slider is let go or a milestone is pressed."""

    given = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rubric: Rubric | None = None
        self._buttons: list[QPushButton] = []
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._slider.setAccessibleName("Progress in percent")
        self._slider.setToolTip("How far the episode got; the keys . and , step by milestones.")
        self._slider.sliderReleased.connect(self._let_go)
        self._slider.valueChanged.connect(self._moved)
        self._number = QLabel()
        self._number.setMinimumWidth(40)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._slider, 1)
        row.addWidget(self._number)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        self._grid.addLayout(row, 0, 0, 1, COLUMNS)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self.set_progress(None)

    def set_rubric(self, rubric: Rubric | None) -> None:
        """Offer the milestones of a rubric."""
        if rubric == self._rubric:
            return
        self._rubric = rubric
        for button in self._buttons:
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        for place, milestone in enumerate(rubric.milestones if rubric is not None else ()):
            button = QPushButton(f"{milestone.name} {milestone.percent}")
            theme.set_role(button, "step")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("percent", milestone.percent)
            button.setToolTip(f"“{milestone.name}” was reached: {milestone.percent} %.")
            button.clicked.connect(self._pressed)
            self._grid.addWidget(button, 1 + place // COLUMNS, place % COLUMNS)
            self._buttons.append(button)
        self._check()

    def set_progress(self, progress: int | None) -> None:
        """Show a progress [%]; None while nobody has given one."""
        if not self._slider.isSliderDown():
            self._slider.blockSignals(True)
            self._slider.setValue(progress or 0)
            self._slider.blockSignals(False)
            self._number.setText("–" if progress is None else f"{progress} %")
        self._check()

    @property
    def text(self) -> str:
        """The number as it is shown."""
        return self._number.text()

    @property
    def milestones(self) -> list[QPushButton]:
        """One button per milestone."""
        return self._buttons

    def _check(self) -> None:
        value = self._slider.value()
        for button in self._buttons:
            button.setChecked(value >= int(button.property("percent")))

    def _moved(self, value: int) -> None:
        self._number.setText(f"{value} %")
        self._check()
        if not self._slider.isSliderDown():  # by key or wheel
            self.given.emit(value)

    def _let_go(self) -> None:
        self.given.emit(self._slider.value())

    def _pressed(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.given.emit(int(button.property("percent")))
        self._check()
