"""What asks the policy, and what becomes of its answers."""

from __future__ import annotations

from app import rules
from app.actions.spec import PLAN, ActionSpec

SPECS = (
    ActionSpec(
        name="think",
        group=PLAN,
        text="Think",
        tip="Ask the model for its own plan on the newest picture.",
        keys=("Space",),
        icon="brain",
        tint="on_accent",
        reason=rules.think,
    ),
    ActionSpec(
        name="steer",
        group=PLAN,
        text="Steer",
        tip="Ask the model to follow your trace.",
        keys=("Return", "Enter"),
        icon="path",
        reason=rules.steer,
    ),
    ActionSpec(
        name="auto",
        group=PLAN,
        text="Auto",
        tip="Repeat look, ask and run a few steps until it is done; your trace is kept.",
        keys=("Ctrl+Shift+Return",),
        icon="repeat",
        reason=rules.auto,
        checkable=True,
    ),
    ActionSpec(
        name="live",
        group=PLAN,
        text="Back to live",
        tip="Let the pinned picture and its plans go.",
        keys=("L",),
        icon="broadcast",
        reason=rules.go_live,
    ),
)
