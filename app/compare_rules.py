"""What may be kept, compared and chosen now, and if not, why; as in :mod:`app.rules`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app import rules
from app.steer.absence import no_steering
from app.steer.instruction_panel import instruction_problem
from app.store import CANDIDATES, Phase, PlanKind, Store


def room(store: Store) -> str:
    """Whether another candidate can be kept."""
    if len(store.candidates) < len(CANDIDATES):
        return ""
    return f"{len(CANDIDATES)} candidates are kept already; drop one first (Shift+K)."


def keep(store: Store) -> str:
    """Whether the drawn trace can be kept as a candidate."""
    if store.draft is None or len(store.draft) < 2:
        return "Draw a trace first; then it can be kept beside others."
    for kind, candidate in store.candidates.items():
        if candidate.points is not None and np.array_equal(candidate.points, store.draft):
            return f"This trace is kept already, as candidate {kind.number}."
    return room(store)


def add_wording(store: Store, text: str) -> str:
    """Whether an instruction can be kept as a candidate."""
    if problem := instruction_problem(text):
        return problem
    same = text.casefold()
    if same == store.instruction.strip().casefold():
        return "These are the words of the instruction already; choose others."
    if any(same == candidate.wording.casefold() for candidate in store.candidates.values()):
        return "This wording is kept already."
    return room(store)


def compare(store: Store) -> str:
    """Whether there are several plans to ask for, and a policy to ask."""
    if reason := rules.think(store):
        return reason
    drawn = store.draft is not None and len(store.draft) >= 2
    if not drawn and not store.candidates:
        return "Draw a trace or keep a candidate first; there is nothing to compare with."
    traces = drawn or any(c.points is not None for c in store.candidates.values())
    return no_steering(store.capabilities) if traces else ""


def at_hand(store: Store) -> PlanKind | None:
    """Return the selected candidate, or else the one that was kept last."""
    if store.selected in store.candidates:
        return store.selected
    return next(reversed(store.candidates), None)


def drop(store: Store) -> str:
    """Whether there is a candidate to let go."""
    if store.phase == Phase.RUNNING or store.auto:
        return "The arm is moving; stop it first (Esc)."
    return "" if store.candidates else "There are no candidates; K keeps your trace as one."


def edit(store: Store, kind: PlanKind | None = None) -> str:
    """Whether there is a candidate's trace to take over as yours; None is the one at hand."""
    kind = kind or at_hand(store)
    if kind is None or kind not in store.candidates:
        return "There are no candidates; K keeps your trace as one."
    if store.candidates[kind].points is None:
        return "This candidate is a wording; it has no trace."
    return rules.draw(store)


def choose(number: int) -> Callable[[Store], str]:
    """Return the rule of the key that selects the plan of a number."""
    kind = list(PlanKind)[number - 1]

    def rule(store: Store) -> str:
        if store.phase == Phase.RUNNING or store.auto:
            return "The arm is moving; stop it first (Esc)."
        return "" if kind in store.plans else f"There is no plan {number}."

    return rule
