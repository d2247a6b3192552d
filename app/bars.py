"""Rows across the whole window that stay where they are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QMainWindow, QToolBar, QWidget

from app.boundary import Boundary


def fixed_bar(window: QMainWindow, name: str, layout: QLayout, area: Qt.ToolBarArea) -> QToolBar:
    """Put a row across a window that can be neither moved nor closed.

    Args:
        window: The window.
        name: Identifier; the style sheet knows it.
        layout: What is in the row.
        area: At which side of the window it lies.
    """
    row = QWidget()
    row.setLayout(layout)
    bar = QToolBar(name.capitalize())
    bar.setObjectName(name)
    bar.setMovable(False)
    bar.setFloatable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.toggleViewAction().setEnabled(False)
    bar.addWidget(Boundary(row))
    window.addToolBar(area, bar)
    return bar
