"""Each fault of the arm through the real executor: rest, a report, nothing before a release."""

from __future__ import annotations

import inspect
import queue
import time

import numpy as np
import pytest

from core.types import ActionChunk
from robot.base import PreemptedError, Robot, RobotError, RobotLostError
from robot.executor import Executor
from robot.faults.kinds import FACTS, FaultKind
from robot.faults.lab import FaultLab
from robot.faults.plan import FaultPlan, Injection, parse_plan
from robot.faults.robot import MID_MOTION_SECONDS, REFLEXES, FaultyRobot
from robot.guard import Limits, Workspace
from robot.rig.messages import Fault, FaultInjected, RunEnded, RunStarted
from tests.robot.fake_robot import FakeRobot

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
)
CUT = {
    FaultKind.REFLEX: "the tool met more resistance than is allowed (cartesian reflex)",
    FaultKind.USER_STOP: "stop button is pressed",
    FaultKind.GUIDING: "guided by hand",
    FaultKind.NETWORK: "connection to the robot at fake is lost",
    FaultKind.JOIN: "the motion was aborted",
}
"""Faults that end a motion, and what is said about it."""

MODES = {
    FaultKind.REFLEX: "fault",
    FaultKind.USER_STOP: "stopped",
    FaultKind.GUIDING: "guiding",
    FaultKind.JOIN: "idle",
}


class Bench:
    """An executor on a faulty arm around a fake one, on a clock that stands still."""

    def __init__(self):
        self.now = 0.0
        self.inner = FakeRobot()
        self.lab = FaultLab(FaultPlan(), self.inner, [], clock=lambda: self.now)
        self.robot = self.lab.robot
        self.events = queue.Queue()
        self.lab.start(self.events.put)
        self.executor = Executor(self.robot, LIMITS, np.zeros(7), self.events.put)

    def inject(self, kind, seconds=1.0):
        self.lab.inject(Injection(kind=kind, at=0.0, seconds=seconds))

    def run(self, *grips):
        actions = np.zeros((len(grips), 7))
        actions[:, 0], actions[:, 6] = 0.01, grips
        return self.executor.run(ActionChunk(actions=actions), None, self)

    def until(self, kind):
        seen = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=5))
        return seen

    def begin_motion(self, *grips):
        """Start a run that hangs in its motion, as one takes time on a real arm."""
        self.inner.moving.clear()
        self.run(*grips)
        self.until(RunStarted)
        self.until_called("follow")

    def until_called(self, name):
        while name not in self.inner.calls:
            time.sleep(0.001)

    def close(self):
        self.inner.moving.set()
        self.executor.close()
        self.lab.close()


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.close()


def test_without_a_fault_the_arm_does_what_it_is_told(bench):
    bench.run(1, 1, 0)
    assert bench.until(RunEnded)[-1].reason == "done"
    assert bench.inner.calls == ["follow", "close"]
    assert bench.robot.state().mode == "idle"
    assert bench.robot.host == "fake"
    bench.executor.home(bench)
    assert bench.until(RunEnded)[-1].reason == "done"


@pytest.mark.parametrize("kind", CUT)
def test_a_fault_in_the_middle_of_a_motion_ends_it_at_rest(bench, kind):
    bench.begin_motion(1, 1, 1)
    bench.now = 1.0
    bench.inject(kind)
    events = bench.until(RunEnded)
    bench.inner.moving.set()
    said = next(e.sentence for e in events if isinstance(e, Fault))
    assert CUT[kind] in said
    assert events[-1].reason == said
    assert [e.name for e in events if isinstance(e, FaultInjected)] == [kind.value]
    assert "stop" in bench.inner.calls  # the arm inside was braked
    assert bench.inner.visited == []
    assert bench.inner.opening == 1.0
    assert "close" not in bench.inner.calls
    if kind in MODES:
        assert bench.robot.state().mode == MODES[kind]
    else:
        with pytest.raises(RobotLostError):
            bench.robot.state()


