"""What concerns the window and the programs behind it."""

from __future__ import annotations

from app.actions.spec import HELP, VIEW, WINDOW, ActionSpec

SPECS = (
    ActionSpec(
        name="fullscreen",
        group=VIEW,
        text="Full screen",
        tip="Give the whole screen to the window, or give it back.",
        keys=("F11",),
        icon="arrows-out",
        checkable=True,
    ),
    ActionSpec(
        name="reset_layout",
        group=VIEW,
        text="Reset layout",
        tip="Put all panels back where they are at first.",
        keys=("Ctrl+Shift+L",),
        icon="layout",
    ),
    ActionSpec(
        name="instruction",
        group=WINDOW,
        text="Go to the instruction",
        tip="Put the cursor into the instruction box.",
        keys=("Ctrl+I",),
        icon="text-t",
    ),
    ActionSpec(
        name="connections",
        group=WINDOW,
        text="Connections",
        tip="Show how policy, rig, robot and recorder are doing, and mend what is wrong.",
        keys=("Ctrl+K",),
        icon="link",
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
        name="messages",
        group=WINDOW,
        text="Messages",
        tip="Show everything that was said in this session.",
        keys=("Ctrl+M",),
        icon="bell",
    ),
    ActionSpec(
        name="theme",
        group=WINDOW,
        text="Theme",
        tip="Change between light and dark; the settings can follow the desktop instead.",
        keys=("Ctrl+L",),
        icon="circle-half",
    ),
    ActionSpec(
        name="settings",
        group=WINDOW,
        text="Settings",
        tip="Change how the studio looks, what it records and what it connects to.",
        keys=("Ctrl+,",),
        icon="gear",
    ),
    ActionSpec(
        name="quit",
        group=WINDOW,
        text="Quit",
        tip="Stop the arm, finish the session file and close the studio.",
        keys=("Ctrl+Q",),
        icon="sign-out",
    ),
    ActionSpec(
        name="help",
        group=HELP,
        text="Keys and gestures",
        tip="Show all keys, with a search field.",
        keys=("F1",),
        icon="question",
    ),
    ActionSpec(
        name="first_steps",
        group=HELP,
        text="First steps",
        tip="Show the three steps again: draw, steer, run.",
        keys=("Shift+F1",),
        icon="student",
    ),
    ActionSpec(
        name="log_file",
        group=HELP,
        text="Open the log file",
        tip="Look into what all programs have logged.",
        icon="file-text",
    ),
)
