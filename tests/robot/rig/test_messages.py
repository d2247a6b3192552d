"""What travels between rig and client comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest

from core.types import ActionChunk, Frame, RobotState, StudioError
from core.wire import pack, unpack
from robot.rig.messages import (
    Fault,
    FaultInjected,
    Hello,
    Released,
    RunEnded,
    RunStarted,
    SpeedChanged,
    StateChanged,
    StepDone,
    Stopped,
    chunk_from_message,
    chunk_message,
    event_from_message,
    event_message,
    frame_from_message,
    frame_message,
    state_from_message,
    state_message,
)
from robot.rig.states import MotionState

STATE = RobotState(q=np.arange(7.0), ee_pose=np.eye(4), gripper=0.5, t_ns=9, mode="moving")


def over_the_wire(message):
    return unpack(pack(message))


@pytest.mark.parametrize(
    "event",
    [
        RunStarted(run_id="3", steps=8),
        RunEnded(run_id="3", reason="done", steps_done=8),
        Stopped(by="somebody"),
        Released(),
        Fault(sentence="The lab is gone."),
        FaultInjected(name="reflex", detail="in the middle of a motion"),
        StateChanged(state=MotionState.ARMED, digest="ab", expires_s=9.5, holder="client 2"),
        StateChanged(state=MotionState.EXECUTING, run_id="4"),
        StepDone(run_id="3", step=1),
        SpeedChanged(share=0.05),
    ],
)
def test_events(event):
    back = event_from_message(over_the_wire(event_message(event)))
    assert type(back) is type(event)
    for name in type(event).__dataclass_fields__:
        assert getattr(back, name) == getattr(event, name)


def test_a_step_carries_the_state():
    event = StepDone(run_id="1", step=0, state=STATE)
    back = event_from_message(over_the_wire(event_message(event)))
    np.testing.assert_array_equal(back.state.q, STATE.q)


def test_states_frames_and_chunks():
    state = state_from_message(over_the_wire(state_message(STATE)))
    assert (state.mode, state.t_ns, state.gripper) == ("moving", 9, 0.5)
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    frame = Frame(camera="front", image=picture, t_ns=5, seq=2)
    back = frame_from_message(over_the_wire(frame_message(frame)))
    np.testing.assert_array_equal(back.image, picture)
    chunk = ActionChunk(actions=np.ones((2, 7)), rate_hz=4.0)
    again = chunk_from_message(over_the_wire(chunk_message(chunk)))
    assert again.rate_hz == 4.0
    np.testing.assert_array_equal(again.actions, chunk.actions)


def test_a_hello_of_a_newer_rig_is_understood():
    hello = Hello(kind="lab", host="127.0.0.1", cameras={"front": None})
    message = over_the_wire({**hello.to_message(), "later": 1})
    assert Hello.from_message(message) == hello


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"actions": [[0] * 7]},
        {"actions": "x", "rate_hz": 5},
        {"actions": [[0] * 6], "rate_hz": 5},
        {"actions": [[0] * 7], "rate_hz": 0},
        {"actions": [[None] * 7], "rate_hz": "a"},
    ],
)
def test_what_is_no_chunk_is_refused(message):
    with pytest.raises(StudioError):
        chunk_from_message(message)


def test_unknown_events_are_refused():
    with pytest.raises(StudioError):
        event_from_message({"kind": "Surprise"})
