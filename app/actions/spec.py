"""One thing that a person can do, as a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from app.store import Store

PLAN, DRAW, VIEW, ARM, WINDOW = "Plan", "Your trace", "View", "Arm", "Window"
INSTRUCTION, SCENE, EPISODE, HELP = "Instruction", "3D view", "Episode", "Help"
REVIEW = "Review"
GROUPS = (PLAN, INSTRUCTION, DRAW, VIEW, SCENE, ARM, EPISODE, REVIEW, WINDOW, HELP)
"""Headings of the menus and of the F1 sheet, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One thing that a person can do.

    Attributes:
        name: Identifier.
        group: Heading in the F1 sheet.
        text: What the button says.
        tip: What it does, as a sentence.
        keys: Shortcuts; the first one is shown.
        icon: Name of the icon, or nothing.
        tint: Colour of the icon.
        reason: Says why it is not possible now; nothing means it is. None: always possible.
        checkable: Whether it is a switch.
        everywhere: Whether its keys also hold while a dialog has the keyboard. Only for what stops
            and for what shows or hides a window; in a dialog Ctrl+Enter must not move the arm.
    """

    name: str
    group: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tint: str = "text"
    reason: Callable[[Store], str] | None = None
    checkable: bool = False
    everywhere: bool = False


def tip_of(spec: ActionSpec, reason: str, tip: str = "") -> str:
    """Write a tooltip: what the action does, its key, and what holds it back."""
    keys = f" ({', '.join(shown_key(key) for key in spec.keys[:1])})" if spec.keys else ""
    return f"{tip or spec.tip}{keys}" + (f"\n\n{reason}" if reason else "")


def shown_key(key: str) -> str:
    """Write a key as people know it from their keyboard."""
    text = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("Return", "Enter")
