"""The pages of the window, Steer and Review, and the switch between them.

The panels around the picture belong to Steer: they are put away while the other page is shown, and
come back as they were. Run and STOP stay where they are on both.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QToolButton, QWidget

from app import theme
from app.actions import Actions
from app.docks import Docks
from app.store import Page, Store


class Pages(QObject):
    """Holds the pages, and shows one of them.

    Attributes:
        stack: The pages, for the middle of the window.
        head: What stands in the header, page by page.
        switch: The buttons with which one changes the page.
    """

    def __init__(self, store: Store, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._actions = store, actions
        self._docks: Docks | None = None
        self._away: list[Any] = []
        self.stack, self.head = QStackedWidget(), QStackedWidget()
        self._places: dict[Page, int] = {}
        self._heights: dict[QWidget, QSizePolicy.Policy] = {}
        self.switch = _switch(actions)
        for page in Page:
            actions[f"page_{page}"].triggered.connect(self._chosen)
        store.page_changed.connect(self._show)
        self._tick()

    def add(self, page: Page, middle: QWidget, head: QWidget) -> None:
        """Add a page.

        Args:
            page: Which one.
            middle: What is in the middle of the window.
            head: What is in the header.
        """
        self._places[page] = self.stack.addWidget(middle)
        self.head.addWidget(head)
        self._heights[head] = head.sizePolicy().verticalPolicy()
        self._fit_head()

    def follow(self, docks: Docks) -> None:
        """Put these panels away while another page than Steer is shown."""
        self._docks = docks

    def go(self, page: Page) -> None:
        """Show a page."""
        self._store.set_page(page)
        self._tick()

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
        self._fit_head()
        middle = self.stack.currentWidget()
        if middle is not None:
            middle.setFocus()
        self._tick()

    def _fit_head(self) -> None:
        """Make the header as high as the page needs that is shown."""
        for head, height in self._heights.items():
            policy = head.sizePolicy()
            shown = head is self.head.currentWidget()
            policy.setVerticalPolicy(height if shown else QSizePolicy.Policy.Ignored)
            head.setSizePolicy(policy)

    def _tick(self) -> None:
        for page in Page:
            self._actions[f"page_{page}"].setChecked(page == self._store.page)


def _switch(actions: Actions) -> QWidget:
    """Return the two buttons, one of which is down."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 8, 0)
    layout.setSpacing(2)
    for page in Page:
        button = QToolButton()
        action = actions[f"page_{page}"]
        button.setDefaultAction(action)
        button.setText(action.text())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFixedHeight(22)
        button.setAccessibleName(f"Page {action.text()}")
        theme.set_role(button, "page")
        layout.addWidget(button)
    return row
