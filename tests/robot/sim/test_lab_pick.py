"""An unmodified franky client picks an object up in the lab, over the robot's own protocol."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from robot.sim.lab_client import LabClient
from robot.sim.layout import random_layout

ROOT = Path(__file__).resolve().parents[3]
DOWN = [1.0, 0.0, 0.0, 0.0]
"""Tool orientation as a quaternion (x, y, z, w): pointing down, fingers closing along y."""


@pytest.fixture
def client() -> Iterator[LabClient]:
    command = [sys.executable, "main.py", "lab", "--child", "--port", "0", "--seed", "21"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            with LabClient(json.loads(process.stdout.readline())["ready"]) as connected:
                yield connected
        finally:
            process.communicate(timeout=30)


def test_a_real_client_grasps_and_lifts(client):
    franky = pytest.importorskip("franky")
    hostname = client.hello().robot
    robot = franky.Robot(hostname, realtime_config=franky.RealtimeConfig.Ignore)
    robot.relative_dynamics_factor = 0.2
    gripper = franky.Gripper(hostname)

    def go(x: float, y: float, z: float) -> None:
        robot.move(franky.CartesianMotion(franky.Affine([x, y, z], DOWN)))

    item = client.objects()[0]
    x, y, z = (float(value) for value in item.position)
    go(x, y, 0.15)
    go(x, y, z)
    assert gripper.width == pytest.approx(0.08, abs=0.002)
    assert gripper.grasp(0.0, 0.05, 30.0, epsilon_inner=0.08, epsilon_outer=0.08)
    assert gripper.width > 0.03  # something is between the fingers
    assert not client.lifted(item.name)
    go(x, y, 0.18)
    assert client.lifted(item.name)
    assert not any(client.lifted(other.name) for other in client.objects()[1:])
    time.sleep(0.4)  # the arm comes to rest, the wrench filter too
    np.testing.assert_allclose(robot.state.O_T_EE.translation, [x, y, 0.18], atol=1e-3)
    assert robot.state.O_F_ext_hat_K[2] == pytest.approx(-0.06 * 9.81, abs=0.05)

    # the table is laid again under the held arm, without losing the connection
    assert client.reset(22) == random_layout(22)
    gripper.move(0.08, 0.05)
    go(0.5, 0.0, 0.22)
    assert client.is_alive
