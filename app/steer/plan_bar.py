"""The plans as cards, side by side; the selected one would be run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app import theme
from app.picture import to_qimage
from app.steer.plan_card import PlanCard
from app.steer.plan_states import CardState
from app.store import PlanKind

HINT = (
    "Plans appear here: the model's after Think, yours after Steer. K keeps your trace and C "
    "compares all of them. A click or its number selects a plan to run."
)
HEIGHT, LOW_HEIGHT = 96, 80
"""Height of the bar, and in a small window [px]."""

PICTURE_WIDTH = 160
"""Width that the picture is reduced to, once for all cards [px]."""


class PlanBar(QWidget):
    """The cards side by side."""

    plan_chosen = Signal(object)
    candidate_dropped = Signal(object)
    candidate_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: NDArray[np.uint8] | None = None
        self.cards = {kind: PlanCard(kind) for kind in PlanKind}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(6)
        self._hint = QLabel(HINT)
        self._hint.setWordWrap(True)
        theme.set_role(self._hint, "hint")
        layout.addWidget(self._hint, 1)
        for card in self.cards.values():
            card.chosen.connect(self.plan_chosen)
            card.dropped.connect(self.candidate_dropped)
            card.edited.connect(self.candidate_edited)
            card.hide()
            layout.addWidget(card, 10)
        layout.addStretch(0)
        self.set_low(False)

    def set_low(self, low: bool) -> None:
        """Take less height, for a small window."""
        # The same height with and without cards, so that the picture above keeps its place.
        self.setFixedHeight(LOW_HEIGHT if low else HEIGHT)

    def set_picture(self, image: NDArray[np.uint8] | None) -> None:
        """Show (H, W, 3) uint8 RGB on every card; the same array again costs nothing."""
        if image is self._image:
            return
        self._image = image
        picture = None
        if image is not None:
            small = to_qimage(image).scaledToWidth(
                PICTURE_WIDTH, Qt.TransformationMode.SmoothTransformation
            )
            picture = QPixmap.fromImage(small)
        for card in self.cards.values():
            card.thumbnail.set_picture(picture)

    def set_cards(self, states: Sequence[CardState]) -> None:
        """Show exactly these cards."""
        by_kind = {state.kind: state for state in states}
        for kind, card in self.cards.items():
            state = by_kind.get(kind)
            if state is not None:
                card.set_state(state)
            card.setVisible(state is not None)
        self._hint.setVisible(not by_kind)
