"""A fake arm and camera that tests can spoil, and what a client does again and again."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np

from core.types import Frame
from robot.guard import RejectedError
from robot.rig.messages import StateChanged
from robot.rig.rules import LAB, REAL
from tests.robot.fake_robot import FakeRobot
from tests.robot.rig.served import chunk

REAL_UNHELD = replace(REAL, hold_to_run=False, watch=LAB.watch)


class Arm(FakeRobot):
    """Tells its speed and its checklist."""

    def __init__(self):
        super().__init__()
        self.speed = 0.0
        self.mode = "idle"
        self.items = []
        self.frozen = None

    def state(self):
        if self.frozen is not None:
            return self.frozen
        return replace(super().state(), mode=self.mode)

    def set_speed(self, share):
        self.speed = share

    def checklist(self):
        return self.items


class Camera:
    """Delivers noise at 50 Hz until it is told otherwise."""

    name, model = "front", None

    def __init__(self):
        self.dark = threading.Event()
        self.frozen = False
        self._seq = 0
        self._noise = np.random.default_rng(1)
        self._image = np.zeros((48, 64, 3), np.uint8)

    def read(self, timeout):
        time.sleep(0.02)
        if self.dark.is_set():
            return None
        self._seq += 1
        if not self.frozen:
            self._image = self._noise.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        return Frame(camera="front", image=self._image, t_ns=time.monotonic_ns(), seq=self._seq)

    def close(self):
        pass


def armed(client, **values):
    preview = client.preview(chunk(), **values)
    preview.verdict.require()
    client.arm(preview.digest)
    return preview.digest


def can_arm(client):
    """Whether the rig sees enough to arm anything."""
    try:
        return bool(armed(client))
    except RejectedError:
        return False


def until(client, state, seconds=5.0):
    """Wait for a state and return how it was told."""
    deadline = time.monotonic() + seconds
    while True:
        event = client.events.get(timeout=max(0.0, deadline - time.monotonic()))
        if isinstance(event, StateChanged) and event.state == state:
            return event
