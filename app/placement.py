"""Where a window may be: never on a monitor that is not there any more. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect

REACHABLE = 80
"""So much of the title bar has to be on a screen that it can be grabbed [px]."""


def is_reachable(frame: QRect, screens: Sequence[QRect]) -> bool:
    """Whether a person can grab a window by its title bar.

    Args:
        frame: The window with its frame, in the coordinates of the desktop.
        screens: What can be used of every screen that is connected.
    """
    title = QRect(frame.left(), frame.top(), frame.width(), 1)
    for screen in screens:
        common = title.intersected(screen)
        if common.width() >= min(REACHABLE, frame.width()) and not common.isEmpty():
            return True
    return False


def brought_back(frame: QRect, screens: Sequence[QRect]) -> QRect:
    """Return a place on a screen for a window; the same place if it can be reached there.

    Args:
        frame: As for :func:`is_reachable`.
        screens: As there; the first one takes what is lost.
    """
    if not screens or is_reachable(frame, screens):
        return frame
    home = screens[0]
    size = frame.size().boundedTo(home.size())
    place = QRect(frame.topLeft(), size)
    place.moveLeft(min(max(place.left(), home.left()), home.right() + 1 - size.width()))
    place.moveTop(min(max(place.top(), home.top()), home.bottom() + 1 - size.height()))
    return place
