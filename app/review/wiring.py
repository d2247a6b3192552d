"""Ties the Review page to the window: its actions, its keys, and the way back to Steer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app import rules, theme
from app.actions import Actions
from app.pages import Pages
from app.review.keeping import Keeping
from app.review.review import Review
from app.review.stepping import Stepping
from app.steer.instruction_panel import InstructionPanel
from app.store import Page
from app.studio import Studio
from core.types import Observation

HEAD = "Recorded sessions. Nothing on this page moves the arm; STOP works as always."


class ReviewWiring(QObject):
    """The Review page of a window.

    Attributes:
        review: What is behind the page.
        keeping: Stills, clips, and going on from a recorded moment.
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
        self._studio, self._pages, self._instruction = studio, pages, instruction
        self.review = Review(studio, actions, self)
        self.stepping = Stepping(self.review)
        self.keeping = Keeping(studio, self.review, window)
        self.keeping.branched.connect(self._branch)
        pages.add(Page.REVIEW, self.review.page, _head())

    def slots(self) -> dict[str, Callable[..., Any]]:
        """Return what the actions of the page do, by their names."""
        review, stepping, keeping = self.review, self.stepping, self.keeping
        return {
            "review_open": keeping.open,
            "review_library": review.to_library,
            "review_find": self._find,
            "review_scan": review.scan,
            "review_rebuild": review.rebuild,
            "review_beside": review.open_two,
            "review_flag": review.flag,
            "review_play": review.player.toggle,
            "review_back": stepping.back,
            "review_forward": stepping.forward,
            "review_previous_mark": stepping.previous_mark,
            "review_next_mark": stepping.next_mark,
            "review_slower": stepping.slower,
            "review_faster": stepping.faster,
            "review_loop": review.player.set_loop,
            "review_whole": review.set_whole,
            "review_branch": keeping.branch,
            "review_still": keeping.save_still,
            "review_clip": keeping.save_clip,
        }

    def escape(self) -> bool:
        """Go back by one: to the library, or to Steer; false on another page."""
        if self._studio.store.page != Page.REVIEW:
            return False
        if self.review.reels:
            self.review.to_library()
        else:
            self._pages.go(Page.STEER)
        return True

    def shutdown(self) -> None:
        """Wait for the threads."""
        self.review.shutdown()

    def _find(self, *_: object) -> None:
        search = self.review.page.library.filters.search
        search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        search.selectAll()

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


def _head() -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(8, 0, 0, 0)
    label = QLabel(HEAD)
    label.setMinimumWidth(1)
    theme.set_role(label, "caption")
    layout.addWidget(label, 1)
    return row
