"""What changes the drawn trace."""

from __future__ import annotations

from app import rules
from app.actions.spec import DRAW, ActionSpec

SPECS = (
    ActionSpec(
        name="undo",
        group=DRAW,
        text="Undo",
        tip="Take back the last edit of your trace.",
        keys=("Ctrl+Z",),
        icon="arrow-counter-clockwise",
    ),
    ActionSpec(
        name="redo",
        group=DRAW,
        text="Redo",
        tip="Make the edit again.",
        keys=("Ctrl+Shift+Z", "Ctrl+Y"),
        icon="arrow-clockwise",
    ),
    ActionSpec(
        name="clear",
        group=DRAW,
        text="Remove trace",
        tip="Remove your trace; Ctrl+Z brings it back.",
        keys=("Ctrl+Backspace",),
        icon="eraser",
        reason=lambda store: "" if store.draft is not None else "There is no drawn trace.",
    ),
    ActionSpec(
        name="copy_model",
        group=DRAW,
        text="Start from model's",
        tip="Copy the model's trace as yours, to bend it.",
        keys=("E",),
        icon="copy",
        reason=rules.copy_model,
    ),
)
