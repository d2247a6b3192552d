"""The hand talks to one client at a time, and may not answer at all."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from robot import franka_gripper
from robot.base import PreemptedError, RobotLostError
from robot.franka_gripper import FrankaGripper


class Hand:
    """Behaves as the hand's server does: the next client waits until the last one is gone."""

    free = threading.Semaphore(1)
    width = 0.08

    def __init__(self, _host):
        Hand.free.acquire()

    def __del__(self):
        Hand.free.release()

    @property
    def state(self):
        return SimpleNamespace(width=Hand.width, max_width=0.08)

    def move(self, width, _speed):
        Hand.width = width
        return True

    def grasp(self, _width, _speed, _force, *, epsilon_outer):
        Hand.width = 0.042
        return epsilon_outer > 0

    def stop(self):
        pass


@pytest.fixture(autouse=True)
def hand(monkeypatch):
    monkeypatch.setattr(Hand, "free", threading.Semaphore(1))
    monkeypatch.setattr(Hand, "width", 0.08)
    monkeypatch.setattr(franka_gripper.franky, "Gripper", Hand)
    monkeypatch.setattr(franka_gripper, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(franka_gripper, "POLL_SECONDS", 0.005)


def test_one_that_was_closed_lets_the_next_one_in():
    first = FrankaGripper("127.0.0.1")
    first.start(opened=False).result(2)
    first.close()
    second = FrankaGripper("127.0.0.1")
    assert (second.opening, second.max_width) == (0.042 / 0.08, 0.08)
    second.start(opened=True).result(2)
    second.close()
    assert (first.is_closed, first.max_width) == (True, 0.0)


def test_a_hand_that_another_client_holds_is_said_and_not_waited_for():
    first = FrankaGripper("127.0.0.1")
    with pytest.raises(RobotLostError, match="another program"):
        FrankaGripper("127.0.0.1")
    first.close()


def test_a_command_to_a_closed_one_ends():
    gripper = FrankaGripper("127.0.0.1")
    gripper.close()
    gripper._gripper = None
    done = gripper.start(opened=True)
    threading.Thread(target=gripper._work, daemon=True).start()
    with pytest.raises(PreemptedError):
        done.result(2)
    gripper._jobs.put(None)
