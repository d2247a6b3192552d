"""What asks the policy, and what becomes of its answers."""

from __future__ import annotations

from app import compare_rules, rules
from app.actions.spec import PLAN, ActionSpec
from app.store import PlanKind

NUMBERS = ("one", "two", "three", "four", "five")

COMPARE = (
    ActionSpec(
        name="keep",
        group=PLAN,
        text="Keep as candidate",
        tip="Keep your trace, to compare it with others; up to three are kept.",
        keys=("K",),
        icon="bookmark-simple",
        reason=compare_rules.keep,
    ),
    ActionSpec(
        name="compare",
        group=PLAN,
        text="Compare",
        tip="Ask for the model's plan, yours and every candidate's on the same picture.",
        keys=("C",),
        icon="scales",
        reason=compare_rules.compare,
    ),
    ActionSpec(
        name="edit_candidate",
        group=PLAN,
        text="Edit this trace",
        tip="Take the selected candidate's trace over as yours, to bend it.",
        keys=("Shift+E",),
        icon="pencil-simple",
        reason=compare_rules.edit,
    ),
    ActionSpec(
        name="drop_candidate",
        group=PLAN,
        text="Drop candidate",
        tip="Let the selected candidate go, or the newest.",
        keys=("Shift+K",),
        icon="trash",
        reason=compare_rules.drop,
    ),
    *(
        ActionSpec(
            name=f"plan_{kind.number}",
            group=PLAN,
            text=f"Select plan {kind.number}",
            tip=f"Select {what} to be run.",
            keys=(str(kind.number),),
            icon=f"number-circle-{NUMBERS[kind.number - 1]}",
            reason=compare_rules.choose(kind.number),
        )
        for kind, what in zip(
            PlanKind,
            (
                "the model's plan",
                "the plan of your trace",
                *(f"the plan of the {place} candidate" for place in ("first", "second", "third")),
            ),
            strict=True,
        )
    ),
)


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
    *COMPARE,
)
