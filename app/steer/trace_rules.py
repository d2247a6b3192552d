"""What may be done to the drawn trace now, and if not, why; see :mod:`app.rules`."""

from __future__ import annotations

from app import rules
from app.observe import trace_start
from app.store import Store
from core.types import MAX_TRACE_POINTS

NOTHING_DRAWN = "There is no drawn trace."
FULL = f"A trace has at most {MAX_TRACE_POINTS} points: drag or remove one, or draw a new line."


def edit(store: Store) -> str:
    """Whether there is a trace that can be edited."""
    return NOTHING_DRAWN if store.draft is None else rules.draw(store)


def choose(store: Store) -> str:
    """Whether there is a point to select."""
    return NOTHING_DRAWN if store.draft is None else ""


def reverse(store: Store) -> str:
    """Whether the trace has a direction that could be turned round."""
    if store.draft is not None and len(store.draft) < 2:
        return "A single point has no direction; add another one."
    return edit(store)


def straighten(store: Store) -> str:
    """Whether the trace has points between its ends."""
    if store.draft is not None and len(store.draft) < 3:
        return "A trace of fewer than three points is straight already."
    return edit(store)


def place(store: Store) -> str:
    """Whether a point can be added."""
    if store.draft is not None and len(store.draft) >= MAX_TRACE_POINTS:
        return FULL
    return rules.draw(store)


def insert(store: Store) -> str:
    """Whether a point can be added next to the selected one."""
    if reason := remove(store):
        return reason
    if store.draft is not None and len(store.draft) < 2:
        return "There is no line to split yet; add another point (P)."
    return place(store)


def remove(store: Store) -> str:
    """Whether a point is selected."""
    if reason := edit(store):
        return reason
    return "Select a point first: click it, or press the full stop key." if store.point < 0 else ""


def start(store: Store) -> str:
    """Whether the trace can be led to where it should begin."""
    begin = trace_start(store)
    if begin is None:
        return (
            "It is not known where the gripper is in this picture; calibrate the camera, or let "
            "the model think first (Space)."
        )
    if store.draft is not None and begin.is_start_of(store.draft):
        return f"The trace begins at {begin.words} already."
    return rules.draw(store)
