"""The hint line: what can be done with the drawn trace right now, in one short sentence or two.

Every key and gesture of the editor is named by one of these sentences in the state it works in.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.types import MAX_TRACE_POINTS

IDLE_HINT = "Drag from the gripper, or click points; P starts there by keys."
EDIT_HINT = "Drag a dot or the line; full stop selects. Enter steers."
FULL_HINT = f"{MAX_TRACE_POINTS} points, no more fit: drag one, or draw anew. Enter steers."
STROKE_HINT = f"Your line becomes {MAX_TRACE_POINTS} points, as the model takes them. Esc: back."
OUTSIDE_HINT = "That is outside the picture; draw on the picture."
CHANGED_HINT = "The picture changed while you drew, so that gesture was taken back; draw again."
CURSOR_HINT = "Arrows move the cross (Shift: 10 px), P places a point, Esc ends."


@dataclass(frozen=True, slots=True, kw_only=True)
class HintState:
    """What the hint depends on.

    Attributes:
        points: Number of points of the draft.
        gesture: "stroke", "move" or nothing.
        point: Index of the point that is dragged or hovered, -1 for none.
        edge: Whether an edge is hovered.
        selected: Index of the selected point, -1 for none.
        cursor: Whether the cross of the keyboard is shown.
        astray: Where the trace should begin and does not, or nothing.
    """

    points: int = 0
    gesture: str = ""
    point: int = -1
    edge: bool = False
    selected: int = -1
    cursor: bool = False
    astray: str = ""


def hint(state: HintState) -> str:
    """Choose the sentence; what the hand does comes before what is selected."""
    full = state.points >= MAX_TRACE_POINTS
    if state.gesture == "stroke":
        return STROKE_HINT
    if state.gesture == "move":
        return f"Let go to leave point {state.point + 1} here. Esc takes it back."
    if state.cursor:
        return CURSOR_HINT
    if not state.points:
        return IDLE_HINT
    if state.point >= 0:
        return f"Drag to move point {state.point + 1}; double or right click removes it."
    if state.edge:
        return FULL_HINT if full else "Drag the ring to add a point here; right click has more."
    if state.selected >= 0:
        inserts = "" if full else ", I inserts"
        return (
            f"Point {state.selected + 1}: arrows move it (Shift: 10 px), Del removes{inserts}, "
            "keys , and . choose."
        )
    if state.astray:
        return f"Your trace does not begin at {state.astray}; press G to mend that."
    return FULL_HINT if full else EDIT_HINT
