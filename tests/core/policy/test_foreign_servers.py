"""Our client against openpi servers that know nothing of us."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.policy.client import RemotePolicy
from core.policy.keys import parse_keys
from core.types import RobotState, StudioError
from tests.core.policy.openpi_server import molmoact2, openpi_server, pi0

STATE = RobotState(q=np.arange(7.0), ee_pose=np.diag([1, -1, -1, 1.0]), gripper=0.25, t_ns=1)


@pytest.fixture
def observed(observation):
    return replace(observation, state=STATE)


def test_pi0_answers_instructions_and_nothing_else(observed, drawn):
    stages = []
    with openpi_server({}, pi0) as server, RemotePolicy(server.url) as remote:
        can = remote.capabilities
        assert not any((can.depth, can.trace_in, can.trace_out, can.stream, can.cancel))
        with pytest.raises(StudioError, match="steer it with the instruction"):
            remote.infer(observed, drawn)
        answers = [remote.infer(observed, request_id=n, on_stage=stages.append) for n in (4, 5)]
    assert [answer.request_id for answer in answers] == [4, 5]
    assert answers[0].chunk.actions.shape == (50, 7)
    assert answers[0].depth is None
    assert not stages
    assert server.connections == 1
    assert np.array_equal(server.seen[0]["observation/image"], observed.frames[0].image)
    assert server.seen[0]["prompt"] == observed.instruction


def test_molmoact2_answers_with_depth_and_wants_the_state(observed, observation):
    stated = {"name": "MolmoAct2-Think", "depth": True, "action_horizon": 10}
    with openpi_server(stated, molmoact2) as server, RemotePolicy(server.url) as remote:
        assert (remote.capabilities.depth, remote.capabilities.trace_out) == (True, False)
        assert remote.capabilities.chunk == 10
        assert list(remote.infer(observed).depth.codes[:3]) == [0, 1, 2]
        with pytest.raises(StudioError, match="refused the request: ValueError: state"):
            remote.infer(observation)


def test_images_come_in_the_size_that_is_stated(observed):
    stated = {"image_resolution": [16, 16], "needs_wrist_camera": True, "n_external_cameras": 1}
    with openpi_server(stated, pi0) as server, RemotePolicy(server.url) as remote:
        remote.infer(observed)
    assert server.seen[0]["observation/image"].shape == (16, 16, 3)
    assert server.seen[0]["observation/wrist_image"].shape == (16, 16, 3)


def test_a_server_with_other_keys(observed):
    def infer(seen):
        return {"actions": np.zeros(7) + len(seen["cam_high"]) + len(seen["task"])}

    keys = parse_keys("image=cam_high,wrist_image=,state=,joints=,gripper=,prompt=task")
    with openpi_server({"policy": "openvla"}, infer) as server:
        with (
            RemotePolicy(server.url) as remote,
            pytest.raises(StudioError, match=r"KeyError: 'cam_high'; .*--policy-keys"),
        ):
            remote.infer(observed)
        with RemotePolicy(server.url, keys=keys) as remote:
            assert remote.capabilities.name == "openvla"
            assert remote.infer(observed).chunk.actions.shape == (1, 7)
    assert set(server.seen[-1]) == {"cam_high", "task"}


def test_after_an_error_that_closes_the_connection_the_next_request_connects_anew(observed):
    faults = [RuntimeError("out of luck")]

    def infer(seen):
        if faults:
            raise faults.pop()
        return pi0(seen)

    with openpi_server({}, infer) as server, RemotePolicy(server.url) as remote:
        with pytest.raises(StudioError, match="out of luck") as failure:
            remote.infer(observed)
        assert "\n" not in str(failure.value)
        assert remote.infer(observed).chunk is not None
    assert server.connections == 2


def test_a_server_that_dies_mid_answer_is_asked_again_at_the_next_request(observed):
    with openpi_server({}, pi0) as server, RemotePolicy(server.url) as remote:
        server.die_after = 1
        with pytest.raises(StudioError, match="went away"):
            remote.infer(observed)
        assert remote.infer(observed).chunk is not None
    assert server.connections == 2
