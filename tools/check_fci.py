"""Drives a stricter simulated FR3 with the studio's executor and driver, and counts refusals.

franka-sim is somebody else's simulator of the same protocol; it ends a motion with a reflex, as the
arm does, when a command goes beyond FR3's limits or answers stay away. Chunks like a policy's, with
turns, a gripper and plans that take over from each other, are executed from the home pose.

    python3.11 -m venv /tmp/fci
    /tmp/fci/bin/pip install --no-deps -r tools/requirements-fci.txt
    python tools/check_fci.py --python /tmp/fci/bin/python --chunks 100

Measure on a quiet machine: both sides have to answer within a millisecond.
"""

from __future__ import annotations

import argparse
import json
import queue
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.types import ActionChunk
from robot.base import RobotError
from robot.executor import Executor
from robot.franka import FrankaRobot
from robot.guard import Limits, RejectedError, Workspace
from robot.rig.messages import DONE, RigEvent, RunEnded
from robot.runs import SUPERSEDED
from robot.sim.kinematics import home_joints

HOST = "127.77.0.1"
START_SECONDS = 30.0
RUN_SECONDS = 60.0
HOME_EVERY = 6
TAKES_OVER = 0.3
"""Share of the chunks that another one takes over from."""

LIMITS = Limits(
    workspace=Workspace(low=np.array([0.3, -0.35, 0.05]), high=np.array([0.7, 0.35, 0.6]))
)


def random_chunk(rng: np.random.Generator) -> ActionChunk:
    """Return a chunk whose direction wanders, as a policy's does."""
    steps = int(rng.integers(3, 9))
    heading = rng.normal(0.0, 0.012, 3)
    moves = heading + np.cumsum(rng.normal(0.0, 0.004, (steps, 3)), axis=0)
    turns = rng.normal(0.0, 0.03, 3) + rng.normal(0.0, 0.01, (steps, 3))
    grips = np.full((steps, 1), float(rng.random() < 0.8))
    actions = np.hstack([moves, turns * (rng.random() < 0.5), grips])
    return ActionChunk(actions=actions, rate_hz=5.0)


class Check:
    """An executor on the strict arm, and what became of its runs."""

    def __init__(self, speed: float) -> None:
        self.robot = FrankaRobot(HOST, speed=speed, realtime=False)
        self.events: queue.Queue[RigEvent] = queue.Queue()
        self.executor = Executor(self.robot, LIMITS, home_joints(), self.events.put)
        self.refused: list[str] = []
        self.latencies: list[float] = []
        self.rejected = 0

    def ended(self, run_id: str) -> None:
        """Wait for the end of a run and note why it came."""
        while True:
            event = self.events.get(timeout=RUN_SECONDS)
            if isinstance(event, RunEnded) and event.run_id == run_id:
                break
        if event.latency_ms is not None:
            self.latencies.append(event.latency_ms)
        if event.reason not in (DONE, SUPERSEDED):
            self.refused.append(event.reason)
            self.executor.release()

    def run(self, chunks: int, seed: int) -> None:
        """Execute random chunks."""
        rng = np.random.default_rng(seed)
        for number in range(chunks):
            if number % HOME_EVERY == 0:
                self.ended(self.executor.home(self))
            try:
                run_id = self.executor.run(random_chunk(rng), None, self)
                if rng.random() < TAKES_OVER:
                    time.sleep(float(rng.uniform(0.1, 0.8)))
                    first, run_id = (
                        run_id,
                        self.executor.run(random_chunk(rng), None, self, supersede=True),
                    )
                    self.ended(first)
            except RejectedError:  # leaves the workspace, say
                self.rejected += 1
                if not self.executor.is_running:
                    continue
            self.ended(run_id)


def main() -> int:
    """Run the check and print what it found as JSON; 1 when anything was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="of the environment with franka-sim")
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=float, default=0.3, help="share of the arm's dynamics")
    parser.add_argument(
        "--as-it-is", action="store_true", help="leave out what franka-sim does not report"
    )
    arguments = parser.parse_args()
    server = Path(__file__).with_name("serve_strict_fci.py")
    command = [arguments.python, str(server), HOST, *["--as-it-is"] * arguments.as_it_is]
    with subprocess.Popen(command) as child:
        try:
            _wait_for_server(child)
            check = Check(arguments.speed)
            try:
                check.run(arguments.chunks, arguments.seed)
            finally:
                check.executor.close()
                check.robot.close()
        finally:
            child.terminate()
    print(
        json.dumps(
            {
                "chunks": arguments.chunks,
                "rejected by the guard": check.rejected,
                "refused by the arm": check.refused,
                "command to first motion, median [ms]": float(np.median(check.latencies)),
            }
        )
    )
    return 1 if check.refused else 0


def _wait_for_server(child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection((HOST, 1337), 1.0).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RobotError("The strict simulator does not start; look at its messages above.")


if __name__ == "__main__":
    sys.exit(main())
