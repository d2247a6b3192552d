"""Keeps a policy server inferring: ``python -m app.bench.load URL``, a process of its own.

It asks again as soon as an answer is there, until its standard input closes; then it prints how
many answers it got. In the studio's own process it would take time from the window.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np

from core.policy.client import RemotePolicy
from core.types import Frame, Observation, StudioError

SIZE = (240, 320, 3)
_LEAVE_S = 10.0


class Load:
    """The process, as seen from the bench."""

    def __init__(self, url: str) -> None:
        """Start it against the policy server at ``url``."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.bench.load", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def running(self) -> bool:
        """Whether it still asks."""
        return self._process.poll() is None

    def stop(self) -> int:
        """End it and return how many answers it got."""
        try:
            said, _ = self._process.communicate(timeout=_LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        return int(said.strip() or 0)


def ask_until_told(url: str) -> int:
    """Ask again and again until standard input closes; return the number of answers."""
    leave = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        leave.set()

    threading.Thread(target=listen, daemon=True).start()
    image = np.random.default_rng(0).integers(0, 256, SIZE, np.uint8)
    frames = tuple(Frame(camera=name, image=image, t_ns=0) for name in ("front", "wrist"))
    asked = Observation(frames=frames, instruction="pick up the object")
    answers = 0
    with suppress(StudioError), RemotePolicy(url) as policy:
        while not leave.is_set():
            policy.infer(asked)
            answers += 1
    return answers


if __name__ == "__main__":
    print(ask_until_told(sys.argv[1]), flush=True)
