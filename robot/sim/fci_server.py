"""Process that simulates the arm and the table and serves them through the libfranka protocol.

Started by :mod:`robot.sim.lab`. Every five milliseconds it publishes positions in shared memory and
looks for a request of its parent; when the parent is gone it ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
import os
import time
from typing import Any

os.environ["MUJOCO_GL"] = "disable"  # this process draws nothing

from robot.sim.channel import Channel, ChannelClosedError
from robot.sim.layout import Layout
from robot.sim.memory import LabMemory
from robot.sim.physics import Pace, Physics
from robot.sim.serving import answer, run_child
from robot.sim.state import LabState, slot_colours

ARM_JOINTS = 7
TICKS_PER_PUBLICATION = 5
START_SECONDS = 60.0
NICENESS = -10
"""Asked for, and granted to few: a late answer of the protocol ends a motion."""

_log = logging.getLogger(__name__)


class FciServer:
    """The loop around the physics: pace, publish, answer."""

    def __init__(self, physics: Physics, channel: Channel, memory: LabMemory) -> None:
        self._physics = physics
        self._channel = channel
        self._memory = memory
        self._rate_hz = 0.0
        self._logged: set[str] = set()
        self._handlers = {"reset": self._reset, "limits": self._limits}

    def run(self) -> None:
        """Simulate until the parent is gone.

        Raises:
            ChannelClosedError: Then.
        """
        gc.collect()
        gc.freeze()  # the model's objects live as long as the process: do not search them again
        pace = Pace()
        ticks, since = 0, time.monotonic()
        while True:
            self._physics.tick()
            self._note()
            ticks += 1
            if ticks % TICKS_PER_PUBLICATION == 0:
                self._publish()
                answer(self._channel, self._handlers, 0.0)
            now = time.monotonic()
            if now - since >= 1.0:
                self._rate_hz = ticks / (now - since)
                ticks, since = 0, now
            pace.wait()

    def _note(self) -> None:
        physics = self._physics
        joints = physics.qpos()[:ARM_JOINTS]
        self._memory.trail.append(time.monotonic_ns(), physics.sim_time, joints)

    def _publish(self) -> None:
        physics = self._physics
        self._memory.publish(
            LabState(
                t_ns=time.monotonic_ns(),
                sim_time=physics.sim_time,
                rate_hz=self._rate_hz,
                seed=physics.layout.seed,
                colours=slot_colours(physics.layout),
                qpos=physics.qpos(),
                violations=physics.limits.count,
            )
        )
        for fault in physics.limits.found.values():
            if fault.name not in self._logged:
                self._logged.add(fault.name)
                _log.warning(
                    "a real arm would have refused this: %s, %s %.4g beyond %.4g at %.3f s",
                    fault.name, fault.what, fault.value, fault.limit, fault.t,
                )  # fmt: skip

    def _limits(self, _: dict[str, Any]) -> dict[str, Any]:
        limits = self._physics.limits
        found = [dataclasses.asdict(fault) for fault in limits.found.values()]
        return {"fci_violations": found, "fci_peaks": limits.peaks}

    def _reset(self, request: dict[str, Any]) -> dict[str, Any]:
        self._physics.reset(Layout.from_message(request["layout"]))
        self._publish()
        return {"t_ns": time.monotonic_ns()}


def serve(channel: Channel, memory: LabMemory) -> None:
    """Wait for the first layout, tell the address, simulate.

    Raises:
        ChannelClosedError: When the parent is gone.
        StudioError: If no address is free.
    """
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)
    first = channel.receive(START_SECONDS)
    if first is None:
        raise ChannelClosedError("the parent said nothing")
    physics = Physics(Layout.from_message(first["layout"]))
    try:
        server = FciServer(physics, channel, memory)
        channel.send({"id": first["id"], "result": {"hostname": physics.hostname}})
        server.run()
    finally:
        physics.close()


if __name__ == "__main__":
    run_child("lab physics", serve)
