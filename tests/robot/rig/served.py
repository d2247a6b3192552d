"""A rig with a fake arm behind real sockets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.types import ActionChunk
from robot.guard import Limits, Workspace
from robot.rig.rig import Rig
from robot.rig.rules import LAB, RigRules
from robot.rig.sockets import RigSockets
from tests.robot.fake_robot import FakeRobot

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
)
HELD = replace(LAB, hold_to_run=True)


@contextlib.contextmanager
def served(
    arm: FakeRobot, rules: RigRules = LAB, limits: Limits = LIMITS, cameras: list | None = None
) -> Iterator[str]:
    """Serve a rig without asking for a token; gives its address."""
    with RigSockets("127.0.0.1", 0, None) as sockets:
        rig = Rig(
            robot=arm,
            cameras=cameras or [],
            limits=limits,
            home=np.zeros(7),
            tidy=np.ones(7),
            rules=rules,
        )
        try:
            sockets.serve(rig)
            yield sockets.url
        finally:
            arm.moving.set()
            rig.close()


def chunk(steps: int = 2, dx: float = 0.01) -> ActionChunk:
    """Return steps along x with the gripper open."""
    actions = np.zeros((steps, 7))
    actions[:, 0], actions[:, 6] = dx, 1.0
    return ActionChunk(actions=actions)


def eventually(check, seconds: float = 5.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
