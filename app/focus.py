"""The way that Tab takes through the window: from the top to the bottom, area by area."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget


def set_tab_order(areas: Sequence[QWidget]) -> None:
    """Let Tab go through areas one after the other, in each in the order it was built.

    Args:
        areas: The areas of a window, in the order that a person reads them.
    """
    # Not by nextInFocusChain: wrappers that it makes crash the interpreter at its end.
    ordered = [
        widget
        for area in areas
        for widget in (area, *area.findChildren(QWidget))
        # windows of their own, such as the large view of what the model sees, have their own way
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.window() is area.window()
    ]
    for before, after in pairwise(ordered):
        QWidget.setTabOrder(before, after)


def only_by_tab(area: QWidget) -> None:
    """Let only the Tab key give buttons the focus: after a click, Space still means Think."""
    for button in area.findChildren(QAbstractButton):
        inside_a_line = isinstance(button.parentWidget(), QLineEdit)  # Qt draws no focus there
        policy = Qt.FocusPolicy.NoFocus if inside_a_line else Qt.FocusPolicy.TabFocus
        button.setFocusPolicy(policy)
