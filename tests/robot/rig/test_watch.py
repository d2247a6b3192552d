"""What the watch makes of what it finds: hold, stop, disarm, or nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.types import ActionChunk, Frame
from robot.rig.authority import ARM_SECONDS, Authority
from robot.rig.plan import Peer, Plan
from robot.rig.watch import Watch
from robot.rig.watchdogs import LAB_WATCH
from tests.robot.fake_robot import FakeRobot

ME = Peer(name="client 1")
LIMITS = replace(LAB_WATCH, frame_seconds=1.0, state_seconds=0.5)
WALL = 1.7e9


class Desk:
    """An authority with the clock of the test, and what the arm would be told."""

    def __init__(self):
        self.now = 5000.0
        self.done = []
        self.shown = 0
        self.authority = Authority(
            clock=lambda: self.now, obstacle=lambda: "", on_change=lambda _: None
        )
        self.watch = Watch(cameras=["front"], limits=LIMITS, report=print, clock=lambda: self.now)

    def decide(self, ask):
        return ask(self.authority)

    def hold(self, why):
        self.done.append("hold")
        self.authority.hold(why)

    def stop(self, by):
        self.done.append("stop")
        self.authority.stop(by)

    def plan(self, until):
        chunk = ActionChunk(actions=np.zeros((1, 7)))
        self.authority.previewed(Plan(digest="one", chunk=chunk, owner=ME, start=np.eye(4)))
        if until != "previewed":
            self.authority.arm("one", ME)
        if until == "executing":
            self.authority.start("one", ME, "1")

    def look(self, later=0.0, jump=0.0):
        self.now += later
        self.watch.look(self, self.now, WALL + self.now + jump)
        return self.authority.state.value

    def show(self, frame=True, state=True):
        """Let picture and state be those of now."""
        if frame:
            self.shown += 1
            image = np.full((8, 8, 3), self.shown, np.uint8)
            t_ns = int(self.now * 1e9)
            self.watch.see(Frame(camera="front", image=image, t_ns=t_ns, seq=self.shown))
        if state:
            self.watch.measure(replace(FakeRobot().state(), t_ns=int(self.now * 1e9)))


@pytest.fixture
def desk():
    made = Desk()
    made.show()
    return made


@pytest.mark.parametrize("state", ["previewed", "armed", "executing"])
def test_while_all_is_well_nothing_happens(desk, state):
    desk.plan(state)
    assert desk.look(0.3) == state
    assert desk.done == []


@pytest.mark.parametrize("state", ["previewed", "armed", "executing"])
def test_a_dark_camera_holds_what_a_plan_moves_or_will(desk, state):
    desk.plan(state)
    desk.now += 1.1
    desk.show(frame=False)
    assert desk.look() == "hold"
    assert "front" in desk.authority.why


def test_a_dark_camera_lets_the_arm_go_home(desk):
    desk.authority.move(ME, "1")
    desk.now += 1.1
    desk.show(frame=False)
    assert desk.look() == "executing"


def test_an_old_state_stops_whatever_moves(desk):
    desk.authority.move(ME, "1")
    assert desk.look(0.6) == "stopped"
    assert "state is 600 ms old" in desk.authority.why


def test_an_old_state_holds_what_is_only_planned(desk):
    desk.plan("armed")
    assert desk.look(0.6) == "hold"


def test_a_clock_that_jumps_disarms_and_says_so(desk):
    desk.plan("armed")
    assert desk.look() == "armed"
    assert desk.look(0.02, jump=90.0) == "idle"
    assert "clock jumped by +90.0 s" in desk.authority.why


def test_a_clock_that_jumps_lets_a_motion_end(desk):
    desk.plan("executing")
    desk.look()
    assert desk.look(0.02, jump=90.0) == "executing"


def test_arming_expires_by_the_watch(desk):
    desk.plan("armed")
    desk.now += ARM_SECONDS + 0.1
    desk.show()
    assert desk.look() == "previewed"
