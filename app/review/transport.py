"""The row of buttons under the timeline, and where the playhead is in words."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app import theme
from app.action_button import ActionButton
from app.actions import Actions
from app.icons import icon
from app.review.words import clock

_LEFT = (
    "review_previous_mark",
    "review_back",
    "review_play",
    "review_forward",
    "review_next_mark",
)
_RIGHT = ("review_loop", "review_whole", "review_still", "review_clip")


class Transport(QWidget):
    """Buttons to play, step, jump and save."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._play = actions["review_play"]
        self._time, self._speed = QLabel("0:00.0"), QLabel("1×")
        self._time.setMinimumWidth(120)
        self._speed.setMinimumWidth(36)
        theme.set_role(self._speed, "caption")
        self._speed.setToolTip("How fast it is played")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for name in _LEFT:
            row.addWidget(_button(actions, name))
        self._row, self._choice_at = row, row.count()
        row.addSpacing(8)
        row.addWidget(self._time)
        row.addWidget(_button(actions, "review_slower"))
        row.addWidget(self._speed)
        row.addWidget(_button(actions, "review_faster"))
        row.addStretch(1)
        for name in _RIGHT:
            row.addWidget(_button(actions, name))
        self.branch = ActionButton(actions["review_branch"], role="primary-small")
        row.addSpacing(4)
        row.addWidget(self.branch)

    @property
    def time(self) -> str:
        """The time as it is shown."""
        return self._time.text()

    def add_choice(self, widget: QWidget) -> None:
        """Put a widget behind the buttons that jump."""
        self._row.insertWidget(self._choice_at, widget)

    def set_time(self, seconds: float, total: float) -> None:
        """Say where the playhead is [s]."""
        self._time.setText(f"{clock(seconds)} / {clock(total)}")

    def set_playing(self, playing: bool, speed: float) -> None:
        """Show what the play button would do, and how fast it goes."""
        self._play.setIcon(icon("pause" if playing else "play"))
        self._play.setText("Pause" if playing else "Play")
        self._speed.setText(f"{speed:g}×")


def _button(actions: Actions, name: str) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(actions[name])
    button.setFixedSize(32, 32)
    button.setAccessibleName(actions[name].text())
    return button