@pytest.mark.parametrize("kind", [FaultKind.REFLEX, FaultKind.USER_STOP, FaultKind.NETWORK])
def test_a_fault_that_latches_lets_nothing_move_until_the_arm_is_recovered(bench, kind):
    bench.begin_motion(1)
    bench.now = 1.0
    bench.inject(kind)
    bench.until(RunEnded)
    bench.inner.moving.set()
    for command in (
        lambda: bench.robot.follow(np.eye(4)[None], 0.2),
        lambda: bench.robot.follow_gently(np.eye(4)[None], 0.2),
        lambda: bench.robot.move_joints(np.zeros(7)),
    ):
        with pytest.raises(RobotError):
            command()
    if kind != FaultKind.REFLEX:
        with pytest.raises(RobotError):
            bench.executor.release()  # the button is still pressed, the cable still out
        assert "recover" not in bench.inner.calls
    bench.now = 2.0
    if kind == FaultKind.NETWORK:
        with pytest.raises(RobotLostError):
            bench.robot.state()  # plugged in again, but the connection has to be made anew
    bench.executor.release()
    assert bench.inner.visited == []  # a release moves nothing
    assert bench.robot.state().mode == "idle"
    bench.run(1)
    assert bench.until(RunEnded)[-1].reason == "done"


def test_guiding_passes_by_itself(bench):
    bench.inject(FaultKind.GUIDING)
    assert bench.robot.state().mode == "guiding"
    with pytest.raises(RobotError, match="guided by hand"):
        bench.robot.follow(np.eye(4)[None], 0.2)
    bench.robot.recover()  # does not end it: somebody still holds the buttons
    assert bench.robot.state().mode == "guiding"
    bench.now = 1.0
    assert bench.robot.state().mode == "idle"
    bench.run(1)
    assert bench.until(RunEnded)[-1].reason == "done"


def test_an_exception_comes_only_when_the_end_is_awaited(bench):
    bench.inject(FaultKind.JOIN)
    bench.inner.moving.clear()
    bench.robot.follow(np.eye(4)[None], 0.2)
    assert not bench.robot.wait(0.0)
    bench.now = MID_MOTION_SECONDS
    assert bench.robot.state().mode == "idle"  # the state tells nothing
    assert bench.robot.passed() == 0
    with pytest.raises(RobotError, match="aborted"):
        bench.robot.wait(0.0)
    bench.inner.moving.set()
    bench.robot.follow(np.eye(4)[None], 0.2)  # told once
    assert bench.robot.wait(0.1)


def test_a_fault_waits_for_a_motion_and_strikes_in_its_middle(bench):
    bench.inject(FaultKind.REFLEX)
    assert bench.events.empty()  # it is an event when it takes effect
    assert bench.robot.state().mode == "idle"
    bench.inner.moving.clear()
    bench.robot.follow(np.eye(4)[None], 0.2)
    assert not bench.robot.wait(0.0)
    bench.now = MID_MOTION_SECONDS
    with pytest.raises(RobotError, match=r"\(cartesian reflex\)"):
        bench.robot.wait(0.0)
    assert REFLEXES[0] in bench.events.get_nowait().detail
    assert bench.robot.state().mode == "fault"


def test_two_faults_that_wait_strike_one_motion_each(bench):
    bench.inject(FaultKind.PLAN)
    bench.inject(FaultKind.JOIN)
    bench.inner.moving.clear()
    for words in ("no trajectory", "aborted"):
        bench.robot.follow(np.eye(4)[None], 0.2)
        bench.now += MID_MOTION_SECONDS
        with pytest.raises(RobotError, match=words):
            bench.robot.wait(0.0)
    bench.inner.moving.set()


def test_a_failed_plan_goes_on_with_rests(bench):
    bench.begin_motion(1, 1, 1)
    bench.inject(FaultKind.PLAN)
    bench.now = 1.0
    bench.until_called("follow_gently")
    bench.inner.moving.set()
    assert bench.until(RunEnded)[-1].reason == "done"
    assert len(bench.inner.visited) == 3


