"""The hint line names what can be done in every state."""

from __future__ import annotations

from itertools import product

from app.steer import trace_hints
from app.steer.trace_hints import HintState, hint


def test_every_state_has_a_short_hint() -> None:
    seen = set()
    for points, gesture, point, edge, selected, cursor, astray in product(
        (0, 1, 3, 5),
        ("", "stroke", "move"),
        (-1, 0),
        (False, True),
        (-1, 2),
        (False, True),
        ("", "the model's first point"),
    ):
        text = hint(
            HintState(
                points=points,
                gesture=gesture,
                point=point,
                edge=edge,
                selected=selected,
                cursor=cursor,
                astray=astray,
            )
        )
        assert text.endswith(".")
        assert len(text) <= 90
        seen.add(text)
    assert len(seen) > 10


def test_the_hand_comes_before_what_is_selected() -> None:
    assert hint(HintState()) == trace_hints.IDLE_HINT
    assert hint(HintState(points=5, gesture="stroke", selected=1)) == trace_hints.STROKE_HINT
    assert "point 3" in hint(HintState(points=5, gesture="move", point=2, selected=1))
    assert "point 3" in hint(HintState(points=5, point=2, selected=1))
    assert "Point 2" in hint(HintState(points=5, selected=1, astray="the gripper"))
    assert "begin at the gripper" in hint(HintState(points=5, astray="the gripper"))
    assert "add a point" in hint(HintState(points=4, edge=True))
    assert hint(HintState(points=5, edge=True)) == trace_hints.FULL_HINT
    assert hint(HintState(points=4)) == trace_hints.EDIT_HINT
    assert "inserts" in hint(HintState(points=4, selected=0))
    assert "inserts" not in hint(HintState(points=5, selected=0))
