"""The simulated arm behind the real driver as a table for trials.

Starts a lab and a rig as the studio does and speaks to the rig alone, so a trial exercises the
libfranka protocol, the guard and the executor.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, Observation, StudioError
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.messages import DONE
from robot.sim.layout import Layout
from robot.sim.scene import rest_height
from robot.sim.tasks import GRASPED_BY

MAIN = Path(__file__).resolve().parents[2] / "main.py"
RUN_SECONDS = 30.0
FRESH_SECONDS = 5.0


class DriverTrialLab:
    """Runs trials through rig and driver; see :class:`robot.sim.trials.TrialLab`."""

    def __init__(self) -> None:
        """Start the lab and the rig.

        Raises:
            StudioError: If one of them does not start.
        """
        self._children: list[subprocess.Popen[str]] = []
        self._names: dict[str, str] = {}
        try:
            lab = self._start("lab", "--port", "0")
            # nobody stands beside this arm, and a machine that evaluates is a busy one
            rig = self._start("rig", "--lab", lab, "--port", "0", "--pulse-limit", "5")
            self._client = RigClient(rig)
            self._client.connect()
        except StudioError:
            self._end_children()
            raise

    def _start(self, *words: str) -> str:
        """Start a service and return its address."""
        child = subprocess.Popen(
            [sys.executable, str(MAIN), *words, "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        assert child.stdout is not None
        line = child.stdout.readline()
        answer = json.loads(line) if line.startswith("{") else {"error": f"{words[0]} died"}
        if "error" in answer:
            raise StudioError(answer["error"])
        return str(answer["ready"])

    def close(self) -> None:
        """Stop the rig, then the lab."""
        self._client.close()
        self._end_children()

    def _end_children(self) -> None:
        for child in reversed(self._children):
            assert child.stdin is not None
            child.stdin.close()
            try:
                child.wait(10.0)
            except subprocess.TimeoutExpired:
                child.kill()

    def reset(self, layout: Layout) -> None:
        """Bring the hand home, then place the objects."""
        if self._client.is_latched():
            self._client.release_stop()
        self._client.home(open_gripper=True)
        self._client.lab("reset", layout=layout.to_message())
        self._names = {item.slot: item.name for item in layout.objects}

    def observe(self, instruction: str) -> Observation:
        """Return the first pictures taken after this call, and the state of the arm.

        Raises:
            StudioError: If the cameras or the arm are silent.
        """
        called = time.monotonic_ns()
        deadline = time.monotonic() + FRESH_SECONDS
        while time.monotonic() < deadline:
            frames = self._client.frames()
            wanted = [frames.get(name) for name in ("front", "wrist")]
            state = self._client.state()
            fresh = [frame for frame in wanted if frame is not None and frame.t_ns >= called]
            if len(fresh) == 2 and state is not None:
                return Observation(frames=tuple(fresh), instruction=instruction, state=state)
            time.sleep(0.01)
        raise StudioError("the cameras or the arm are silent; is the lab still running?")

    def execute(self, chunk: ActionChunk, steps: int) -> str:
        """Run the first steps of a chunk; returns why it ended early, or nothing."""
        try:
            run = self._client.run(chunk, steps)
        except RejectedError as error:
            return str(error)
        ended = self._client.wait_ended(run, RUN_SECONDS)
        return "" if ended.reason == DONE else ended.reason

    def positions(self) -> dict[str, NDArray[np.float64]]:
        """Return every object's (3,) centre by slot [m, base frame]."""
        poses = self._client.lab("objects")
        return {slot: np.asarray(poses[name])[:3] for slot, name in self._names.items()}

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        state = self._client.state()
        if state is None:
            raise StudioError("the arm is silent; is the lab still running?")
        return state.ee_pose[:3, 3]

    def lifted(self, slot: str) -> bool:
        """Tell whether an object hangs clear of the table."""
        return bool(self._client.lab("lifted", name=self._names[slot]))

    def grasped(self, slot: str) -> bool:
        """Tell whether an object is off the table between closed fingers."""
        height = float(self.positions()[slot][2])
        return height - rest_height(slot.split("_")[0]) > GRASPED_BY

    def violations(self) -> int:
        """Return how many commands so far a real arm would have refused."""
        return int(self.status()["fci_count"])

    def status(self) -> dict[str, Any]:
        """Return what the lab says of itself; see :class:`robot.sim.lab_answers.LabStatus`."""
        return self._client.lab("status")