def test_a_stop_during_a_fault_is_still_a_stop(bench):
    bench.begin_motion(1, 1)
    bench.now = 1.0
    bench.inject(FaultKind.NETWORK)
    with pytest.raises(RobotLostError):
        bench.executor.stop("a test")
    bench.until(RunEnded)
    assert bench.executor.stopped_by == "a test"
    assert bench.inner.calls.count("stop") == 1  # by the arm itself, as its cable was pulled


def test_a_frozen_state_keeps_its_time_while_the_arm_moves(bench):
    before = bench.robot.state()
    bench.inject(FaultKind.STATE_FREEZE)
    bench.run(1, 1)
    bench.until(RunEnded)
    frozen = bench.robot.state()
    assert frozen.t_ns > before.t_ns
    assert bench.robot.state().t_ns == frozen.t_ns
    assert not np.allclose(frozen.ee_pose, bench.inner.pose)
    np.testing.assert_array_equal(bench.robot.commanded_pose(), frozen.ee_pose)
    bench.now = 1.0
    np.testing.assert_array_equal(bench.robot.state().ee_pose, bench.inner.pose)


def test_a_failing_gripper_leaves_the_fingers_as_they_are(bench):
    bench.inject(FaultKind.GRIPPER_FAIL)
    bench.run(1, 0, 0)
    events = bench.until(RunEnded)
    assert "did not close" in next(e.sentence for e in events if isinstance(e, Fault))
    assert bench.inner.grips == []
    assert bench.inner.opening == 1.0
    assert len(bench.inner.visited) == 2  # the step after the gripper's was not begun
    bench.run(0)
    assert bench.until(RunEnded)[-1].reason == "done"


def test_a_slow_gripper_is_waited_for(bench):
    bench.inject(FaultKind.GRIPPER_SLOW, 0.1)
    bench.run(0, 0)
    assert bench.until(RunEnded)[-1].reason == "done"
    assert bench.inner.grips == [False]


def test_a_stop_reaches_a_gripper_that_has_not_begun(bench):
    bench.inject(FaultKind.GRIPPER_SLOW, 60.0)
    future = bench.robot.set_gripper(False)
    bench.robot.stop_gripper()
    with pytest.raises(PreemptedError):
        future.result(1.0)
    assert bench.inner.grips == []


def test_without_a_network_the_gripper_does_not_hear(bench):
    bench.inject(FaultKind.NETWORK)
    with pytest.raises(RobotLostError):
        bench.robot.set_gripper(False).result(1.0)
    assert bench.inner.grips == []


def test_every_method_of_an_arm_has_been_thought_of():
    wanted = {name for name, _ in inspect.getmembers(Robot) if not name.startswith("_")}
    assert wanted <= set(vars(FaultyRobot))


def test_the_plan_is_carried_out_in_time():
    now = [0.0]
    lab = FaultLab(
        parse_plan("user-stop@5:1s,guiding@5:2s,network@9"), FakeRobot(), [], lambda: now[0]
    )
    assert lab.inject_due() == pytest.approx(5.0)
    now[0] = 5.0
    assert lab.inject_due() == pytest.approx(4.0)
    assert lab.robot.state().mode == "stopped"
    now[0] = 20.0
    assert lab.inject_due() is None
    with pytest.raises(RobotLostError):
        lab.robot.state()
    assert str(lab.plan).startswith("user-stop@5:1s")


def test_the_thread_injects_by_itself_and_ends():
    events = queue.Queue()
    lab = FaultLab(parse_plan("guiding@0"), FakeRobot(), [])
    lab.start(events.put)
    event = events.get(timeout=5)
    assert event.name == "guiding"
    assert FACTS[FaultKind.GUIDING].what in event.detail
    lab.close()
