"""The executor: steps in order, gripper in between, stop before everything."""

from __future__ import annotations

import queue
import threading

import numpy as np
import pytest

from core.types import ActionChunk
from robot.base import PlanError, RobotError, RobotLostError
from robot.executor import Executor
from robot.guard import Limits, RejectedError, Workspace
from robot.rig.messages import Fault, Released, RunEnded, RunStarted, StepDone, Stopped
from robot.runs import SUPERSEDED
from tests.robot.fake_robot import START, FakeRobot

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5])),
    gripper_changes=2,
)
ME = object()


def chunk(*grips, dx=0.01):
    actions = np.zeros((len(grips), 7))
    actions[:, 0] = dx
    actions[:, 6] = grips
    return ActionChunk(actions=actions)


class Bench:
    """An executor on a fake arm, and what it reports."""

    def __init__(self):
        self.robot = FakeRobot()
        self.events = queue.Queue()
        self.executor = Executor(self.robot, LIMITS, np.zeros(7), self.events.put)

    def run(self, *args, **kwargs):
        return self.executor.run(chunk(*args, **kwargs), None, ME)

    def until(self, kind):
        seen = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=5))
        return seen


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.robot.moving.set()
    made.executor.close()


def test_a_run_visits_every_pose_and_reports_every_step(bench):
    run_id = bench.run(1, 1, 1)
    events = bench.until(RunEnded)
    assert isinstance(events[0], RunStarted)
    assert events[0].steps == 3
    assert [e.step for e in events if isinstance(e, StepDone)] == [0, 1, 2]
    assert (events[-1].run_id, events[-1].reason, events[-1].steps_done) == (run_id, "done", 3)
    np.testing.assert_allclose(bench.robot.pose[:3, 3], START + np.array([0.03, 0.0, 0.0]))
    assert bench.robot.calls == ["follow"]  # one smooth motion; the gripper was open already


def test_the_gripper_changes_where_its_step_ends(bench):
    bench.run(1, 1, 0, 0, 1)
    bench.until(RunEnded)
    assert bench.robot.calls == ["follow", "close", "follow", "open"]
    assert len(bench.robot.visited) == 5


def test_a_gripper_in_an_unknown_state_is_told_at_the_first_step(bench):
    bench.robot.opening = 0.5
    bench.run(0, 0)
    bench.until(RunEnded)
    assert bench.robot.calls == ["follow", "close", "follow"]
    bench.run(0, 0)
    bench.until(RunEnded)
    assert bench.robot.calls[3:] == ["follow"]


def test_only_the_first_steps_are_executed(bench):
    bench.executor.run(chunk(1, 1, 1, 1), 2, ME)
    assert bench.until(RunEnded)[-1].steps_done == 2
    assert len(bench.robot.visited) == 2


def test_chunks_continue_from_the_commanded_pose(bench):
    bench.run(1)
    bench.until(RunEnded)
    bench.robot.pose[1, 3] += 0.003  # the arm sags a little; the next chunk does not inherit it
    preview = bench.executor.preview(chunk(1))
    np.testing.assert_allclose(preview.poses[0, :3, 3], START + np.array([0.01, 0.0, 0.0]))
    bench.robot.pose[1, 3] += 0.02  # somebody moved it: start from where it is
    preview = bench.executor.preview(chunk(1))
    assert preview.poses[0, 1, 3] == pytest.approx(0.023)


def test_the_guard_rejects_and_nothing_moves(bench):
    with pytest.raises(RejectedError, match="mm") as caught:
        bench.run(1, dx=0.2)
    assert caught.value.step == 0
    with pytest.raises(RejectedError):
        bench.executor.run(chunk(1), 5, ME)
    assert bench.robot.calls == []
    assert bench.events.empty()


def test_stop_ends_the_run_and_latches(bench):
    bench.robot.moving.clear()
    bench.run(1, 1)
    bench.until(RunStarted)
    bench.executor.stop("a test")
    events = [bench.events.get(timeout=5) for _ in range(2)]
    assert {type(e) for e in events} == {Stopped, RunEnded}
    ended = next(e for e in events if isinstance(e, RunEnded))
    assert (ended.reason, ended.steps_done) == ("stopped", 0)
    bench.robot.moving.set()
    with pytest.raises(RejectedError, match="a test"):
        bench.run(1)
    with pytest.raises(RejectedError, match="a test"):
        bench.executor.home(ME)
    bench.executor.release()
    bench.until(Released)
    bench.run(1)
    assert bench.until(RunEnded)[-1].reason == "done"


