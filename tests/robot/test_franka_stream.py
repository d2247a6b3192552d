"""The driver's stream of targets on the simulated arm: what a stall and a stop leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from robot.base import PreemptedError
from robot.path import integrate
from robot.stream import HORIZON_SECONDS

pytest.importorskip("franky")

from robot.franka import FrankaRobot

ROOT = Path(__file__).resolve().parents[2]
STEPS = np.tile([0.02, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (8, 1))
STEP_SECONDS = 0.2
SPEED = 0.1


@pytest.fixture(scope="module")
def robot():
    command = [sys.executable, "main.py", "lab", "--child", "--port", "0", "--seed", "5"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as lab:
        made = FrankaRobot(json.loads(lab.stdout.readline())["robot"], speed=0.3, realtime=False)
        try:
            yield made
        finally:
            made.close()
            lab.communicate(timeout=30)


def place(robot):
    return robot.commanded_pose()[:3, 3]


def rested(robot):
    """Wait until the commanded pose stands still, however slowly the lab runs."""
    before = place(robot)
    while True:
        time.sleep(0.6)
        here = place(robot)
        if np.abs(here - before).max() < 1e-9:
            return here
        before = here


def follow(robot, steps=STEPS):
    poses = integrate(robot.commanded_pose(), steps)
    robot.follow(poses[1:], STEP_SECONDS)
    return poses[:, :3, 3]


def finish(robot):
    while not robot.wait(0.02):
        robot.passed()


def test_a_stalled_program_leaves_the_arm_at_rest_on_its_path(robot):
    path = follow(robot)
    here = rested(robot)  # nobody calls wait()
    assert 0.0 < here[0] - path[0, 0] <= SPEED * HORIZON_SECONDS + 1e-3
    np.testing.assert_allclose(here[1:], path[0, 1:], atol=1e-6)
    finish(robot)
    np.testing.assert_allclose(place(robot), path[-1], atol=1e-4)
    assert robot.passed() == len(STEPS)


def test_a_stop_ends_the_stream_for_good(robot):
    path = follow(robot, STEPS * [-1, 1, 1, 1, 1, 1, 1])
    robot.wait(0.1)
    stopper = threading.Thread(target=robot.stop)
    stopper.start()
    with pytest.raises(PreemptedError):
        finish(robot)
    stopper.join()
    here = rested(robot)
    assert here[0] > path[-1, 0] + 0.02
    follow(robot, STEPS[:1])
    finish(robot)
    assert place(robot)[0] == pytest.approx(here[0] + 0.02, abs=1e-4)


def test_a_new_path_replaces_the_old_one_on_the_way(robot):
    follow(robot, STEPS[:4])
    robot.wait(0.3)
    path = follow(robot, STEPS[:2] * [0, 0, 1, 1, 1, 1, 1] + [0.0, 0.02, 0, 0, 0, 0, 0])
    finish(robot)
    np.testing.assert_allclose(place(robot), path[-1], atol=1e-4)
