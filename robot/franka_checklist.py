"""What a Franka arm has to be like before it may move, looked at one by one.

:class:`ArmFacts` is what was found; :func:`arm_items` judges it, without the arm or its library. Of
a simulated arm everything is told, and only what would hinder it is held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.arrival import Arrival
from robot.check_item import CheckItem, CheckState
from robot.franka_errors import error_named
from robot.franka_shape import HAND_TURN, TOOL
from robot.franka_version import library_sentence
from robot.machine_checks import Machine, machine_items

JOINT_COLLISION = 20.0
TOOL_COLLISION = 20.0
"""External torque at a joint [N m] and force or torque at the tool [N, N m] at which the arm stops
itself. They are those of libfranka's own examples: about what holds two litres of water."""

CONTACT_SHARE = 0.5
"""Share of these at which the arm reports contact, without stopping."""

FIRST_SPEED = 0.1
"""Share of the arm's dynamics that a first connection should not exceed."""

STEADY_MS = 0.5
"""States that arrive this steadily leave half of every millisecond for the answer [ms]."""

_NEAR_METRES = 0.005
_NEAR_RADIANS = 0.02
_LIGHTEST_HAND = 0.1

_MODES: dict[str, tuple[CheckState, str, str]] = {
    "Idle": (CheckState.OK, "The arm waits for commands.", ""),
    "Move": (CheckState.OK, "The arm moves.", ""),
    "Guiding": (
        CheckState.FAIL,
        "Somebody guides the arm by hand.",
        "Let go of the buttons at its hand.",
    ),
    "Reflex": (
        CheckState.FAIL,
        "The arm has stopped itself.",
        "Look what it met, then choose Recover.",
    ),
    "UserStopped": (
        CheckState.FAIL,
        "The arm's stop button is pressed.",
        "Release the button when nobody is in the arm's reach.",
    ),
    "AutomaticErrorRecovery": (
        CheckState.FAIL,
        "The arm is recovering from an error.",
        "Wait until it has finished.",
    ),
}
_OTHER_MODE = (
    CheckState.FAIL,
    "The arm does not take motions.",
    "Unlock its brakes, switch Franka Desk to execution and activate FCI.",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmFacts:
    """What an arm and its driver told.

    Attributes:
        host: Address of the arm.
        simulated: Whether it is a simulation on this machine.
        realtime: Whether its driver insists on real time.
        mode: Name of its mode, as libfranka spells it.
        errors: Names of the errors it reports.
        hand_mass: Mass of the end effector that it reckons with [kg].
        load_mass: Mass that it believes to carry [kg].
        tool: (4, 4) end effector in the flange's frame [m].
        arrival: How steadily its states arrive; None when too few came.
        speed: Share of its dynamics in force.
        gripper_width: Largest opening of its gripper [m]; 0 before its homing.
    """

    host: str
    simulated: bool
    realtime: bool
    mode: str
    errors: Sequence[str]
    hand_mass: float
    load_mass: float
    tool: NDArray[np.float64]
    arrival: Arrival | None
    speed: float
    gripper_width: float


def arm_items(facts: ArmFacts, machine: Machine) -> list[CheckItem]:
    """Return the whole checklist, in the order in which a person would mend it."""
    strict = CheckState.FAIL if facts.realtime else CheckState.WARN
    return [
        _ok("control interface", f"The robot at {facts.host} answers; {library_sentence()}"),
        _mode(facts.mode),
        _errors(facts.errors),
        *machine_items(machine, CheckState.OK if facts.simulated else strict),
        _network(facts.arrival, simulated=facts.simulated),
        _end_effector(facts.hand_mass, facts.tool),
        _payload(facts.load_mass),
        _gripper(facts.gripper_width),
        _ok(
            "collision limits",
            f"The arm stops itself at {JOINT_COLLISION:.0f} N m at a joint or "
            f"{TOOL_COLLISION:.0f} N at the tool; this program has set that.",
        ),
        _speed(facts.speed, simulated=facts.simulated),
    ]


def _mode(mode: str) -> CheckItem:
    state, found, mend = _MODES.get(mode, _OTHER_MODE)
    return CheckItem(name="robot mode", state=state, found=found, mend=mend)


def _errors(names: Sequence[str]) -> CheckItem:
    if not names:
        return _ok("errors", "The arm reports no error.")
    first = error_named(names[0])
    return CheckItem(
        name="errors",
        state=CheckState.FAIL,
        found=f"The arm reports that {first.what} ({', '.join(names)}).",
        mend=f"{first.mend[0].upper()}{first.mend[1:]}; then choose Recover.",
    )


def _network(arrival: Arrival | None, *, simulated: bool) -> CheckItem:
    if arrival is None:
        return CheckItem(
            name="network",
            state=CheckState.OK if simulated else CheckState.FAIL,
            found="Too few states of the arm arrived to measure the connection.",
            mend=""
            if simulated
            else "Look at the cable and at the firewall (UDP), then try again.",
        )
    found = (
        f"99 of 100 states arrive within {arrival.usual_ms:.2f} ms of the quickest, the slowest of "
        f"{arrival.samples} within {arrival.worst_ms:.2f} ms."
    )
    if arrival.usual_ms <= STEADY_MS or simulated:
        return _ok("network", found)
    return CheckItem(
        name="network",
        state=CheckState.WARN,
        found=found,
        mend=f"At most {STEADY_MS} ms are good. Connect this machine and the control unit by one "
        "cable without a switch, and end other work on this machine.",
    )


def _end_effector(mass: float, tool: NDArray[np.float64]) -> CheckItem:
    hand = np.eye(4)
    c, s = np.cos(HAND_TURN), np.sin(HAND_TURN)
    hand[:2, :2], hand[2, 3] = [[c, -s], [s, c]], TOOL
    apart = float(np.linalg.norm(tool[:3, 3] - hand[:3, 3]))
    turned = float(np.linalg.norm(tool[:3, :3] - hand[:3, :3]))
    found = f"The tool centre is {tool[2, 3]:.3f} m from the flange, the hand weighs {mass:.2f} kg."
    if mass >= _LIGHTEST_HAND and apart < _NEAR_METRES and turned < _NEAR_RADIANS:
        return _ok("end effector", found)
    return CheckItem(
        name="end effector",
        state=CheckState.FAIL,
        found=f"{found} The guard reckons with the Franka Hand ({TOOL:.3f} m, 0.73 kg).",
        mend="Choose Franka Hand as the end effector in Franka Desk.",
    )


def _payload(mass: float) -> CheckItem:
    if mass < 0.01:
        return _ok("payload", "The arm reckons with an empty hand.")
    return CheckItem(
        name="payload",
        state=CheckState.WARN,
        found=f"The arm reckons with {mass:.2f} kg in its hand.",
        mend="Set the payload to what the hand really carries; with a wrong one it drifts, or "
        "stops itself for nothing.",
    )


def _gripper(width: float) -> CheckItem:
    if width > 0.0:
        return _ok("gripper", f"The gripper opens to {width:.3f} m.")
    return CheckItem(
        name="gripper",
        state=CheckState.FAIL,
        found="The gripper does not know how far it opens.",
        mend="Take what it holds away and let it find its ends in Franka Desk (homing).",
    )


def _speed(share: float, *, simulated: bool) -> CheckItem:
    found = f"The arm moves with {100 * share:.0f} % of its dynamics."
    if share <= FIRST_SPEED or simulated:
        return _ok("speed", found)
    return CheckItem(
        name="speed",
        state=CheckState.WARN,
        found=found,
        mend=f"Begin with 5 to {100 * FIRST_SPEED:.0f} % until you have seen it move.",
    )


def _ok(name: str, found: str) -> CheckItem:
    return CheckItem(name=name, state=CheckState.OK, found=found)
