"""The simulated arm behind the real driver as a table for trials.

Starts a lab and a rig as the studio does and speaks to the rig alone, so a trial exercises the
libfranka protocol, the guard and the executor.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import ActionChunk, Observation, RobotState, StudioError
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.messages import DONE
from robot.sim.harness.cases import PICTURE_AXES, Axis
from robot.sim.layout import Layout
from robot.sim.trials import Look

MAIN = Path(__file__).resolve().parents[2] / "main.py"
RUN_SECONDS = 30.0
FRESH_SECONDS = 5.0
LOOK_SECONDS = 0.2
MAX_WIDTH = 0.08
"""Distance between the fingers of an open hand [m]."""


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

    def reset(
        self, layout: Layout, *, axis: Axis = Axis.NONE, seed: int = 0, guarded: bool = False
    ) -> None:
        """Bring the hand home, then place the things; the rig's guard judges every chunk.

        Raises:
            StudioError: If the pictures shall differ: the lab's cameras cannot be changed.
        """
        del seed, guarded
        if axis in PICTURE_AXES:
            raise StudioError(
                f"the axis '{axis}' changes the pictures, which the lab behind the real driver "
                "cannot; add --direct"
            )
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

    def execute(self, chunk: ActionChunk, steps: int, look: Look | None = None) -> str:
        """Run the first steps of a chunk; returns why it ended early, or nothing."""
        try:
            run = self._client.run(chunk, steps)
        except RejectedError as error:
            return str(error)
        with self._looking(look):
            ended = self._client.wait_ended(run, RUN_SECONDS)
        return "" if ended.reason == DONE else ended.reason

    @contextlib.contextmanager
    def _looking(self, look: Look | None) -> Iterator[None]:
        """Collect the front camera's pictures while the arm moves, then hand them over."""
        if look is None:
            yield
            return
        pictures: list[NDArray[np.uint8]] = []
        over = threading.Event()

        def collect() -> None:
            while not over.wait(LOOK_SECONDS):
                frame = self._client.frames().get("front")
                if frame is not None:
                    pictures.append(frame.image)

        thread = threading.Thread(target=collect, name="trial-film")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        for picture in pictures:
            look(picture)

    def poses(self) -> dict[str, NDArray[np.float64]]:
        """Return every thing's (7,) position [m, base frame] and quaternion (w first) by slot."""
        found = self._client.lab("objects")
        return {slot: np.asarray(found[name], dtype=float) for slot, name in self._names.items()}

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        return self._state().ee_pose[:3, 3]

    def width(self) -> float:
        """Return the distance between the fingers [m]."""
        return MAX_WIDTH * self._state().gripper

    def front(self) -> CameraModel:
        """Return the front camera's calibration."""
        camera = self._client.cameras["front"]
        assert camera is not None, "the lab's cameras are calibrated"
        return camera

    def _state(self) -> RobotState:
        state = self._client.state()
        if state is None:
            raise StudioError("the arm is silent; is the lab still running?")
        return state

    def violations(self) -> int:
        """Return how many commands so far a real arm would have refused."""
        return int(self.status()["fci_count"])

    def status(self) -> dict[str, Any]:
        """Return what the lab says of itself; see :class:`robot.sim.lab_answers.LabStatus`."""
        return self._client.lab("status")
