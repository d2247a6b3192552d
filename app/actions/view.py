"""How the picture is looked at."""

from __future__ import annotations

from app.actions.spec import VIEW, ActionSpec

SPECS = (
    ActionSpec(
        name="fit",
        group=VIEW,
        text="Fit",
        tip="Show the whole picture; the wheel zooms to the pointer, the right button pans.",
        keys=("F",),
        icon="corners-out",
    ),
)
