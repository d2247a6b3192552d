"""What libfranka's and franky's exceptions mean, in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import franky

from robot.base import PlanError, PreemptedError, RobotError, RobotLostError
from robot.franka_errors import reflex_sentence
from robot.franka_version import mismatch_sentence

_MEANINGS: tuple[tuple[str, type[RobotError], str], ...] = (
    (
        "safety function",
        RobotError,
        "A safety rule of the robot at {host} forbids this motion; see in Franka Desk, under "
        "Safety, which one, and whether it is meant to.",
    ),
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
        "connection timeout",
        RobotLostError,
        "The robot at {host} does not answer; activate FCI in Franka Desk, and plug the cable into "
        "the control unit, not into the arm.",
    ),
    (
        "realtime",
        RobotError,
        "This machine cannot give the control of the arm real-time priority; install a PREEMPT_RT "
        "kernel and allow rtprio 99 in /etc/security/limits.conf, or start the rig with "
        "--no-realtime and expect motions to be aborted.",
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
        'mode ("guiding")',
        RobotError,
        "The robot is guided by hand; let go of the buttons at its hand, then try again.",
    ),
    (
        'mode ("other")',
        RobotError,
        "The robot at {host} does not take motions now; unlock its brakes, switch Franka Desk to "
        "execution and activate FCI.",
    ),
)

FRANKY_ERRORS = (
    franky.Exception,  # ControlException, CommandException, NetworkException, ...
    franky.GripperException,
    franky.MotionReuseException,
    RuntimeError,  # "Net Exception" of a dead connection, "Motion planner failed"
)
"""Everything that a call into franky is known to raise about the robot."""

_VERSIONS = re.compile(r"server version:\s*(\d+).*library version:\s*(\d+)")


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
    if isinstance(error, franky.IncompatibleVersionException) or "incompatible library" in lower:
        versions = _VERSIONS.search(lower)
        server, library = map(int, versions.groups()) if versions else (None, None)
        return RobotError(mismatch_sentence(host, server, library))
    for mark, kind, sentence in _MEANINGS:
        if mark in lower:
            return kind(sentence.format(host=host))
    if "reflex" in lower:
        return RobotError(reflex_sentence(_errors_named_in(text) or list(errors)))
    if isinstance(error, franky.NetworkException):
        return RobotLostError(f"The connection to the robot at {host} is lost: {text}.")
    also = f" It reports: {reported}." if reported else ""
    return RobotError(f"The robot at {host} refuses: {text}.{also}")


def active_errors(errors: franky.Errors) -> list[str]:
    """Return the names of the errors that are set, in words."""
    names = [name for name in dir(errors) if not name.startswith("_")]
    return [name.replace("_", " ") for name in names if getattr(errors, name) is True]


def _errors_named_in(text: str) -> list[str]:
    inside = text.partition("[")[2].partition("]")[0].replace('"', "")
    return [name.strip().replace("_", " ") for name in inside.split(",") if name.strip()]
