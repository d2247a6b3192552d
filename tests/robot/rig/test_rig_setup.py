"""What an operator sets and confirms, and what an arm asks for, over real sockets."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.types import StudioError
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.rules import LAB
from tests.robot.fake_robot import START
from tests.robot.rig.bodies import REAL_UNHELD, Arm, armed, until
from tests.robot.rig.served import LIMITS, chunk, served


@pytest.fixture
def arm():
    return Arm()


def test_an_unset_workspace_is_taught(arm):
    limits = replace(LIMITS, workspace=None)
    with served(arm, limits=limits) as url, RigClient(url) as client:
        assert (client.motion.state, client.workspace) == ("connected", None)
        with pytest.raises(RejectedError, match="workspace"):
            client.home()
        corner = client.teach()
        np.testing.assert_allclose(corner, START)
        with pytest.raises(StudioError, match="smaller"):
            client.set_workspace(corner, corner)
        client.set_workspace(corner - 0.1, corner + 0.1)
        until(client, "idle")
        assert client.workspace is not None
        assert client.wait_ended(client.run(chunk()), 5).reason == "done"
        assert not client.preview(chunk(8, 0.02)).verdict.ok


@pytest.mark.parametrize("change", ["speed", "workspace"])
def test_other_limits_disarm(arm, change):
    with served(arm) as url, RigClient(url) as client:
        digest = armed(client)
        if change == "speed":
            client.set_speed(0.2)
            assert (arm.speed, client.speed) == (0.2, 0.2)
        else:
            client.set_workspace([0.3, -0.2, 0.1], [0.7, 0.2, 0.4])
        with pytest.raises(RejectedError):
            client.start(digest)
        assert client.preview(chunk()).digest != digest


def test_nobody_changes_the_limits_under_a_moving_arm(arm):
    with served(arm) as url, RigClient(url) as client:
        arm.moving.clear()
        client.run(chunk())
        for wish in (
            lambda: client.set_speed(0.2),
            lambda: client.set_workspace([0.2, -0.5, 0], [1, 0.5, 1]),
            client.checklist,
            client.release_stop,
            client.home,
            client.yield_,
        ):
            with pytest.raises(RejectedError, match="moving"):
                wish()
        client.stop("the end")


@pytest.mark.parametrize("share", [0.0, 1.5, -1, float("nan")])
def test_an_absurd_speed_is_refused(arm, share):
    with served(arm) as url, RigClient(url) as client:
        with pytest.raises(StudioError):
            client.set_speed(share)
        assert arm.speed == 0.0


def test_a_real_arm_asks_for_its_checklist_and_stays_slow(arm):
    arm.items = [
        {"name": "FCI", "state": "ok", "found": "It is active.", "mend": ""},
        {"name": "network", "state": "warn", "found": "It jitters.", "mend": "Use a cable."},
    ]
    with served(arm, REAL_UNHELD) as url, RigClient(url) as client:
        assert client.motion.state == "connected"
        with pytest.raises(RejectedError, match="checklist"):
            client.home()
        names = [item["name"] for item in client.checklist()]
        assert names == ["FCI", "network", "hardware stop at hand"]
        with pytest.raises(RejectedError, match="network, hardware stop"):
            client.acknowledge([])
        arm.items[0] = {"name": "FCI", "state": "fail", "found": "It is off.", "mend": "Turn on."}
        with pytest.raises(RejectedError, match="fails at 'FCI'"):
            client.acknowledge(names)
        arm.items = arm.items[1:]
        client.acknowledge(names)
        until(client, "idle")
        with pytest.raises(RejectedError, match="allowed"):
            client.set_speed(0.3)


def test_a_real_arm_only_moves_by_a_fresh_picture(arm):
    with served(arm, REAL_UNHELD) as url, RigClient(url) as client:
        client.acknowledge(["hardware stop at hand"])
        with pytest.raises(RejectedError, match="which picture"):
            armed(client)
        now = time.monotonic_ns()
        with pytest.raises(RejectedError, match="70 s old"):
            armed(client, observed_ns=now - 70_000_000_000)
        with pytest.raises(RejectedError, match="at most 3 s"):
            armed(client, observed_ns=now - 5_000_000_000, fresh_s=3.0)
        client.wait_ended(client.start(armed(client, observed_ns=now)), 5)
        assert arm.calls == ["follow"]


def test_a_real_arms_error_is_released_with_its_checklist_and_slowly(arm):
    from robot.base import RobotError

    with served(arm, REAL_UNHELD) as url, RigClient(url) as client:
        client.acknowledge(["hardware stop at hand"])
        arm.fault = RobotError("A reflex ended the motion.")
        run_id = client.start(armed(client, observed_ns=time.monotonic_ns()))
        assert "reflex" in client.wait_ended(run_id, 5).reason
        assert "reflex" in until(client, "fault").why
        with pytest.raises(RejectedError, match="reflex"):
            client.home()
        with pytest.raises(RejectedError, match="confirm"):
            client.release_stop()
        assert "recover" not in arm.calls
        client.release_stop([item["name"] for item in client.checklist(recovery=True)])
        until(client, "idle")
        assert arm.speed == 0.05
        while client.speed != 0.05:  # the time limit of the test ends it otherwise
            time.sleep(0.01)


def test_an_arm_in_error_or_guided_by_hand_is_not_ready(arm):
    with served(arm) as url, RigClient(url) as client:
        arm.mode = "stopped"
        assert "own stop" in until(client, "connected").why
        arm.mode = "idle"
        until(client, "idle")
        arm.mode = "fault"
        until(client, "fault")
        arm.mode = "idle"
        with pytest.raises(RejectedError, match="error"):
            client.run(chunk())
        client.release_stop()
        client.wait_ended(client.run(chunk()), 5)


@pytest.mark.parametrize("rules", [LAB, REAL_UNHELD])
def test_a_lost_arm_that_answers_again_is_ready_as_far_as_it_was(arm, rules):
    with served(arm, rules) as url, RigClient(url) as client:
        if rules.real:
            client.acknowledge(["hardware stop at hand"])
        until(client, "idle")
        arm.lost = True
        assert "lost" in until(client, "disconnected").why
        with pytest.raises(StudioError, match="lost"):
            client.home()
        arm.lost = False
        if rules.real:
            assert "checklist" in until(client, "connected").why
        else:
            until(client, "idle")
            client.wait_ended(client.run(chunk()), 5)


def test_the_arm_is_folded_away(arm):
    with served(arm) as url, RigClient(url) as client:
        client.tidy()
        assert arm.calls == ["open", "move_joints"]
