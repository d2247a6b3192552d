"""The way that Tab takes through the window: from the top to the bottom, area by area."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def set_tab_order(window: QWidget, areas: Sequence[QWidget]) -> None:
    """Let Tab go through areas one after the other; the order inside of each stays.

    Args:
        window: The window.
        areas: Its areas, in the order that a person reads them.
    """
    chain = [widget for widget in _chain(window) if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    ordered = [w for area in areas for w in chain if w is area or area.isAncestorOf(w)]
    for before, after in pairwise(ordered):
        QWidget.setTabOrder(before, after)


def _chain(window: QWidget) -> list[QWidget]:
    widgets: list[QWidget] = []
    at = window.nextInFocusChain()
    while at is not window:
        widgets.append(at)
        at = at.nextInFocusChain()
    return widgets
