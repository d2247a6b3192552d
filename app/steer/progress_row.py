"""How far an attempt got: a slider and one button per milestone of the rubric."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app import theme
from core.rubric import Rubric

CHIP_ROOM = 20
"""Width of a milestone's button beyond its words [px]."""


class ProgressRow(QWidget):
    """``given`` carries a progress [%] once the slider is let go or a milestone is pressed."""

    given = Signal(int)

    def __init__(self, lead: QWidget, parent: QWidget | None = None) -> None:
        """Build the row.

        Args:
            lead: What stands before the slider.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._gradable = True
        self._columns = 0
        self._rubric: Rubric | None = None
        self._buttons: list[QPushButton] = []
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._slider.setMinimumHeight(20)
        self._slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._slider.setAccessibleName("Progress in percent")
        self._slider.setToolTip("How far the episode got; U and Shift+U step by milestones.")
        self._slider.sliderReleased.connect(self._let_go)
        self._slider.valueChanged.connect(self._moved)
        self._number = QLabel()
        self._number.setMinimumWidth(40)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(lead)
        row.addWidget(self._slider, 1)
        row.addWidget(self._number)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(self._grid)
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
        for milestone in rubric.milestones if rubric is not None else ():
            button = QPushButton(milestone.name)
            theme.set_role(button, "step")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("percent", milestone.percent)
            button.setToolTip(f"“{milestone.name}” was reached: {milestone.percent} %.")
            button.clicked.connect(self._pressed)
            button.setEnabled(self._gradable)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self._buttons.append(button)
        self._columns = 0
        self._arrange()
        self._check()

    def set_progress(self, progress: int | None) -> None:
        """Show a progress [%]; None while nobody has given one."""
        if not self._slider.isSliderDown():
            self._slider.blockSignals(True)
            self._slider.setValue(progress or 0)
            self._slider.blockSignals(False)
            self._number.setText("–" if progress is None else f"{progress} %")
        self._check()

    def set_gradable(self, gradable: bool) -> None:
        """Say whether there is anything to give progress to."""
        self._gradable = gradable
        for widget in (self._slider, *self._buttons):
            widget.setEnabled(gradable)

    @property
    def text(self) -> str:
        """The number as it is shown."""
        return self._number.text()

    @property
    def slider(self) -> QSlider:
        """The slider."""
        return self._slider

    @property
    def milestones(self) -> list[QPushButton]:
        """One button per milestone."""
        return self._buttons

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as many milestones side by side as can be read."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        texts = [self.fontMetrics().horizontalAdvance(b.text()) for b in self._buttons]
        widest = CHIP_ROOM + max(texts, default=0)
        columns = min(max(self.width() // widest, 1), max(len(self._buttons), 1))
        if columns == self._columns:
            return
        for column in range(max(self._columns, columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._columns = columns
        for place, button in enumerate(self._buttons):
            self._grid.addWidget(button, place // columns, place % columns)

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
