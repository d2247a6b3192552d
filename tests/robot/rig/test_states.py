"""Every pair of state and trigger: where it leads, or that it is refused."""

from __future__ import annotations

import itertools

import pytest

from robot.guard import RejectedError
from robot.rig.states import MotionState, Trigger, next_state

TABLE = """
          disconnected connected idle      previewed armed     executing hold      stopped fault
connect   idle         .         .         .         .         .         .         .       .
lose      .            lost      lost      lost      lost      lost      lost      .       .
ready     .            idle      .         .         .         .         .         .       .
unready   .            .         connected connected connected .         connected .       .
reject    .            .         .         idle      idle      .         .         .       .
disarm    .            .         .         idle      idle      .         .         .       .
expire    .            .         .         .         previewed .         .         .       .
end       .            .         .         .         .         idle      .         .       .
hold      .            .         .         hold      hold      hold      .         .       .
stop      stopped      stopped   stopped   stopped   stopped   stopped   stopped   .       .
fail      fault        fault     fault     fault     fault     fault     fault     fault   .
preview   x            x         previewed .         previewed .         previewed x       x
arm       x            x         x         armed     .         .         x         x       x
run       x            x         x         x         executing x         x         x       x
supersede x            x         x         x         x         .         x         x       x
move      x            x         executing executing x         x         executing x       x
release   idle         idle      .         idle      idle      x         idle      idle    idle
"""
"""What follows: a dot where nothing changes, an x where it is refused."""


def rows():
    heads, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (trigger, state, cell.replace("lost", "disconnected"))
        for trigger, *cells in lines
        for state, cell in zip(heads, cells, strict=True)
    ]


def test_the_table_is_complete():
    assert {(row[0], row[1]) for row in rows()} == {
        (trigger.value, state.value) for trigger, state in itertools.product(Trigger, MotionState)
    }


@pytest.mark.parametrize(("trigger", "state", "expected"), rows())
def test_transition(trigger, state, expected):
    if expected == "x":
        with pytest.raises(RejectedError) as caught:
            next_state(MotionState(state), Trigger(trigger))
        assert str(caught.value)[0].isupper()
        assert str(caught.value).endswith(".")
    else:
        following = next_state(MotionState(state), Trigger(trigger))
        assert following == (state if expected == "." else expected)


@pytest.mark.parametrize(
    ("connected", "ready", "expected"),
    [
        (True, True, "idle"),
        (True, False, "connected"),
        (False, True, "disconnected"),
        (False, False, "disconnected"),
    ],
)
@pytest.mark.parametrize(
    ("state", "trigger"), [("fault", "release"), ("stopped", "release"), ("executing", "end")]
)
def test_an_arm_comes_to_rest_where_it_can(state, trigger, connected, ready, expected):
    following = next_state(MotionState(state), Trigger(trigger), connected=connected, ready=ready)
    assert following == expected


def test_only_a_run_of_an_armed_plan_or_a_plain_move_sets_the_arm_in_motion():
    into = {
        (state, trigger)
        for state, trigger in itertools.product(MotionState, Trigger)
        if state is not MotionState.EXECUTING and leads_to(state, trigger) is MotionState.EXECUTING
    }
    assert into == {
        (MotionState.ARMED, Trigger.RUN),
        (MotionState.IDLE, Trigger.MOVE),
        (MotionState.PREVIEWED, Trigger.MOVE),
        (MotionState.HOLD, Trigger.MOVE),
    }


def leads_to(state, trigger):
    try:
        return next_state(state, trigger)
    except RejectedError:
        return None
