"""What the driver of a real arm raises about a fault."""

from __future__ import annotations

from robot.base import PlanError, RobotError, RobotLostError
from robot.faults.kinds import FaultKind
from robot.franka_errors import reflex_sentence


def error_of(kind: FaultKind, host: str, detail: str = "") -> RobotError:
    """Return what the driver of a real arm raises about a fault."""
    match kind:
        case FaultKind.NETWORK:
            return RobotLostError(f"The connection to the robot at {host} is lost.")
        case FaultKind.USER_STOP:
            return RobotError(
                "The robot's stop button is pressed; release it, then choose Recover."
            )
        case FaultKind.GUIDING:
            return RobotError(
                "The robot is guided by hand; let go of the buttons at its hand, then try again."
            )
        case FaultKind.PLAN:
            return PlanError("The controller found no trajectory for this path.")
        case FaultKind.JOIN:
            return RobotError(f"The robot at {host} refuses: the motion was aborted.")
        case _:
            return RobotError(reflex_sentence([detail]))


def again(error: RobotError) -> RobotError:
    """Return a fresh exception like ``error``: one that is raised twice grows a long traceback."""
    return type(error)(*error.args)
