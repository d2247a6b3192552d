"""Where small things lie over a picture: in its corners, those of one corner below each other."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize

MARGIN = 8


class Corner(StrEnum):
    """A corner of the picture."""

    TOP_LEFT = "top left"
    TOP_RIGHT = "top right"
    BOTTOM_RIGHT = "bottom right"
    BOTTOM_LEFT = "bottom left"

    @property
    def is_top(self) -> bool:
        """Whether it is above."""
        return self in (Corner.TOP_LEFT, Corner.TOP_RIGHT)

    @property
    def is_left(self) -> bool:
        """Whether it is at the left."""
        return self in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)

    @property
    def next(self) -> Corner:
        """The next corner, clockwise."""
        corners = list(Corner)
        return corners[(corners.index(self) + 1) % len(corners)]


def nearest(place: QPointF, area: QRectF) -> Corner:
    """Return the corner of an area that a point is nearest to."""
    top, left = place.y() < area.center().y(), place.x() < area.center().x()
    if top:
        return Corner.TOP_LEFT if left else Corner.TOP_RIGHT
    return Corner.BOTTOM_LEFT if left else Corner.BOTTOM_RIGHT


def arrange(area: QRectF, things: Sequence[tuple[Corner, QSize]]) -> list[QRect]:
    """Place things in corners; later ones further from the upper or lower edge.

    Args:
        area: The visible part of the picture.
        things: Corner and size of each.

    Returns:
        Their rectangles, in the same order.
    """
    used = dict.fromkeys(Corner, MARGIN)
    result: list[QRect] = []
    for corner, size in things:
        x = area.left() + MARGIN if corner.is_left else area.right() - MARGIN - size.width()
        y = area.top() + used[corner]
        if not corner.is_top:
            y = area.bottom() - used[corner] - size.height()
        used[corner] += size.height() + MARGIN
        result.append(QRect(round(x), round(y), size.width(), size.height()))
    return result
