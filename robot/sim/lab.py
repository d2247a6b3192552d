"""The simulated lab: physics behind the libfranka protocol, cameras, and a control port.

Three processes. This one supervises: it starts the physics and the renderer, restarts the renderer
when it dies, gives up with a sentence when the physics dies (the arm's connection is lost then),
and answers :class:`robot.sim.lab_client.LabClient`. ``python main.py lab`` runs it.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from core.service import announce_ready, when_parent_leaves
from core.types import StudioError
from robot.sim.lab_process import LabProcess
from robot.sim.lab_server import LabServer
from robot.sim.layout import Layout, random_layout
from robot.sim.memory import LabMemory
from robot.sim.state import LabState
from robot.sim.task_layout import task_layout

MOST_RESTARTS = 5
RESTART_WINDOW = 60.0
"""The lab gives up when the renderer died more than MOST_RESTARTS times within this [s]."""

DEFAULT_RATE_HZ = 30.0
_WATCH_SECONDS = 0.1
_WATCH_END_SECONDS = 3.0
_PICTURE_SECONDS = 3.0
_STANDSTILL_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Lab:
    """The two processes and what they share; a context manager that ends them."""

    def __init__(
        self,
        layout: Layout,
        rate_hz: float = DEFAULT_RATE_HZ,
        *,
        draw: Callable[[int], Layout] = random_layout,
    ) -> None:
        """Start physics and cameras and wait until both are ready.

        Args:
            layout: Objects to begin with.
            rate_hz: Pictures per second and camera.
            draw: What makes a layout of a seed, for clients that give only a seed.

        Raises:
            StudioError: If one of them cannot start.
        """
        self.layout = layout
        self.draw = draw
        self.fault = ""
        self.stopped = threading.Event()
        self.memory = LabMemory.create()
        self._rate_hz = rate_hz
        self._table = threading.Lock()
        self._restarts: deque[float] = deque(maxlen=MOST_RESTARTS)
        self._physics = LabProcess("the lab's physics", "robot.sim.fci_server", self.memory)
        self._cameras = self._new_cameras()
        self._watch: threading.Thread | None = None
        try:
            self.hostname = str(self._physics.start(layout=layout.to_message())["hostname"])
            self._cameras.start(rate_hz=rate_hz)
        except StudioError:
            self.close()
            raise
        self._watch = threading.Thread(target=self._watch_cameras, name="camera-watch", daemon=True)
        self._watch.start()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self) -> None:
        """Watch the physics until :attr:`stopped` is set.

        Raises:
            StudioError: When the physics or, for good, the cameras are gone.
        """
        while not self.stopped.wait(_WATCH_SECONDS):
            ended = self._physics.ended()
            if ended is not None:
                self._fail(f"{ended}; the simulated arm is gone, start the lab again")
        if self.fault:
            raise StudioError(self.fault)

    def close(self) -> None:
        """End both processes."""
        self.stopped.set()
        self._cameras.stop()
        if self._watch is not None:
            self._watch.join(_WATCH_END_SECONDS)
        self._physics.stop()
        self.memory.close()

    def state(self) -> LabState:
        """Return where everything is.

        Raises:
            StudioError: Before the first step, or when the simulation stands still.
        """
        state = self.memory.state()
        if state is None:
            raise StudioError("the simulation has not started yet; ask again in a moment")
        age = 1e-9 * (time.monotonic_ns() - state.t_ns)
        if age > _STANDSTILL_SECONDS:
            raise StudioError(f"the simulation has stood still for {age:.0f} s; restart the lab")
        return state

    def reset(self, layout: Layout) -> int:
        """Put the objects of a layout on the table; return when pictures show it.

        Returns:
            Time from which on pictures show the new table [ns, monotonic].

        Raises:
            StudioError: If the hand is in the way, or the physics is gone.
        """
        with self._table:  # two clients at once: the names must fit what lies there
            changed = int(self._physics.request("reset", layout=layout.to_message())["t_ns"])
            self.layout = layout
        deadline = time.monotonic() + _PICTURE_SECONDS
        while not self._shown_since(changed) and time.monotonic() < deadline:
            if self.stopped.wait(0.01):
                break
        return changed

    def limits(self) -> dict[str, Any]:
        """Return "fci_violations", worst one per name, and "fci_peaks", (3, 3).

        Raises:
            StudioError: If the physics is gone.
        """
        return self._physics.request("limits")

    def depth(self, camera: str) -> dict[str, Any]:
        """Return "depth" (H, W) float32 [m] and "t_ns" of a camera's view now.

        Raises:
            StudioError: If there is no such camera, or no renderer at the moment.
        """
        return self._cameras.request("depth", camera=camera)

    def _shown_since(self, t_ns: int) -> bool:
        pictures = [ring.latest() for ring in self.memory.rings.values()]
        return all(picture is not None and picture.t_ns >= t_ns for picture in pictures)

    def _new_cameras(self) -> LabProcess:
        return LabProcess("the lab's cameras", "robot.sim.render_worker", self.memory)

    def _watch_cameras(self) -> None:
        while not self.stopped.wait(_WATCH_SECONDS):
            ended = self._cameras.ended()
            if ended is None:
                continue
            now = time.monotonic()
            if len(self._restarts) == MOST_RESTARTS and now - self._restarts[0] < RESTART_WINDOW:
                self._fail(f"{ended}, again and again; look for its messages above")
                return
            self._restarts.append(now)
            _log.warning("%s; starting them again", ended)
            self._cameras.stop()
            self._cameras = self._new_cameras()
            if self.stopped.is_set():
                self._cameras.stop()
                return
            try:
                self._cameras.start(rate_hz=self._rate_hz)
            except StudioError as error:
                _log.warning("the lab's cameras did not start: %s", error)

    def _fail(self, sentence: str) -> None:
        if not self.stopped.is_set():
            self.fault = sentence
            self.stopped.set()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py lab``."""
    parser.add_argument("--port", type=int, default=8201, help="control port, 0 for a free one")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first table layout")
    parser.add_argument(
        "--rate", type=float, default=DEFAULT_RATE_HZ, help="pictures per second, 1 to 60"
    )
    parser.add_argument(
        "--tasks", action="store_true", help="lay tables with bricks and plates, for all tasks"
    )
    parser.add_argument(
        "--child", action="store_true", help="end when standard input closes (for other programs)"
    )


def run_lab(args: argparse.Namespace) -> int:
    """Run the lab until it is stopped, told by one JSON line when it is ready.

    Raises:
        StudioError: If it cannot start, or the physics process ends.
    """
    if not (np.isfinite(args.rate) and 1.0 <= args.rate <= 60.0):
        raise StudioError(f"--rate is {args.rate}; expected 1 to 60 pictures per second")
    if args.seed < 0:
        raise StudioError(f"--seed is {args.seed}; expected 0 or more")
    draw = task_layout if args.tasks else random_layout
    # the port is taken first: nothing has to be ended again when it is in use
    with (
        LabServer(args.port) as server,
        Lab(draw(args.seed), args.rate, draw=draw) as lab,
    ):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: lab.stopped.set())
        if args.child:
            when_parent_leaves(lab.stopped.set)
        with server.serving(lab):
            announce_ready(server.url, robot=lab.hostname)
            lab.run()
    return 0