def test_stop_ends_a_gripper_that_hangs(bench):
    bench.robot.gripper_hangs = True
    bench.run(0, 0)
    while "close" not in bench.robot.calls:
        threading.Event().wait(0.005)
    bench.executor.stop("a test")
    assert bench.until(RunEnded)[-1].reason == "stopped"
    assert "stop_gripper" in bench.robot.calls
    assert len(bench.robot.visited) == 1


def test_only_one_run_at_a_time(bench):
    bench.robot.moving.clear()
    bench.run(1)
    with pytest.raises(RejectedError, match="still moving"):
        bench.run(1)
    bench.robot.moving.set()
    bench.until(RunEnded)


def test_leaving_stops_only_what_one_has_started(bench):
    bench.robot.moving.clear()
    bench.run(1)
    bench.executor.stop_owner(object(), "somebody else")
    assert not bench.executor.stopped_by
    bench.executor.stop_owner(ME, "the owner")
    assert bench.executor.stopped_by == "the owner"
    bench.until(RunEnded)


def test_a_path_without_a_plan_is_followed_gently(bench):
    bench.robot.fault = PlanError("no trajectory")
    bench.run(1, 1, 1)
    assert bench.until(RunEnded)[-1].reason == "done"
    assert bench.robot.calls == ["follow", "follow_gently"]
    np.testing.assert_allclose(bench.robot.pose[:3, 3], START + np.array([0.03, 0.0, 0.0]))


@pytest.mark.parametrize("error", [RobotError("A reflex."), RobotLostError("Gone.")])
def test_a_fault_ends_the_run_with_its_sentence(bench, error):
    bench.robot.fault = error
    bench.run(1, 1)
    events = bench.until(RunEnded)
    assert [e.sentence for e in events if isinstance(e, Fault)] == [str(error)]
    assert events[-1].reason == str(error)
    assert "stop" in bench.robot.calls
    bench.run(1)
    assert bench.until(RunEnded)[-1].reason == "done"


def test_a_lost_arm_refuses_and_a_stop_still_latches(bench):
    bench.robot.lost = True
    with pytest.raises(RobotLostError):
        bench.run(1)
    with pytest.raises(RobotLostError):
        bench.executor.stop("a test")
    assert bench.executor.stopped_by == "a test"
    with pytest.raises(RobotLostError):
        bench.executor.release()
    assert bench.executor.stopped_by == "a test"


def test_home_opens_the_gripper_first_when_asked(bench):
    bench.executor.home(ME, open_gripper=True)
    assert bench.until(RunEnded)[-1].reason == "done"
    assert bench.robot.calls == ["open", "move_joints"]


@pytest.mark.parametrize(("failures", "reason"), [(2, "done"), (3, "no trajectory")])
def test_a_gentle_path_is_tried_again_from_where_the_arm_rests(bench, failures, reason):
    robot = bench.robot
    robot.fault = PlanError("no trajectory")
    again = [PlanError("no trajectory")] * failures
    begin = robot.follow_gently

    def follow_gently(poses, step_seconds):
        begin(poses, step_seconds)
        robot.fault = again.pop() if again else None

    robot.follow_gently = follow_gently
    bench.run(1, 1, 1)
    assert bench.until(RunEnded)[-1].reason == reason
    assert robot.calls[:4] == ["follow", "follow_gently", "follow_gently", "follow_gently"]


def supersede(bench, *grips, **kwargs):
    return bench.executor.run(chunk(*grips, **kwargs), None, ME, supersede=True)


def ended(bench, run_id):
    while True:
        event = bench.events.get(timeout=5)
        if isinstance(event, RunEnded) and event.run_id == run_id:
            return event


def test_a_plan_takes_over_without_a_stop(bench):
    bench.robot.moving.clear()
    first = bench.run(1, 1)
    bench.until(RunStarted)
    second = supersede(bench, 1, dx=-0.02)
    assert ended(bench, first).reason == SUPERSEDED
    bench.robot.moving.set()
    assert ended(bench, second).reason == "done"
    assert bench.robot.calls == ["follow", "follow"]  # the targets are replaced, nothing rests
    np.testing.assert_allclose(bench.robot.pose[:3, 3], START - np.array([0.02, 0.0, 0.0]))


