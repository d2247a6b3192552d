"""The fault lab behind a rig: its option, its events, and the real driver in a real lab."""

from __future__ import annotations

import argparse
import contextlib
import queue
import time

import cv2
import numpy as np
import pytest

from app.main import add_arguments as add_studio_arguments
from app.main import run_studio, service_specs
from core.types import ActionChunk, StudioError
from robot.cameras.file import FileCamera
from robot.faults.kinds import FaultKind
from robot.faults.lab import FaultLab
from robot.faults.plan import FaultPlan, Injection, parse_plan
from robot.faults.robot import MID_MOTION_SECONDS
from robot.guard import Limits, Workspace
from robot.rig.client import RigClient
from robot.rig.messages import Fault, FaultInjected
from robot.rig.rig import Rig
from robot.rig.rules import LAB
from robot.rig.server import add_arguments, build_rig
from robot.rig.sockets import RigSockets
from tests.robot.fake_robot import FakeRobot
from tests.robot.rig.test_rig_lab import service

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
)


def next_of(client, kind):
    with contextlib.suppress(queue.Empty):
        while True:
            event = client.events.get(timeout=5)
            if isinstance(event, kind):
                return event
    pytest.fail(f"no {kind.__name__} came")


def options(declare, *words):
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(words)


def test_the_rig_tells_its_plan_and_every_fault(tmp_path):
    picture = tmp_path / "front.png"
    cv2.imwrite(str(picture), np.full((24, 32, 3), 90, np.uint8))
    plan = parse_plan("camera-size@0.3:60s,user-stop@0.4:60s")
    with RigSockets("127.0.0.1", 0, None) as sockets:
        faults = FaultLab(plan, FakeRobot(), [FileCamera("front", str(picture))])
        rig = Rig(
            robot=faults.robot,
            cameras=[*faults.cameras],
            limits=LIMITS,
            home=np.zeros(7),
            faults=faults,
            rules=LAB,
        )
        try:
            sockets.serve(rig)
            with RigClient(sockets.url) as client:
                assert client.faults == str(plan)
                assert next_of(client, FaultInjected).name == "camera-size"
                event = next_of(client, FaultInjected)
                assert (event.name, event.detail[:17]) == ("user-stop", "the robot's stop ")
                deadline = time.monotonic() + 5
                while client.frames()["front"].image.shape != (12, 16, 3):
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                with pytest.raises(StudioError, match="button is pressed"):
                    client.release_stop()
        finally:
            rig.close()


@pytest.fixture
def bench():
    """A rig with an arm that hangs in its motion, until it is told to go wrong."""
    arm = FakeRobot()
    faults = FaultLab(FaultPlan(), arm, [])
    with RigSockets("127.0.0.1", 0, None) as sockets:
        rig = Rig(
            robot=faults.robot,
            cameras=[],
            limits=LIMITS,
            home=np.zeros(7),
            faults=faults,
            rules=LAB,
        )
        try:
            sockets.serve(rig)
            with RigClient(sockets.url) as client:
                yield client, arm, faults
        finally:
            arm.moving.set()
            rig.close()


LATCHING = [FaultKind.REFLEX, FaultKind.USER_STOP, FaultKind.NETWORK, FaultKind.JOIN]


@pytest.mark.parametrize("kind", LATCHING)
def test_after_a_fault_nothing_moves_until_a_person_releases(bench, kind):
    client, arm, faults = bench
    plan = ActionChunk(actions=np.tile([0.01, 0, 0, 0, 0, 0, 1.0], (3, 1)))
    arm.moving.clear()
    run_id = client.run(plan)
    while "follow" not in arm.calls:
        time.sleep(0.001)
    time.sleep(MID_MOTION_SECONDS)
    faults.inject(Injection(kind=kind, at=0.0, seconds=0.3))
    assert client.wait_ended(run_id, 5.0).reason not in ("done", "stopped")
    assert next_of(client, FaultInjected).name == kind.value
    next_of(client, Fault)
    arm.moving.set()
    with pytest.raises(StudioError):
        client.run(plan)
    with pytest.raises(StudioError):
        client.home()
    assert arm.calls.count("follow") == 1
    assert "move_joints" not in arm.calls
    assert arm.visited == []
    assert arm.grips == []
    time.sleep(0.35)  # the button is out, the cable is in; that alone releases nothing
    with pytest.raises(StudioError):
        client.run(plan)
    client.release_stop()
    deadline = time.monotonic() + 5
    while client.state() is None or client.state().mode != "idle":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert arm.visited == []
    assert client.wait_ended(client.run(plan), 5.0).reason == "done"


def test_a_real_arm_is_never_made_to_go_wrong():
    args = options(add_arguments, "--robot", "192.0.2.1", "--faults", "reflex@1")
    with pytest.raises(StudioError, match="never made to go wrong"):
        build_rig(args)
    args = options(add_arguments, "--lab", "ws://127.0.0.1:1", "--faults", "reflux@1")
    with pytest.raises(StudioError, match="no fault 'reflux'"):
        build_rig(args)


def test_the_studio_passes_the_plan_on():
    args = options(add_studio_arguments, "--faults", "random:3")
    rig = next(spec for spec in service_specs(args) if spec.name == "rig")
    assert rig.arguments({"lab": {"ready": "ws://lab"}})[-2:] == ["--faults", "random:3"]
    args = options(add_studio_arguments)
    rig = next(spec for spec in service_specs(args) if spec.name == "rig")
    assert "--faults" not in rig.arguments({"lab": {"ready": "ws://lab"}})
    with pytest.raises(StudioError, match="no fault 'reflux'"):
        run_studio(options(add_studio_arguments, "--faults", "reflux@1"))


def test_a_reflex_through_the_real_driver():
    pytest.importorskip("franky")
    actions = np.zeros((6, 7))
    actions[:, 0], actions[:, 6] = 0.02, 1.0
    with (
        service("lab", "--seed", "21") as (_, lab_line),
        service("rig", "--lab", lab_line["ready"], "--faults", "reflex@0") as (_, rig_line),
        RigClient(rig_line["ready"]) as client,
    ):
        states = {item["name"]: item["state"] for item in client.checklist()}
        assert set(states.values()) == {"ok"}
        assert {"network", "real-time kernel", "end effector", "collision limits"} <= set(states)
        start = client.preview(ActionChunk(actions=actions)).poses[0]
        ended = client.wait_ended(client.run(ActionChunk(actions=actions)), 60)
        assert "cartesian reflex" in ended.reason
        assert ended.steps_done < 6
        assert next_of(client, FaultInjected).name == "reflex"
        time.sleep(0.5)
        rest = client.state()
        assert rest.mode == "fault"
        moved = np.linalg.norm(rest.ee_pose[:3, 3] - start[:3, 3])
        assert 0.001 < moved < 0.11
        with contextlib.suppress(StudioError):
            assert client.wait_ended(client.run(ActionChunk(actions=actions)), 60).reason != "done"
        client.release_stop()
        time.sleep(0.2)
        assert client.state().mode == "idle"
        np.testing.assert_allclose(client.state().ee_pose, rest.ee_pose, atol=1e-3)
        assert client.wait_ended(client.run(ActionChunk(actions=actions[:1])), 60).reason == "done"
