"""The menu bar, made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from app.actions import GROUPS, TABLE, Actions
from app.actions.spec import VIEW


def fill_menu_bar(bar: QMenuBar, actions: Actions, panels: Sequence[QAction]) -> dict[str, QMenu]:
    """Make one menu per group of the table.

    Args:
        bar: Where the menus go.
        actions: The actions.
        panels: Switches of the panels, for the end of the View menu.

    Returns:
        The menus by the name of their group.
    """
    menus: dict[str, QMenu] = {}
    for group in GROUPS:
        menu = menus[group] = bar.addMenu(f"&{group}")
        menu.setToolTipsVisible(True)
        for spec in TABLE:
            if spec.group == group:
                menu.addAction(actions[spec.name])
        if group == VIEW:
            menu.addSection("Panels")
            menu.addActions(list(panels))
    return menus
