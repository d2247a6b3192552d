"""The feed: every new frame once, no more often than a display shows; the state now and then."""

from __future__ import annotations

import queue
import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QObject

from app import live
from app.live import LiveFeed
from core.types import Frame, RobotState


class Client:
    """A rig client by hand."""

    def __init__(self) -> None:
        self.events: queue.Queue[Any] = queue.Queue()
        self.is_connected = True
        self.pictures: dict[str, Frame] = {}
        self.pose: RobotState | None = None

    def frames(self) -> dict[str, Frame]:
        return dict(self.pictures)

    def state(self) -> RobotState | None:
        return self.pose

    def show(self, camera: str, seq: int) -> None:
        image = np.zeros((2, 2, 3), np.uint8)
        self.pictures[camera] = Frame(camera=camera, image=image, t_ns=seq, seq=seq)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Time in nanoseconds, moved by hand."""
    now = [1_000_000_000]
    monkeypatch.setattr(live.time, "monotonic_ns", lambda: now[0])
    return now


def test_a_frame_is_told_once_and_a_fast_camera_is_thinned(qapp: QObject, clock: list[int]) -> None:
    feed, client = LiveFeed(), Client()
    told: list[tuple[str, int]] = []
    feed.frame_arrived.connect(lambda frame: told.append((frame.camera, frame.seq)))
    feed.attach(client)
    client.show("front", 1)
    client.show("wrist", 1)
    feed.pull()
    feed.pull()
    assert told == [("front", 1), ("wrist", 1)]
    for seq in (2, 3, 4):
        clock[0] += 8_000_000
        client.show("front", seq)
        feed.pull()
    assert told[2:] == [("front", 3)]
    clock[0] += 8_000_000
    feed.pull()
    assert told[3:] == [("front", 4)], "the newest comes as soon as it may"
    assert feed.frames["front"].seq == 4
    assert feed.age_ms("front") == 0
    assert feed.age_ms("wrist") == 32
    feed.attach(None)


def test_the_state_is_told_now_and_then_and_events_at_once(qapp: QObject, clock: list[int]) -> None:
    feed, client = LiveFeed(), Client()
    poses: list[int] = []
    events: list[object] = []
    feed.state_arrived.connect(lambda state: poses.append(state.t_ns))
    feed.event_arrived.connect(events.append)
    feed.attach(client)
    for tick in range(9):
        client.pose = RobotState(q=np.zeros(7), ee_pose=np.eye(4), gripper=1.0, t_ns=tick + 1)
        client.events.put(tick)
        feed.pull()
        clock[0] += 10_000_000
    assert poses == [1, 4, 7]
    assert events == list(range(9))
    feed.attach(None)


def test_many_events_are_told_one_per_turn_in_order_and_before_the_loss(
    qapp: QCoreApplication, clock: list[int]
) -> None:
    feed, client = LiveFeed(), Client()
    told: list[object] = []
    feed.event_arrived.connect(told.append)
    feed.connection_lost.connect(lambda: told.append("lost"))
    feed.attach(client)
    for number in range(4):
        client.events.put(number)
    client.is_connected = False
    feed.pull()
    assert told == [0], "a click between two of them need not wait for all"
    deadline = time.monotonic() + 5
    while "lost" not in told and time.monotonic() < deadline:
        qapp.processEvents()
    assert told[:5] == [0, 1, 2, 3, "lost"]
    feed.attach(None)
