"""The four things that have to stand before the arm moves: policy, rig, robot, recorder.

Pure functions from what is known to what a person reads: the state of every rung in words, what is
wrong, and the ways to mend it. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.services import STOPPED
from app.status_bar import LITTLE_ROOM_S, size_text, span_text
from app.store import Phase, Recording, RigInfo
from core.types import Capabilities, RobotState

DOWN = frozenset({"failed", "not connected", STOPPED})
"""Statuses of a service that will not get better by waiting."""

AMPLE_ROOM_S = 30 * 86400.0
"""Nobody asks how long a disk does that lasts for longer than this [s]."""

FROZEN_MS = 2000.0
"""A picture that is older than this means that the rig has stopped to deliver [ms]."""


class State(StrEnum):
    """How a rung stands."""

    GOOD = "good"
    WAITING = "waiting"
    ODD = "odd"
    BAD = "bad"


class Mend(StrEnum):
    """What a person can do about a rung."""

    RESTART = "restart"
    CANCEL = "cancel"
    CONNECT = "connect"
    OWN = "own"
    RELEASE = "release"
    RECORD = "record"
    FOLDER = "folder"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rung as it is shown.

    Attributes:
        name: "policy", "rig", "robot" or "recorder".
        title: What it is called.
        state: How it stands.
        words: The state in words: what is, what is wrong.
        mends: What can be done about it, the likeliest first.
    """

    name: str
    title: str
    state: State
    words: str
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known.

    Attributes:
        services: Status by service; an empty one means ready.
        troubles: The last thing that went wrong, by service, as a sentence.
        elsewhere: Address by service for those that run on other machines.
        owned: Services that this studio starts itself.
        capabilities: What the policy can do; None without a policy.
        rig: The connected rig, if any.
        robot: The newest state of the arm, if any.
        phase: What the studio is doing.
        frame_age_ms: Age of the newest picture [ms]; None before the first.
        recording: State of the session file.
        record: Whether the session shall be recorded.
        folder: Where session files go.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    owned: frozenset[str] = frozenset()
    capabilities: Capabilities | None = None
    rig: RigInfo | None = None
    robot: RobotState | None = None
    phase: Phase = Phase.STARTING
    frame_age_ms: float | None = None
    recording: Recording = field(default_factory=Recording)
    record: bool = True
    folder: str = ""


def ladder(facts: Facts) -> tuple[Rung, ...]:
    """Return the rungs, lowest first."""
    return (_policy(facts), _rig(facts), _robot(facts), _recorder(facts))


def _policy(facts: Facts) -> Rung:
    status = facts.services.get("policy", "")
    found = facts.capabilities
    where = _where(facts, "policy")
    if found is not None and not status:
        name = found.checkpoint or found.name
        return _rung("policy", State.GOOD, f"{name} answers{where}.", _moves(facts, "policy"))
    return _not_there(facts, "policy", ("policy",))


def _rig(facts: Facts) -> Rung:
    rig = facts.rig
    if rig is None or facts.services.get("rig"):
        return _not_there(facts, "rig", ("lab", "rig"))
    what = "The simulated lab" if rig.kind == "lab" else f"The arm at {rig.host}"
    cameras = f"{len(rig.cameras)} camera{'s' if len(rig.cameras) != 1 else ''}"
    age = facts.frame_age_ms
    if age is None:
        words, state = f"{what} is connected{_where(facts, 'rig')}; no picture yet.", State.WAITING
    elif age > FROZEN_MS:
        words = f"{what} is connected, but the newest picture is {age / 1000:.0f} s old."
        state = State.ODD
    else:
        words = f"{what} is connected{_where(facts, 'rig')}, with {cameras}."
        state = State.GOOD
    return _rung("rig", state, words, _moves(facts, "rig"))


