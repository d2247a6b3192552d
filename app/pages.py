"""The pages of the window, Steer and Review, and the switch between them.

The panels around the picture belong to Steer: they are put away while the other page is shown, and
come back as they were. Run and STOP stay where they are on both.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QToolButton, QWidget

from app import theme
from app.actions import Actions
from app.docks import Docks
from app.store import Page, Store


class Pages(QObject):
    """Holds the pages, and shows one of them.

    Attributes:
        stack: The pages, for the middle of the window.
        head: What stands in the header beside the switch, page by page.
        switch: The buttons with which one changes the page.
    """

    def __init__(self, store: Store, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._actions = store, actions
        self._docks: Docks | None = None
        self._away: list[Any] = []
        self.stack, self.head = QStackedWidget(), QStackedWidget()
        self._places: dict[Page, int] = {}
        self.note = QLabel()
        theme.set_role(self.note, "badge-warn")
        self.note.hide()
        self.switch = _switch(actions, self.note)
        for page in Page:
            actions[f"page_{page}"].triggered.connect(self._chosen)
        store.page_changed.connect(self._show)
        self._tick()

    def add(self, page: Page, middle: QWidget, head: QWidget) -> None:
        """Add a page.

        Args:
            page: Which one.
            middle: What is in the middle of the window.
            head: What is in the header beside the switch.
        """
        self._places[page] = self.stack.addWidget(middle)
        self.head.addWidget(head)

    def follow(self, docks: Docks) -> None:
        """Put these panels away while another page than Steer is shown."""
        self._docks = docks

    def go(self, page: Page) -> None:
        """Show a page."""
        self._store.set_page(page)
        self._tick()

    def set_note(self, text: str) -> None:
        """Say beside the switch what is unusual about the Steer page; empty for nothing."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def leave(self) -> None:
        """Go back to Steer without a word, so that the panels are remembered as they belong."""
        self.go(Page.STEER)

    @Slot()
    def _chosen(self) -> None:
        name = self.sender().objectName()
        self.go(Page(name.removeprefix("page_")))

    @Slot()
    def _show(self) -> None:
        page = self._store.page
        if self._docks is not None:
            if page != Page.STEER:
                self._away = self._docks.put_away()
            elif self._away:
                self._docks.bring_out(self._away)
                self._away = []
        place = self._places[page]
        self.stack.setCurrentIndex(place)
        self.head.setCurrentIndex(place)
        middle = self.stack.currentWidget()
        if middle is not None:
            middle.setFocus()
        self._tick()

    def _tick(self) -> None:
        for page in Page:
            self._actions[f"page_{page}"].setChecked(page == self._store.page)


def _switch(actions: Actions, note: QLabel) -> QWidget:
    """Return the two buttons, one of which is down."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    for page in Page:
        button = QToolButton()
        action = actions[f"page_{page}"]
        button.setDefaultAction(action)
        button.setText(action.text())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setMinimumHeight(32)
        button.setAccessibleName(f"Page {action.text()}")
        theme.set_role(button, "page")
        layout.addWidget(button)
    layout.addSpacing(6)
    layout.addWidget(note)
    return row
