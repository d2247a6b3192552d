"""An authority with a clock that stands."""

from __future__ import annotations

import numpy as np

from core.types import ActionChunk
from robot.rig.authority import Authority
from robot.rig.plan import Peer, Plan

ME, OTHER = Peer(name="client 1"), Peer(name="client 2")


class World:
    """An authority with a clock that stands, and what it told."""

    def __init__(self):
        self.now = 1000.0
        self.told = []
        self.obstacle = ""
        self.authority = Authority(
            clock=lambda: self.now, obstacle=lambda: self.obstacle, on_change=self.told.append
        )

    @property
    def state(self):
        return self.authority.state.value

    def plan(self, digest="one", owner=ME, **values):
        actions = np.zeros((2, 7))
        return Plan(
            digest=digest,
            chunk=ActionChunk(actions=actions),
            owner=owner,
            start=np.eye(4),
            **values,
        )

    def arm(self, digest="one", **values):
        self.authority.previewed(self.plan(digest, **values))
        return self.authority.arm(digest, ME)

    def run(self, digest="one", run_id="1"):
        self.arm(digest)
        self.authority.start(digest, ME, run_id)
