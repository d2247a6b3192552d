"""What concerns the window and the programs behind it."""

from __future__ import annotations

from app.actions.spec import WINDOW, ActionSpec

SPECS = (
    ActionSpec(
        name="instruction",
        group=WINDOW,
        text="Go to the instruction",
        tip="Put the cursor into the instruction box.",
        keys=("Ctrl+I",),
    ),
    ActionSpec(
        name="theme",
        group=WINDOW,
        text="Theme",
        tip="Change between light and dark.",
        keys=("Ctrl+L",),
        icon="circle-half",
    ),
    ActionSpec(
        name="messages",
        group=WINDOW,
        text="Messages",
        tip="Show everything that was said in this session.",
        keys=("Ctrl+M",),
        icon="bell",
    ),
    ActionSpec(
        name="restart",
        group=WINDOW,
        text="Restart services",
        tip="Start the services that have died again, and connect anew.",
        keys=("Ctrl+Shift+R",),
        icon="arrows-clockwise",
    ),
    ActionSpec(
        name="help",
        group=WINDOW,
        text="Help",
        tip="Show all keys.",
        keys=("F1",),
        icon="question",
    ),
)
