"""What moves or stops the arm."""

from __future__ import annotations

from app import rules
from app.actions.spec import ARM, ActionSpec

SPECS = (
    ActionSpec(
        name="run",
        group=ARM,
        text="Run",
        tip="Run the selected plan as previewed; with a real arm, arm it to be held.",
        keys=("Ctrl+Return", "Ctrl+Enter"),
        icon="play",
        tint="on_accent",
        reason=rules.run,
    ),
    ActionSpec(
        name="hold",
        group=ARM,
        text="Hold to run",
        tip="Let the armed arm move while the key is held; letting go stops it.",
        keys=("R",),
        icon="hand-grabbing",
    ),
    ActionSpec(
        name="allow",
        group=ARM,
        text="Allow this plan",
        tip="Let a doubtful plan be run after you have looked; nothing moves by that.",
        keys=("Ctrl+Shift+A",),
        icon="eye",
        reason=rules.allow,
    ),
    ActionSpec(
        name="stop",
        group=ARM,
        text="STOP   Esc",
        tip=(
            "Stop the arm at once and keep it stopped until released. This is a convenience: the "
            "safety device is the robot's own emergency stop."
        ),
        icon="stop",
        tint="on_stop",
    ),
    ActionSpec(
        name="escape",
        group=ARM,
        text="Stop or cancel",
        tip="Stop while the arm moves or repeats, disarm, or else cancel what is under way.",
        keys=("Esc",),
        icon="hand-palm",
        everywhere=True,
    ),
    ActionSpec(
        name="release",
        group=ARM,
        text="Release stop",
        tip="Release a latched stop or recover from a fault; nothing moves by that.",
        keys=("Ctrl+R",),
        icon="lock-open",
        reason=rules.release,
    ),
    ActionSpec(
        name="home",
        group=ARM,
        text="Home",
        tip="Send the arm to its home pose.",
        keys=("Ctrl+H",),
        icon="house",
        reason=rules.go,
    ),
    ActionSpec(
        name="tidy",
        group=ARM,
        text="Tidy up",
        tip="Open the gripper and fold the arm away.",
        keys=("Ctrl+Shift+F",),
        icon="archive-box",
        reason=rules.go,
    ),
    ActionSpec(
        name="checklist",
        group=ARM,
        text="Checklist of the arm",
        tip="Go through what has to be right before the arm moves.",
        keys=("Ctrl+Shift+K",),
        icon="clipboard-text",
        reason=rules.checklist,
    ),
    ActionSpec(
        name="workspace",
        group=ARM,
        text="Workspace of the arm",
        tip="Set the box that the tool never leaves, by numbers or by taking its corners.",
        keys=("Ctrl+Shift+B",),
        icon="cube",
        reason=rules.bound_space,
    ),
    ActionSpec(
        name="yield_arm",
        group=ARM,
        text="Let go of the arm",
        tip="Let another window arm and move; this one keeps watching, and can stop.",
        keys=("Ctrl+Shift+O",),
        icon="hand-waving",
        reason=rules.yield_arm,
    ),
    ActionSpec(
        name="reset",
        group=ARM,
        text="New scene",
        tip="Lay out a new scene in the simulated lab.",
        keys=("Ctrl+N",),
        icon="shuffle",
        reason=rules.reset_lab,
    ),
)
