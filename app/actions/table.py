"""The table of everything that a person can do.

Menus, buttons, shortcuts, tooltips and the F1 sheet are all made from it.
"""

from __future__ import annotations

from app.actions import arm, draw, episode, instruction, plan, review, scene, view, window

TABLE = (
    *plan.SPECS,
    *instruction.SPECS,
    *draw.SPECS,
    *view.SPECS,
    *scene.SPECS,
    *arm.SPECS,
    *episode.SPECS,
    *review.SPECS,
    *window.SPECS,
)
