"""Going through a recording by pictures and by marks."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.review.review import Review
from core.review.marks import Mark, MarkKind

NEAR_NS = 20_000_000
"""A mark this near to the playhead is where it stands already."""


class Stepping(QObject):
    """Moves the playhead from picture to picture and from mark to mark."""

    def __init__(self, review: Review) -> None:
        super().__init__(review)
        self._review = review

    def forward(self, *_: object) -> None:
        """Go on by a picture."""
        self._step(forward=True)

    def back(self, *_: object) -> None:
        """Go back by a picture."""
        self._step(forward=False)

    def next_mark(self, *_: object) -> None:
        """Jump to the next mark."""
        self._jump(forward=True)

    def previous_mark(self, *_: object) -> None:
        """Jump to the last mark before."""
        self._jump(forward=False)

    def faster(self, *_: object) -> None:
        """Play at twice the speed."""
        self._review.player.change_speed(1)

    def slower(self, *_: object) -> None:
        """Play at half the speed."""
        self._review.player.change_speed(-1)

    def _step(self, *, forward: bool) -> None:
        player, reels = self._review.player, self._review.reels
        player.pause()
        if reels:
            reels[0].step(player.position, forward=forward, done=player.seek)

    def _jump(self, *, forward: bool) -> None:
        review = self._review
        if not review.reels:
            return
        wanted = next_mark(
            review.reels[0].session.marks,
            review.player.position,
            forward=forward,
            kind=review.page.viewer.kind,
            span=(review.player.start, review.player.end),
        )
        if wanted is not None:
            review.player.pause()
            review.player.seek(wanted.wall_ns)


def next_mark(
    marks: tuple[Mark, ...],
    wall_ns: int,
    *,
    forward: bool,
    kind: MarkKind | None = None,
    span: tuple[int, int] | None = None,
) -> Mark | None:
    """Return the nearest mark after a moment, or before it.

    Args:
        marks: In the order of their times.
        wall_ns: The moment [ns since 1970].
        forward: Whether to look for what comes after it.
        kind: Only marks of this kind; None for all.
        span: First and last moment that can be shown; None for any.
    """
    low, high = span or (0, 1 << 63)
    fits = [m for m in marks if kind in (None, m.kind) and low <= m.wall_ns <= high]
    if forward:
        return next((mark for mark in fits if mark.wall_ns > wall_ns + NEAR_NS), None)
    return next((mark for mark in reversed(fits) if mark.wall_ns < wall_ns - NEAR_NS), None)
