"""What helps to write the instruction."""

from __future__ import annotations

from app.actions.spec import INSTRUCTION, ActionSpec

SPECS = (
    ActionSpec(
        name="recall",
        group=INSTRUCTION,
        text="Earlier instructions",
        tip="Choose one of the instructions that were used before; Up and Down in the box too.",
        keys=("Ctrl+Shift+H",),
        icon="clock-counter-clockwise",
        tint="muted",
    ),
    ActionSpec(
        name="templates",
        group=INSTRUCTION,
        text="Templates",
        tip="Choose an instruction with gaps; Tab goes from gap to gap.",
        keys=("Ctrl+T",),
        icon="brackets-curly",
        tint="muted",
    ),
    ActionSpec(
        name="rephrase",
        group=INSTRUCTION,
        text="Rephrase",
        tip="Say the same in other words, to see whether the policy depends on them.",
        keys=("Ctrl+J",),
        icon="chat-circle-text",
        tint="muted",
        reason=lambda store: (
            "" if store.instruction.strip() else "Type an instruction first (Ctrl+I)."
        ),
    ),
)
