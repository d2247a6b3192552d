"""What the shown plan was asked with, beside what stands in the box: never to be confused."""

from __future__ import annotations

from dataclasses import dataclass

from app.store import BUSY, PlanKind, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The instruction behind what is shown.

    Attributes:
        text: What the policy was told; empty when nothing was asked.
        whose: Whose plan it is, such as "The model's plan"; empty while the answer is under way.
        changed: Whether the box says something else by now.
    """

    text: str = ""
    whose: str = ""
    changed: bool = False


def asked(store: Store) -> Asked:
    """Return what was asked: the question that is under way, else the shown plan's."""
    if store.phase in BUSY and store.observation is not None:
        text, whose = store.observation.instruction, ""
    elif store.plan is not None and store.plan.instruction:
        text, whose = store.plan.instruction, _whose(store.plan.kind)
    else:
        return Asked()
    return Asked(text=text, whose=whose, changed=text.strip() != store.instruction.strip())


def _whose(kind: PlanKind) -> str:
    if kind == PlanKind.MODEL:
        return "The model's plan"
    return "Your plan" if kind == PlanKind.USER else "The candidate"
