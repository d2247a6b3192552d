"""The box that the tool must not leave: typed, or taught by bringing the arm to its corners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.arm.boxes import around, box_from
from app.toasts import wrapped
from core.types import StudioError
from robot.guard import Workspace

WORDS = (
    "The tool's centre never leaves this box. Type its corners, or bring the arm to two opposite "
    "corners, by hand in guiding mode or by its own pendant, and take each. The 3D view shows it."
)
REACH = 1.2
"""How far from the arm's foot a corner may be [m]."""

Corner = NDArray[np.float64]


class WorkspaceDialog(QDialog):
    """Six numbers and a button that takes a corner; it does not block the window."""

    corner_wanted = Signal()
    """Where is the tool now?"""
    changed = Signal(object)
    """A :class:`robot.guard.Workspace` as it stands in the fields, or None while it is none."""
    chosen = Signal(object)
    """Use this box."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Workspace of the arm")
        self.setMinimumWidth(460)
        self._corners: list[Corner] = []
        words = wrapped(self)
        words.setText(WORDS)
        theme.set_role(words, "caption")
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        self.fields: list[QDoubleSpinBox] = []
        for column, axis in enumerate("xyz"):
            grid.addWidget(QLabel(axis), 0, column + 1)
        for row, name in enumerate(("low", "high")):
            grid.addWidget(QLabel(f"{name.capitalize()} corner"), row + 1, 0)
            for column, axis in enumerate("xyz"):
                field = QDoubleSpinBox()
                field.setRange(-REACH, REACH)
                field.setDecimals(3)
                field.setSingleStep(0.01)
                field.setSuffix(" m")
                field.setAccessibleName(f"{axis} of the {name} corner")
                field.valueChanged.connect(self._typed)
                grid.addWidget(field, row + 1, column + 1)
                self.fields.append(field)
        self.take = QPushButton("Take corner")
        self.take.setToolTip("Let the box reach to where the tool is now.")
        self.take.clicked.connect(self.corner_wanted)
        self.again = QPushButton("Begin anew")
        self.again.setToolTip("Forget the corners that were taken.")
        self.again.clicked.connect(self._forget)
        self.taken = QLabel()
        theme.set_role(self.taken, "caption")
        teach = QHBoxLayout()
        teach.addWidget(self.take)
        teach.addWidget(self.again)
        teach.addWidget(self.taken, 1)
        self.said = wrapped(self)
        theme.set_role(self.said, "fault")
        self.go = QPushButton("Use this box")
        theme.set_role(self.go, "primary")
        self.go.clicked.connect(self._use)
        leave = QPushButton("Close")
        leave.clicked.connect(self.close)
        for button in (self.take, self.again, self.go, leave):
            button.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addLayout(grid)
        layout.addLayout(teach)
        layout.addWidget(self.said)
        layout.addLayout(foot)
        self._forget()

    def set_box(self, low: Sequence[float], high: Sequence[float]) -> None:
        """Fill in the numbers [m]."""
        for field, value in zip(self.fields, (*low, *high), strict=True):
            field.blockSignals(True)
            field.setValue(float(value))
            field.blockSignals(False)
        self._typed()

    def take_corner(self, place: Corner) -> None:
        """Let the box reach to a (3,) place of the tool [m]; the first one only begins it."""
        self._corners.append(np.asarray(place, dtype=np.float64))
        low, high = around(self._corners)
        self.set_box(low.tolist(), high.tolist())
        self._count()

    def say(self, sentence: str) -> None:
        """Say what is wrong."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def box(self) -> Workspace | None:
        """Return what stands in the fields; None, with a word about it, when it is no box."""
        try:
            box = box_from([field.value() for field in self.fields])
        except StudioError:
            one = len(self._corners) == 1
            self.say(
                "One corner is taken; bring the tool to the opposite one, above and across."
                if one
                else "Each number of the low corner must be smaller than that of the high one."
            )
            return None
        self.say("")
        return box

    @Slot()
    def _typed(self, *_: object) -> None:
        box = self.box()
        self.go.setEnabled(box is not None)
        self.changed.emit(box)

    @Slot()
    def _forget(self) -> None:
        self._corners = []
        self._count()
        self._typed()

    def _count(self) -> None:
        count = len(self._corners)
        self.taken.setText(f"{count} corner{'s' if count != 1 else ''} taken" if count else "")

    @Slot()
    def _use(self) -> None:
        box = self.box()
        if box is not None:
            self.chosen.emit(box)
