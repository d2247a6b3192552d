"""What clients may ask about motion, over real sockets: arming, holders, setup, watchdogs."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from websockets.sync.client import connect

from core.wire import pack, unpack
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.rules import LAB
from tests.robot.fake_robot import FakeRobot
from tests.robot.rig.bodies import Arm, Camera, armed, can_arm, until
from tests.robot.rig.served import chunk, eventually, served


@pytest.fixture
def arm():
    return Arm()


def test_a_client_hears_what_holds_when_it_connects(arm):
    with served(arm) as url, RigClient(url) as client:
        assert client.motion.state == "idle"
        assert until(client, "idle").holder == ""
        assert (client.speed, client.max_speed, client.hold_to_run) == (0.3, 1.0, False)


def test_nothing_moves_without_each_step(arm):
    with served(arm) as url, RigClient(url) as client:
        with pytest.raises(RejectedError, match="preview"):
            client.start("")
        preview = client.preview(chunk())
        assert until(client, "previewed").digest == preview.digest
        with pytest.raises(RejectedError, match="not armed"):
            client.start(preview.digest)
        client.preview(chunk())
        assert client.arm(preview.digest) == 10.0
        assert until(client, "armed").expires_s == pytest.approx(10.0, abs=0.5)
        assert arm.calls == []
        client.wait_ended(client.start(preview.digest), 5)
        assert until(client, "executing").digest == preview.digest
        until(client, "idle")


def test_an_edit_after_arming_keeps_the_arm_where_it_is(arm):
    with served(arm) as url, RigClient(url) as client:
        digest = armed(client, context="trace one")
        client.disarm("The trace was edited.")
        with pytest.raises(RejectedError):
            client.start(digest)
        armed(client, context="trace one")
        edited = client.preview(chunk(), context="trace two").digest
        assert edited != digest
        for name in (digest, edited):
            with pytest.raises(RejectedError):
                client.start(name)
        assert arm.calls == []


def test_a_run_is_done_once(arm):
    with served(arm) as url, RigClient(url) as client:
        digest = armed(client)
        client.wait_ended(client.start(digest), 5)
        with pytest.raises(RejectedError):
            client.start(digest)
        assert arm.calls == ["follow"]


def test_an_arm_that_was_pushed_is_previewed_again(arm):
    with served(arm) as url, RigClient(url) as client:
        digest = armed(client)
        arm.pose = arm.pose.copy()
        arm.pose[0, 3] += 0.02
        with pytest.raises(RejectedError, match="moved 20 mm"):
            client.start(digest)
        assert arm.calls == []
        assert client.motion.state == "idle"


def test_a_repeated_request_is_refused(arm):
    with (
        served(arm) as url,
        RigClient(url) as other,
        connect(f"{url}/control", proxy=None) as control,
    ):
        control.recv()
        control.recv()
        request = pack({"id": 5, "op": "claim"})
        control.send(request)
        answers = []
        for message in (request, pack({"id": 4, "op": "yield"}), pack({"op": "yield"})):
            control.send(message)
        while len(answers) < 4:
            message = unpack(control.recv(timeout=5))
            answers += [message] if "event" not in message else []
        assert "result" in answers[0]
        assert [("once only" in answer.get("error", "")) for answer in answers] == [
            False,
            True,
            True,
            True,
        ]
        with pytest.raises(RejectedError, match="another window"):
            other.claim()  # so nothing was yielded


def test_a_stop_is_never_refused_for_its_number(arm):
    with served(arm) as url, connect(f"{url}/stop", proxy=None) as stop:
        for number in (9, 9, 1, "x"):
            stop.send(pack({"id": number, "op": "stop", "by": "a test"}))
            answer = unpack(stop.recv(timeout=5))
            assert ("result" in answer) == (number != "x")
        assert arm.calls.count("stop") >= 3


def test_two_windows_cannot_hold_the_arm(arm):
    with served(arm) as url, RigClient(url) as one, RigClient(url) as two:
        digest = armed(one)
        assert two.preview(chunk()).verdict.ok  # looking is free, and disarms nobody
        for wish in (
            two.claim,
            two.home,
            two.tidy,
            lambda: two.run(chunk()),
            lambda: two.arm(digest),
            lambda: two.start(digest),
            lambda: two.disarm("no"),
            lambda: two.set_speed(0.2),
            lambda: two.set_workspace([0.2, -0.5, 0], [1, 0.5, 1]),
        ):
            with pytest.raises(RejectedError, match="another window holds the arm"):
                wish()
        one.wait_ended(one.start(digest), 5)
        one.yield_()
        two.wait_ended(two.run(chunk()), 5)
        assert two.motion.holder == two.name
        two.close()
        eventually(lambda: one.motion.holder == "")
        one.claim()


def test_anybody_stops_but_only_the_holder_releases(arm):
    with served(arm) as url, RigClient(url) as one, RigClient(url) as two:
        arm.moving.clear()
        run_id = one.run(chunk())
        two.stop("the other window")
        assert one.wait_ended(run_id, 5).reason == "stopped"
        with pytest.raises(RejectedError, match="another window"):
            two.release_stop()
        one.release_stop()
        assert until(one, "stopped").why.startswith("The arm was stopped by the other window")


def test_a_dark_camera_holds_the_arm_and_then_keeps_it_from_arming(arm):
    camera = Camera()
    rules = replace(LAB, watch=replace(LAB.watch, frame_seconds=0.3))
    with served(arm, rules, cameras=[camera]) as url, RigClient(url) as client:
        eventually(lambda: can_arm(client))
        arm.moving.clear()
        run_id = client.run(chunk())
        camera.dark.set()
        assert "front" in until(client, "hold").why
        assert "front" in client.wait_ended(run_id, 5).reason
        assert "stop_gripper" not in arm.calls  # it keeps what it holds
        assert not client.is_latched()
        with pytest.raises(RejectedError, match="front"):
            client.run(chunk())
        arm.moving.set()
        client.home()  # the way home needs no eyes
        camera.dark.clear()
        eventually(lambda: can_arm(client))
        assert client.wait_ended(client.run(chunk()), 5).reason == "done"


def test_a_frozen_camera_holds_the_arm(arm):
    camera = Camera()
    rules = replace(LAB, watch=replace(LAB.watch, frozen_metres=0.002))
    with served(arm, rules, cameras=[camera]) as url, RigClient(url) as client:
        eventually(lambda: can_arm(client))
        arm.moving.clear()
        client.run(chunk())
        camera.frozen = True

        def push():
            arm.pose = arm.pose.copy()
            arm.pose[0, 3] += 0.0005
            return client.motion.state == "hold"

        eventually(push)
        assert "frozen" in client.motion.why


def test_a_state_that_stands_stops_the_arm(arm):
    rules = replace(LAB, watch=replace(LAB.watch, state_seconds=0.2))
    with served(arm, rules) as url, RigClient(url) as client:
        arm.moving.clear()
        run_id = client.run(chunk())
        arm.frozen = FakeRobot.state(arm)
        assert "state is" in until(client, "stopped").why
        assert client.wait_ended(run_id, 5).reason == "stopped"
        with pytest.raises(RejectedError):
            client.home()


def test_a_plan_takes_over_from_the_one_under_way(arm):
    with served(arm) as url, RigClient(url) as client:
        arm.moving.clear()
        first = client.run(chunk())
        digest = armed(client, context="next")
        assert client.motion.state == "executing"
        second = client.start(digest, supersede=True)
        assert client.wait_ended(first, 5).reason != "done"
        arm.moving.set()
        assert client.wait_ended(second, 5).reason == "done"
        with pytest.raises(RejectedError):
            client.start(digest, supersede=True)


def test_stop_comes_through_while_everything_else_is_slow(arm):
    """A call to the arm that hangs must not delay the stop."""
    hanging, go_on = threading.Event(), threading.Event()
    state = arm.commanded_pose

    def slow():
        hanging.set()
        go_on.wait(5)
        return state()

    with served(arm) as url, RigClient(url) as client:
        arm.commanded_pose = slow
        thread = threading.Thread(target=lambda: client.preview(chunk()))
        thread.start()
        assert hanging.wait(5)
        client.stop("a test")
        assert "stop" in arm.calls
        go_on.set()
        thread.join()
        assert client.motion.state == "stopped"
