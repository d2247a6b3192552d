"""What the session file says about the policy that answered."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.session_log import SessionLog
from core.session.events import Fault, Note, SessionStarted
from core.types import ActionChunk, Capabilities, Frame
from robot.rig import messages


def test_the_start_names_policy_and_weights() -> None:
    kept: list[Any] = []
    log = SessionLog()
    log.attach(kept.append)
    log.started(Capabilities(name="small", checkpoint="ab" * 32), None, {"theme": "dark"})
    log.started(None, None, {})
    first, second = kept
    assert isinstance(first, SessionStarted)
    assert (first.policy, first.checkpoint) == ("small", "ab" * 32)
    assert (second.policy, second.checkpoint) == ("", "")


def test_listeners_hear_of_an_event_once_however_late_it_is_written() -> None:
    heard: list[Any] = []
    written: list[Any] = []
    log = SessionLog()
    log.listen(heard.append)
    log.note("kept back")
    log.attach(written.append)
    assert [event.text for event in heard] == ["kept back"]
    assert written == heard


def test_what_a_dead_recorder_did_not_save_goes_first_into_the_next_file() -> None:
    written: list[Any] = []
    log = SessionLog()
    log.note("after it died")
    log.take_back([Note(text="on the way"), Note(text="in the queue")])
    log.attach(written.append)
    assert [event.text for event in written] == ["on the way", "in the queue", "after it died"]
    log.take_back([Note(text="late")])
    assert written[-1].text == "late"


def test_pictures_are_previews_while_the_arm_stands_still() -> None:
    kept: list[Any] = []
    log = SessionLog()
    log.attach(kept.append)

    def see(second: int) -> bool:
        image = np.zeros((2, 2, 3), np.uint8)
        log.frame(Frame(camera="front", image=image, t_ns=second * 10**9))
        return kept[-1].preview

    assert see(1)
    log.run_started("r", ActionChunk(actions=np.zeros((1, 7))), 1, 0)
    assert not see(2)
    log.rig_event(messages.StepDone(run_id="r", step=0))
    assert not see(3)
    log.rig_event(messages.RunEnded(run_id="r", reason="done", steps_done=1))
    assert see(4)


def test_injected_faults_are_in_the_file_and_end_no_run() -> None:
    kept: list[Any] = []
    log = SessionLog()
    log.attach(kept.append)
    log.run_started("r", ActionChunk(actions=np.zeros((1, 7))), 1, 0)
    log.rig_event(messages.FaultInjected(name="camera-freeze", detail="the camera front"))
    assert isinstance(kept[-1], Fault)
    assert kept[-1].source == "fault lab"
    assert kept[-1].sentence == "Injected camera-freeze: the camera front."
    log.frame(Frame(camera="front", image=np.zeros((2, 2, 3), np.uint8), t_ns=1))
    assert not kept[-1].preview  # pictures of a running motion are kept
