from __future__ import annotations

import json

import numpy as np
import pytest

from core.types import StudioError
from robot.base import RobotLostError
from robot.driver_log import CallReader, logged
from tests.robot.fake_robot import FakeRobot


def test_calls_are_passed_on_and_noted_with_their_times(tmp_path):
    arm = FakeRobot()
    robot = logged(arm, tmp_path / "calls.jsonl")
    robot.follow(np.eye(4)[None], 0.2)
    assert robot.state().mode == "idle"
    assert robot.host == "fake"
    robot.stop()
    robot.close()
    assert arm.calls[-2:] == ["stop", "close_robot"]
    reader = CallReader(tmp_path / "calls.jsonl")
    reader.look()
    assert [call["call"] for call in reader.calls] == ["follow", "stop"]
    assert all(call["begun"] <= call["ended"] for call in reader.calls)
    assert not any(call["error"] for call in reader.calls)


def test_a_call_that_fails_is_noted_and_fails(tmp_path):
    arm = FakeRobot()
    robot = logged(arm, tmp_path / "calls.jsonl")
    arm.lost = True
    with pytest.raises(RobotLostError):
        robot.stop()
    arm.lost = False
    robot.close()
    line = json.loads((tmp_path / "calls.jsonl").read_text().splitlines()[0])
    assert (line["call"], line["error"]) == ("stop", "RobotLostError")


def test_a_reader_follows_a_log_that_grows(tmp_path):
    path = tmp_path / "calls.jsonl"
    reader = CallReader(path)
    reader.look()
    path.write_text('{"call": "stop"}\n{"call": "ho')
    reader.look()
    assert reader.calls == [{"call": "stop"}]
    with path.open("a") as stream:
        stream.write('me"}\n')
    reader.look()
    assert reader.calls == [{"call": "stop"}, {"call": "home"}]


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(StudioError, match="driver's log"):
        logged(FakeRobot(), tmp_path / "missing" / "calls.jsonl")
