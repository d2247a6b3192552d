"""Ties the Review page to the window: its actions, and the way back to Steer.

The page is loaded when it is wanted for the first time, so that the window is there as soon as
before; what a person asks of it meanwhile is done when it is there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import rules, theme
from app.actions import TABLE, Actions
from app.actions.spec import REVIEW
from app.focus import only_by_tab
from app.pages import Pages
from app.steer.instruction_panel import InstructionPanel
from app.store import Page
from app.studio import Studio
from app.task import Work
from core.export.request import Chosen
from core.review.entry import WHOLE
from core.types import Observation

if TYPE_CHECKING:
    from app.review.parts import ReviewParts

HEAD = "Recorded sessions. Nothing on this page moves the arm; STOP works as always."
NAMES = tuple(spec.name for spec in TABLE if spec.group == REVIEW)


class ReviewWiring(QObject):
    """The Review page of a window.

    Attributes:
        parts: The page at work; None until it was wanted.
    """

    def __init__(
        self,
        studio: Studio,
        actions: Actions,
        pages: Pages,
        instruction: InstructionPanel,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._studio, self._actions, self._pages = studio, actions, pages
        self._instruction, self._window = instruction, window
        self.parts: ReviewParts | None = None
        self._loading = False
        self._wishes: list[tuple[str, bool]] = []
        self._waiting = QLabel("Loading …")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self._waiting, "hint")
        self._place = QWidget()
        column = QVBoxLayout(self._place)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._waiting)
        pages.add(Page.REVIEW, self._place, _head())
        studio.store.page_changed.connect(self._page_changed)

    def slots(self) -> dict[str, Callable[..., Any]]:
        """Return what the actions of the page do, by their names."""
        return dict.fromkeys(NAMES, self._do)

    def escape(self) -> bool:
        """Go back by one: to the library, or to Steer; false on another page."""
        if self._studio.store.page != Page.REVIEW:
            return False
        if self.parts is not None and self.parts.review.reels:
            self.parts.review.to_library()
        else:
            self._pages.go(Page.STEER)
        return True

    def chosen(self) -> list[Chosen]:
        """Return which sessions and episodes an export is about; none on another page."""
        if self.parts is None or self._studio.store.page != Page.REVIEW:
            return []
        numbers: dict[Path, list[int]] = {}
        for line in self.parts.review.chosen:
            numbers.setdefault(line.entry.path, []).append(line.entry.number)
        # one that is a session without episodes stands for the whole of it
        return [
            Chosen(path=path, episodes=() if WHOLE in some else tuple(some))
            for path, some in numbers.items()
        ]

    def shutdown(self) -> None:
        """Wait for the threads."""
        if self.parts is not None:
            self.parts.review.shutdown()

    @Slot(bool)
    def _do(self, checked: bool = False) -> None:
        name = self.sender().objectName()
        if self.parts is None:
            self._wishes.append((name, checked))
            self._load()
        else:
            self.parts.slots[name](checked)

    @Slot()
    def _page_changed(self) -> None:
        if self._studio.store.page == Page.REVIEW:
            self._load()

    def _load(self) -> None:
        if self._loading:
            return
        self._loading = True
        self._studio.tasks.run(
            "Loading the Review page", _modules, self._build, self._failed, cancellable=False
        )

    def _build(self, modules: Any) -> None:
        parts: ReviewParts = modules.ReviewParts(self._studio, self._actions, self._window, self)
        parts.keeping.branched.connect(self._branch)
        only_by_tab(parts.review.page)
        layout = self._place.layout()
        assert layout is not None
        self._waiting.hide()
        layout.addWidget(parts.review.page)
        self.parts = parts
        parts.review.look()
        for name, checked in self._wishes:
            parts.slots[name](checked)
        self._wishes = []

    def _failed(self, sentence: str) -> None:
        self._loading = False
        self._waiting.setText(f"The page cannot be shown: {sentence}")

    @Slot(object, str)
    def _branch(self, observation: Observation, place: str) -> None:
        """Let a recorded moment stand where the live picture was."""
        store = self._studio.store
        if reason := rules.branch(store):
            self._studio.notifier.warning(reason)
            return
        self._studio.undo_stack.clear()
        store.pin(observation, place)
        store.set_draft(None)
        store.settle()
        if observation.instruction:
            self._instruction.set_instruction(observation.instruction)
        self._studio.log.note(f"branched from {place}")
        self._pages.go(Page.STEER)
        self._studio.notifier.info(
            f"This is {place}, as it was recorded. Draw a trace and press Enter to see what the "
            "model would have done; L goes back to the live picture."
        )


def _modules(_: Work) -> Any:
    return importlib.import_module("app.review.parts")


def _head() -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(8, 0, 0, 0)
    label = QLabel(HEAD)
    label.setMinimumWidth(1)
    theme.set_role(label, "caption")
    layout.addWidget(label, 1)
    return row
