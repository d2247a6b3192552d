"""A rig over real sockets for tests that mean harm, and what they send."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from core.types import ActionChunk
from core.wire import msgpack, pack, unpack
from robot.guard import Limits, Workspace
from robot.rig.client import RigClient
from robot.rig.messages import DONE
from robot.rig.rig import Rig
from robot.rig.rules import LAB
from robot.rig.sockets import RigSockets
from tests.robot.fake_robot import FakeRobot

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
)
TOKEN = "open sesame"
MOTIONS = {"follow", "follow_gently", "move_joints", "open", "close"}

FIELDS: dict[str, tuple[str, ...]] = {
    "preview": ("chunk", "steps", "context", "observed_ns", "clamp", "fresh_s"),
    "arm": ("digest",),
    "disarm": ("why",),
    "run": ("digest",),
    "supersede": ("digest",),
    "home": ("open_gripper",),
    "tidy": (),
    "claim": (),
    "yield": (),
    "stop": ("by",),
    "release": ("confirmed",),
    "set_workspace": ("low", "high"),
    "teach": (),
    "set_speed": ("share",),
    "checklist": ("recovery",),
    "acknowledge": ("items",),
    "lab": ("what", "arguments"),
}
"""Every operation of /control with its fields; a test compares the names with the rig's own."""


WITHOUT_FIELDS = {"home", "tidy"}
"""These move the arm when nothing else is said, so that a damaged message may still be right."""


class Bench:
    """A rig with an arm that only records what it is told."""

    def __init__(self, sockets: RigSockets, arm: FakeRobot, rig: Rig) -> None:
        self.url, self.arm, self.rig = sockets.url, arm, rig
        self._sockets = sockets

    @property
    def motions(self) -> list[str]:
        return [call for call in self.arm.calls if call in MOTIONS]

    def sockets_open(self) -> int:
        return self._sockets._open["/control"]

    def dial(self, path: str, **options: Any) -> ClientConnection:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return connect(f"{self.url}/{path}", additional_headers=headers, proxy=None, **options)

    def serves_others(self) -> None:
        """A good client still plans, arms, moves the arm and stops it."""
        with RigClient(self.url, TOKEN) as client:
            client.release_stop()
            before = len(self.motions)
            assert client.wait_ended(client.run(good_chunk()), 10.0).reason == DONE
            assert len(self.motions) > before
            client.stop("a test")
            client.release_stop()


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    arm = FakeRobot()
    with RigSockets("127.0.0.1", 0, TOKEN) as sockets:
        rig = Rig(robot=arm, cameras=[], limits=LIMITS, home=np.zeros(7), rules=LAB)
        try:
            sockets.serve(rig)
            yield Bench(sockets, arm, rig)
        finally:
            arm.moving.set()
            rig.close()


def good_chunk(steps: int = 1) -> ActionChunk:
    actions = np.zeros((steps, 7))
    actions[:, 0], actions[:, 6] = 0.01, 1.0
    return ActionChunk(actions=actions)


def answer_of(connection: ClientConnection, number: Any) -> dict[str, Any]:
    """Return the answer with this number; events in between are left out."""
    while True:
        message = unpack(connection.recv(timeout=10))
        if "event" not in message and "hello" not in message and message["id"] == number:
            return message


def nested(depth: int) -> Any:
    value: Any = 0
    for level in range(depth):
        value = [value] if level % 2 else {"x": value}
    return value


WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, -(2**63), 1e300, math.nan, math.inf, -math.inf, "", "x", "x" * 5000,
    "\x00\ud7ff", b"", b"\xff" * 500, [], [[]], [None] * 500, {}, {"a": 1}, {1: 2}, {b"k": b"v"},
    nested(200), np.zeros(0), np.zeros((3, 7)), np.full((2, 7), np.nan), np.zeros((1, 1, 1, 1)),
    np.zeros(20000, np.uint8), np.array(["text"]), np.float32(1.0), np.bool_(True),
    {"actions": [[0.0] * 7], "rate_hz": "fast"}, {"actions": "steps", "rate_hz": 5.0},
    {"actions": np.zeros((2, 7), np.int8), "rate_hz": -1.0}, {"actions": np.zeros((0, 7))},
    {"actions": np.full((2, 7), 1e308), "rate_hz": 5.0}, {"actions": np.zeros((9000, 7))},
    {"actions": np.zeros((2, 6)), "rate_hz": 5.0, "arm": ["left"]}, {"actions": {}, "rate_hz": {}},
)  # fmt: skip
"""Values that no field expects, or hardly any."""


def damaged(noise: random.Random) -> bytes:
    """Return a message with a broken inside: cut off, changed, or nothing but noise."""
    op = noise.choice(sorted({*FIELDS, "fly"} - WITHOUT_FIELDS))
    whole = pack({"id": noise.randrange(1000), "op": op, "chunk": {"actions": np.zeros((2, 7))}})
    match noise.randrange(5):
        case 0:
            return whole[: noise.randrange(len(whole))]
        case 1:
            spoiled = bytearray(whole)
            for _ in range(noise.randrange(1, 6)):
                spoiled[noise.randrange(len(spoiled))] = noise.randrange(256)
            return bytes(spoiled)
        case 2:
            return noise.randbytes(noise.randrange(300))
        case 3:
            return bytes([0x91]) * noise.choice((600, 60_000)) + b"\xc0"  # lists in lists
        case _:
            claimed = {b"__ndarray__": True, b"dtype": noise.choice(("<f8", "O", "|V9", "x"))}
            claimed |= {b"shape": (2**40, 2**40), b"data": b""}
            return bytes(msgpack.packb({"id": 1, "op": op, "chunk": {"actions": claimed}}) or b"")