def _robot(facts: Facts) -> Rung:
    if facts.rig is None:
        return _rung("robot", State.WAITING, "Nothing is known of the arm without a rig.")
    if facts.phase == Phase.FAULT or (facts.robot is not None and facts.robot.mode == "fault"):
        words = facts.troubles.get("robot") or "The arm reports a fault."
        return _rung("robot", State.BAD, words, (Mend.RELEASE, Mend.LOG))
    if facts.phase == Phase.STOPPED:
        return _rung("robot", State.ODD, "Stopped; it stays still until released.", (Mend.RELEASE,))
    if facts.robot is None:
        return _rung("robot", State.WAITING, "The rig has not measured the arm yet.")
    if facts.robot.mode == "disconnected":
        words = "The rig has lost the arm; look at its cable and its own controller."
        return _rung("robot", State.BAD, words, _moves(facts, "rig"))
    words = {"idle": "Ready; it stands still.", "moving": "Moving."}.get(
        facts.robot.mode, f"It says: {facts.robot.mode}."
    )
    return _rung("robot", State.GOOD, words)


def _recorder(facts: Facts) -> Rung:
    file = facts.recording
    if file.path:
        name = file.path.rsplit("/", 1)[-1]
        words = f"Recording {name}, {size_text(file.size)}."
        room = file.room_s
        if room is not None and room < AMPLE_ROOM_S:
            words = f"{words[:-1]}; at this pace there is room for {span_text(room)} more."
        if room is not None and room < LITTLE_ROOM_S:
            words = f"{words} Make room on that disk, or choose another folder."
            return _rung("recorder", State.ODD, words, (Mend.FOLDER, Mend.LOG))
        if not file.dropped:
            return _rung("recorder", State.GOOD, words)
        lost = (
            f"{words} {file.dropped} pictures were left out, as the machine or its disk could not "
            "keep up; events are kept."
        )
        return _rung("recorder", State.ODD, lost, (Mend.FOLDER, Mend.LOG))
    if not facts.record:
        words = "Switched off: nothing of this session is kept."
        return _rung("recorder", State.ODD, words, (Mend.RECORD,))
    if trouble := facts.troubles.get("recorder"):
        return _rung("recorder", State.BAD, trouble, (Mend.RECORD, Mend.FOLDER, Mend.LOG))
    return _rung("recorder", State.WAITING, f"A file in {facts.folder} is being opened.")


def _not_there(facts: Facts, name: str, programs: tuple[str, ...]) -> Rung:
    """Say why a rung is missing: the first of its programs that is not ready decides."""
    elsewhere = name in facts.elsewhere
    for program in (name,) if elsewhere else programs:
        status = facts.services.get(program, "")
        if status in DOWN:
            words = facts.troubles.get(program) or _DOWN_WORDS.get(status, "It is not running.")
            first = () if status == STOPPED else (Mend.LOG,)
            return _rung(name, State.BAD, words, (*_moves(facts, name), *first))
        if status:
            told = status if status[:1].isupper() else f"{_PROGRAM[program]}: {status}"
            mends = (*((Mend.CANCEL,) if not elsewhere else ()), Mend.CONNECT)
            return _rung(name, State.WAITING, f"{told.rstrip('.')}.", mends)
    return _rung(name, State.WAITING, "It is being started.", _moves(facts, name))


def _moves(facts: Facts, name: str) -> tuple[Mend, ...]:
    """What can be done about any service: start it again, or use another one."""
    own = (Mend.OWN,) if name in facts.elsewhere and name in facts.owned else ()
    return (Mend.RESTART, Mend.CONNECT, *own)


def _where(facts: Facts, name: str) -> str:
    return f" at {facts.elsewhere[name]}" if name in facts.elsewhere else ""


def _rung(name: str, state: State, words: str, mends: tuple[Mend, ...] = ()) -> Rung:
    return Rung(name=name, title=TITLES[name], state=state, words=words, mends=mends)


TITLES = {"policy": "Policy", "rig": "Rig", "robot": "Robot", "recorder": "Recorder"}

_PROGRAM = {"policy": "The policy server", "lab": "The lab", "rig": "The rig"}

_DOWN_WORDS = {
    STOPPED: "Its start was given up; start it again when you need it.",
    "failed": "It has ended; start it again.",
    "not connected": "The connection is lost; connect again.",
}
