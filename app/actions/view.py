"""How the picture is looked at."""

from __future__ import annotations

from app import rules
from app.actions.spec import VIEW, ActionSpec

SPECS = (
    ActionSpec(
        name="fit",
        group=VIEW,
        text="Fit",
        tip=(
            "Show the whole picture; the wheel zooms to the pointer, the right button, or the left "
            "one while Space is held, pans."
        ),
        keys=("F",),
        icon="corners-out",
    ),
    ActionSpec(
        name="actual_size",
        group=VIEW,
        text="1:1",
        tip="Show one pixel of the camera on one pixel of the screen.",
        keys=("Ctrl+0",),
        icon="frame-corners",
    ),
    ActionSpec(
        name="zoom_in",
        group=VIEW,
        text="Zoom in",
        tip="Enlarge the picture around the pointer, or around its middle.",
        keys=("Ctrl++", "Ctrl+="),
        icon="magnifying-glass-plus",
    ),
    ActionSpec(
        name="zoom_out",
        group=VIEW,
        text="Zoom out",
        tip="Make the picture smaller; the last step shows the whole.",
        keys=("Ctrl+-",),
        icon="magnifying-glass-minus",
    ),
    *(
        ActionSpec(
            name=f"pan_{way}",
            group=VIEW,
            text=f"Look {where}",
            tip=f"Move an enlarged picture so that you look further {where}.",
            keys=(f"Ctrl+{way.capitalize()}",),
            icon=f"arrow-{way}",
        )
        for way, where in (
            ("left", "to the left"),
            ("right", "to the right"),
            ("up", "up"),
            ("down", "down"),
        )
    ),
    ActionSpec(
        name="next_camera",
        group=VIEW,
        text="Next camera",
        tip="Look through the next camera; traces are still drawn on the first one.",
        keys=("O",),
        icon="video-camera",
        reason=rules.look_elsewhere,
    ),
    ActionSpec(
        name="inlay",
        group=VIEW,
        text="Picture in picture",
        tip="Lay the other camera over a corner of the picture; it can be dragged to any corner.",
        keys=("W",),
        icon="picture-in-picture",
        reason=rules.look_elsewhere,
        checkable=True,
    ),
    ActionSpec(
        name="inlay_corner",
        group=VIEW,
        text="Move picture in picture",
        tip="Move the picture in the picture to the next corner.",
        keys=("Shift+O",),
        icon="arrows-out-cardinal",
        reason=rules.look_elsewhere,
    ),
    ActionSpec(
        name="see_as_model",
        group=VIEW,
        text="What the model sees",
        tip="Show the pixels that the model gets, large; they follow your line as you draw.",
        keys=("S",),
        icon="robot",
        checkable=True,
    ),
    ActionSpec(
        name="see_difference",
        group=VIEW,
        text="What your line changes",
        tip="Show the pixels that the model gets because of your line, and how many they are.",
        keys=("D",),
        icon="circle-half-tilt",
    ),
)
