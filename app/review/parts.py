"""What the Review page is made of; only loaded when the page is wanted for the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from app.actions import Actions
from app.review.keeping import Keeping
from app.review.review import Review
from app.review.stepping import Stepping
from app.studio import Studio


class ReviewParts(QObject):
    """The page at work.

    Attributes:
        review: What is behind the page.
        keeping: Stills, clips, and going on from a recorded moment.
        slots: What the actions of the page do, by their names.
    """

    def __init__(
        self, studio: Studio, actions: Actions, window: QWidget, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        review = self.review = Review(studio, actions, self)
        keeping = self.keeping = Keeping(studio, review, window)
        stepping = Stepping(review)
        self.slots: dict[str, Callable[..., Any]] = {
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

    def _find(self, *_: object) -> None:
        search = self.review.page.library.filters.search
        search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        search.selectAll()
