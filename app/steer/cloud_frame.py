"""What stands around the 3D scene: its caption, its switches and the places to look from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from app import theme
from app.icons import icon


class SceneBar(QWidget):
    """A caption with switches to its right.

    Attributes:
        presets: A row of places to look from; it lies over the scene.
    """

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = QLabel(caption)
        theme.set_role(self._caption, "caption")
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self._caption, 1)
        self._tools: list[QToolButton] = []
        self._more = QToolButton()
        self._more.setIcon(icon("dots-three"))
        self._more.setToolTip("More: size of the points, save a picture or the points")
        self._more.setAccessibleName("More for the 3D view")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(QMenu(self._more))
        self._more.setFixedSize(26, 24)
        self._more.hide()
        self._row.addWidget(self._more)
        self.presets = QFrame()
        theme.set_role(self.presets, "card")
        self._places = QHBoxLayout(self.presets)
        self._places.setContentsMargins(1, 1, 1, 1)
        self._places.setSpacing(0)

    @property
    def caption(self) -> str:
        """What is said above the scene."""
        return self._caption.text()

    @property
    def has_presets(self) -> bool:
        """Whether there is a place to look from."""
        return self._places.count() > 0

    def set_caption(self, text: str, why: str) -> None:
        """Say something above the scene, and more about it in a tooltip."""
        if text != self._caption.text():
            self._caption.setText(text)
        self._caption.setToolTip(f"{text}\n{why}")

    def set_actions(self, tools: Sequence[QAction], presets: Sequence[QAction]) -> None:
        """Make a button of each."""
        for action in tools:
            button = _button(action)
            button.setFixedSize(26, 24)
            self._tools.append(button)
            self._row.insertWidget(self._row.count() - 1, button)
        for action in presets:
            button = _button(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFont(theme.ui_font(9.0))
            self._places.addWidget(button)

    def show_tools(self, shown: bool) -> None:
        """Show the switches, or hide them while there is no scene."""
        for button in self._tools:
            button.setVisible(shown)

    def add_more(self, actions: Sequence[QAction]) -> None:
        """Put actions into the menu at the right."""
        self._more.menu().addActions(list(actions))
        self._more.show()


def over_label() -> QLabel:
    """Return a label that lies over a picture and lets the mouse through."""
    label = QLabel()
    theme.set_role(label, "over")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return label


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.text())
    return button
