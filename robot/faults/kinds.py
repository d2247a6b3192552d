"""What can go wrong on purpose, for how long, and what a person does about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Names of faults, as they stand in ``--faults``."""

    REFLEX = "reflex"
    USER_STOP = "user-stop"
    GUIDING = "guiding"
    NETWORK = "network"
    STATE_FREEZE = "state-freeze"
    GRIPPER_SLOW = "gripper-slow"
    GRIPPER_FAIL = "gripper-fail"
    JOIN = "join"
    PLAN = "plan"
    CAMERA_FREEZE = "camera-freeze"
    CAMERA_DROP = "camera-drop"
    CAMERA_UNPLUG = "camera-unplug"
    CAMERA_SWAP = "camera-swap"
    CAMERA_DELAY = "camera-delay"
    CAMERA_SIZE = "camera-size"

    @property
    def is_camera(self) -> bool:
        """Whether it happens to a camera and not to the arm."""
        return self.value.startswith("camera-")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFacts:
    """What is known about a kind of fault.

    Attributes:
        what: What happens, as a sentence without its end.
        mend: What a person does about it, as a sentence.
        seconds: How long it lasts when nothing is said [s]; by chance, 30 to 100 % of that.
    """

    what: str
    mend: str
    seconds: float = 2.0


_WAIT = "Nothing; it passes by itself."
_RELEASE = "Look at the arm, then release it."
_ANEW = "Wait until the pictures are good again, then preview the plan anew."

# A lab is watched leniently (robot.rig.watchdogs.LAB_WATCH): what shall end a motion there lasts.
FACTS: dict[FaultKind, FaultFacts] = {
    FaultKind.REFLEX: FaultFacts(
        what="the arm stops itself in the middle of a motion", mend=_RELEASE
    ),
    FaultKind.USER_STOP: FaultFacts(
        what="the robot's stop button is pressed",
        mend="Wait until the button is out again, then release the arm.",
        seconds=3.0,
    ),
    FaultKind.GUIDING: FaultFacts(
        what="somebody holds the guiding buttons at the hand", mend=_WAIT, seconds=3.0
    ),
    FaultKind.NETWORK: FaultFacts(
        what="the network cable of the arm is out",
        mend="Wait until it is plugged in again, then release the arm.",
        seconds=3.0,
    ),
    FaultKind.STATE_FREEZE: FaultFacts(
        what="the arm's state stands still while the arm may move",
        mend="Look at the arm, which the rig has stopped, then release it.",
        seconds=4.0,
    ),
    FaultKind.GRIPPER_SLOW: FaultFacts(
        what="the next command to the gripper begins late", mend=_WAIT, seconds=3.0
    ),
    FaultKind.GRIPPER_FAIL: FaultFacts(
        what="the next command to the gripper fails and the fingers stay as they are",
        mend=_RELEASE,
    ),
    FaultKind.JOIN: FaultFacts(
        what="the next motion ends early, which is told only when its end is awaited",
        mend=_RELEASE,
    ),
    FaultKind.PLAN: FaultFacts(what="the next motion finds no trajectory", mend=_WAIT),
    FaultKind.CAMERA_FREEZE: FaultFacts(
        what="the camera delivers the same picture again and again", mend=_ANEW, seconds=5.0
    ),
    FaultKind.CAMERA_DROP: FaultFacts(what="the camera delivers nothing", mend=_ANEW, seconds=8.0),
    FaultKind.CAMERA_UNPLUG: FaultFacts(
        what="the camera is unplugged",
        mend="Plug it in again, then preview the plan anew.",
        seconds=8.0,
    ),
    FaultKind.CAMERA_SWAP: FaultFacts(
        what="the camera and another one have changed places",
        mend="Stop, compare the pictures with the table, and change the cables back.",
        seconds=5.0,
    ),
    FaultKind.CAMERA_DELAY: FaultFacts(
        what="the camera's pictures come late", mend=_ANEW, seconds=9.0
    ),
    FaultKind.CAMERA_SIZE: FaultFacts(
        what="the camera delivers pictures of half the size", mend=_ANEW, seconds=5.0
    ),
}

AWAIT_MOTION = frozenset({FaultKind.REFLEX, FaultKind.JOIN, FaultKind.PLAN})
"""These wait for the next motion when the arm rests; a reflex hits a running one."""

AWAIT_GRIPPER = frozenset({FaultKind.GRIPPER_SLOW, FaultKind.GRIPPER_FAIL})
"""These wait for the next command to the gripper."""
