"""What libfranka's and franky's exceptions mean, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import franky

from robot.base import PlanError, PreemptedError, RobotError, RobotLostError

_MEANINGS: tuple[tuple[str, type[RobotError], str], ...] = (
    ("preempted", PreemptedError, "The motion was stopped."),
    ("planner failed", PlanError, "The controller found no trajectory for this path."),
    (
        "refused",
        RobotLostError,
        "The robot at {host} does not accept commands; switch it on, unlock its brakes and "
        "activate FCI in Franka Desk (simulated: start python main.py lab).",
    ),
    ("host not found", RobotLostError, "There is no robot at '{host}'; check the address."),
    (
        "incompatible library",
        RobotError,
        "The robot at {host} runs a system version that this libfranka cannot talk to.",
    ),
    ("net exception", RobotLostError, "The connection to the robot at {host} is lost."),
    ("timeout", RobotLostError, "The connection to the robot at {host} is lost: no answer."),
    ("interrupted", RobotLostError, "The connection to the robot at {host} is lost."),
    ("tcp ", RobotLostError, "The connection to the robot at {host} is lost."),
    ("udp ", RobotLostError, "The connection to the robot at {host} is lost."),
    (
        "user stopped",
        RobotError,
        "The robot's stop button is pressed; release it, then choose Recover.",
    ),
    (
        "reflex",
        RobotError,
        "The robot stopped itself ({detail}); look what it met, then choose Recover.",
    ),
)

FRANKY_ERRORS = (
    franky.Exception,  # ControlException, CommandException, NetworkException, ...
    franky.GripperException,
    franky.MotionReuseException,
    RuntimeError,  # "Net Exception" of a dead connection, "Motion planner failed"
)
"""Everything that a call into franky is known to raise about the robot."""


def in_words(error: BaseException, host: str, errors: Sequence[str] = ()) -> RobotError:
    """Return the exception to raise instead of one of franky's.

    Args:
        error: What was raised.
        host: Address of the robot.
        errors: What the arm itself reports, from :func:`active_errors`.
    """
    if isinstance(error, RobotError):
        return error
    text = str(error)
    lower, reported = text.lower(), ", ".join(errors)
    for mark, kind, sentence in _MEANINGS:
        if mark in lower:
            return kind(
                sentence.format(host=host, detail=_errors_named_in(text) or reported or "reflex")
            )
    if isinstance(error, franky.NetworkException):
        return RobotLostError(f"The connection to the robot at {host} is lost: {text}.")
    also = f" It reports: {reported}." if reported else ""
    return RobotError(f"The robot at {host} refuses: {text}.{also}")


def active_errors(errors: franky.Errors) -> list[str]:
    """Return the names of the errors that are set, in words."""
    names = [name for name in dir(errors) if not name.startswith("_")]
    return [name.replace("_", " ") for name in names if getattr(errors, name) is True]


def _errors_named_in(text: str) -> str:
    inside = text.partition("[")[2].partition("]")[0]
    return inside.replace('"', "").replace("_", " ").strip()