def test_a_plan_that_takes_over_starts_where_the_arm_is(bench):
    bench.robot.moving.clear()
    bench.run(1, 1)
    bench.until(RunStarted)
    bench.robot.pose[0, 3] += 0.007
    preview = bench.executor.preview(chunk(1))
    assert preview.poses[0, 0, 3] == pytest.approx(START[0] + 0.007)


def test_a_gripper_finishes_before_a_plan_takes_over(bench):
    bench.robot.gripper_hangs = True
    first = bench.run(0, 0)
    while "close" not in bench.robot.calls:
        threading.Event().wait(0.005)
    second = supersede(bench, 0)
    threading.Event().wait(0.05)
    assert bench.robot.calls == ["follow", "close"]
    bench.robot._grip.set_result(None)
    assert ended(bench, first).reason == SUPERSEDED
    assert ended(bench, second).reason == "done"
    assert "stop_gripper" not in bench.robot.calls


def test_a_plan_that_comes_too_late_is_dropped(bench):
    bench.robot.gripper_hangs = True
    bench.run(0, 0)
    while "close" not in bench.robot.calls:
        threading.Event().wait(0.005)
    late = supersede(bench, 0)
    bench.robot.pose[0, 3] += 0.05
    bench.robot._grip.set_result(None)
    assert "too late" in ended(bench, late).reason
    assert bench.robot.calls.count("follow") == 1
    assert not bench.executor.stopped_by


def test_a_plan_does_not_outlive_what_it_was_to_take_over_from(bench):
    bench.robot.gripper_hangs = True
    bench.run(0, 0)
    while "close" not in bench.robot.calls:
        threading.Event().wait(0.005)
    late = supersede(bench, 0)
    bench.robot._grip.set_exception(RobotError("It is stuck."))
    assert ended(bench, late).reason == "It is stuck."
    assert bench.robot.calls.count("follow") == 1


def test_nothing_takes_over_twice_or_from_the_way_home(bench):
    bench.robot.moving.clear()
    home = bench.executor.home(ME)
    with pytest.raises(RejectedError, match="still moving"):
        supersede(bench, 1)
    bench.robot.moving.set()
    ended(bench, home)


def test_a_stop_ends_both_plans(bench):
    bench.robot.gripper_hangs = True
    first = bench.run(0, 0)
    while "close" not in bench.robot.calls:
        threading.Event().wait(0.005)
    second = supersede(bench, 0)
    bench.executor.stop("a test")
    assert ended(bench, first).reason == "stopped"
    assert ended(bench, second).reason == "stopped"
    assert bench.robot.calls.count("follow") == 1


def test_a_hold_ends_both_plans_and_leaves_the_gripper(bench):
    bench.robot.moving.clear()
    bench.run(1, 1)
    bench.until(RunStarted)
    second = supersede(bench, 1)
    bench.executor.hold("a camera froze")
    assert ended(bench, second).reason == "a camera froze"
    assert "stop_gripper" not in bench.robot.calls
    assert not bench.executor.stopped_by


def test_a_replaced_motion_is_measured_from_the_command_on(bench):
    run_id = bench.run(1, 1)
    events = bench.until(RunEnded)
    assert events[-1].run_id == run_id
    assert events[-1].latency_ms >= 0.0
    assert all(e.latency_ms is not None for e in events if isinstance(e, StepDone))
    bench.robot.moving.clear()
    bench.run(1)
    bench.until(RunStarted)
    bench.executor.stop("a test")
    assert bench.until(RunEnded)[-1].latency_ms is None


@pytest.mark.parametrize(("width", "holds"), [(0.3, True), (0.0, False)])
def test_closing_tells_whether_something_is_held(bench, width, holds):
    bench.robot.closed_at = width
    bench.run(1, 0, 0)
    found = [e.holds for e in bench.until(RunEnded) if isinstance(e, StepDone)]
    assert found == [None, holds, None]


def test_no_gripper_command_follows_a_stop(bench):
    bench.robot.moving.clear()
    bench.run(1, 0)
    bench.until(RunStarted)
    bench.executor.stop("a test")
    bench.robot.moving.set()
    bench.until(RunEnded)
    assert not bench.robot.grips


def test_a_failure_leaves_the_gripper_as_it_is(bench):
    bench.robot.fault = RobotError("A reflex.")
    bench.run(1, 0)
    bench.until(RunEnded)
    assert not bench.robot.grips
    assert "stop_gripper" not in bench.robot.calls
