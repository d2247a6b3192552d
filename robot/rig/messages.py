"""What the rig reports, and how events, chunks, frames and states travel.

All messages are maps in :mod:`core.wire`. On ``/control`` the rig sends ``{"hello": {...}}`` first;
the client sends requests ``{"id": int, "op": str, ...}`` and gets ``{"id": int, "result": ...}`` or
``{"id": int, "error": sentence, "rejected": bool, "step": int | None}``; in between the rig sends
``{"event": {...}}``. The numbers of a connection's requests must grow: a request that is sent again
is refused. ``/stop`` takes stops alike, whatever their number. On ``/stream`` the rig sends batches
``{"frames": [...], "state": ... | None}`` of what is new; the client answers each with an empty
message, and at most two batches are on their way: whoever reads slowly skips frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from core.types import ActionChunk, Frame, RobotState, StudioError
from robot.rig.states import MotionState

DONE = "done"
STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunStarted:
    """The arm begins to execute.

    Attributes:
        run_id: Number of the run.
        steps: How many steps it has; 0 for the way home.
    """

    run_id: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepDone:
    """One step has been executed, gripper included.

    Attributes:
        run_id: Number of the run.
        step: Index of the step, from 0.
        state: What the arm measured afterwards.
        latency_ms: By how much later than planned the arm arrived, seen every 20 ms.
        holds: After the gripper closed, whether something is between its fingers.
    """

    run_id: str
    step: int
    state: RobotState | None = None
    latency_ms: float | None = None
    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunEnded:
    """A run is over and the arm holds its pose.

    Attributes:
        run_id: Number of the run.
        reason: "done", "stopped", or a sentence about what went wrong.
        steps_done: How many steps were executed completely.
        latency_ms: Time from the command to the arm's first motion; None when it did not move.
    """

    run_id: str
    reason: str
    steps_done: int = 0
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stopped:
    """A stop is in force until it is released.

    Attributes:
        by: Who or what asked for it.
    """

    by: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released:
    """The stop is no longer in force; nothing moves by that."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault:
    """Something is wrong with the arm, a camera, the lab or the connection.

    Attributes:
        sentence: What, and what to do about it.
    """

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateChanged:
    """What the arm may do has changed; also the first event after the hello.

    Attributes:
        state: What it is doing now.
        why: What led there, as a sentence; empty when nothing needs to be said.
        digest: The plan that is previewed, armed or executed; empty when there is none.
        run_id: Number of the run that is executed, else empty.
        expires_s: How long the plan stays armed [s]; None when it is not.
        holder: Name of the client that alone may arm and move; empty when nobody claimed it.
    """

    state: MotionState
    why: str = ""
    digest: str = ""
    run_id: str = ""
    expires_s: float | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultInjected:
    """The fault lab makes something go wrong on purpose (:mod:`robot.faults`).

    Attributes:
        name: Kind of fault, such as "reflex" or "camera-freeze".
        detail: What happens, and to what.
    """

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpeedChanged:
    """The arm is driven faster or slower from now on.

    Attributes:
        share: Share of the arm's dynamics, 0 to 1.
    """

    share: float


RigEvent = (
    RunStarted
    | StepDone
    | RunEnded
    | Stopped
    | Released
    | Fault
    | StateChanged
    | FaultInjected
    | SpeedChanged
)
_KINDS = {kind.__name__: kind for kind in get_args(RigEvent)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the rig is; the first message to a client.

    Attributes:
        kind: "lab" or "real".
        host: Address of the robot.
        cameras: Calibration message per camera name, None where unknown; the first one is the one
            that traces refer to.
        workspace: ((x, y, z) low, (x, y, z) high) [m], or None.
        stopped_by: Who holds a stop in force; empty when nobody does.
        name: What this client is called where it holds the arm (:class:`StateChanged`).
        session: Secret that this client's pulse connection presents.
        state: What the arm is doing, a :class:`robot.rig.states.MotionState`.
        hold_to_run: Whether the arm only moves while a key, button or pedal is held.
        speed: Share of the arm's dynamics.
        max_speed: Largest share that can be set.
        limits_revision: Number of the limits that plans are judged by; a change disarms.
        faults: Plan of the faults that are injected on purpose; empty when none are.
    """

    kind: str
    host: str
    cameras: dict[str, dict[str, Any] | None] = field(default_factory=dict[str, Any])
    workspace: tuple[list[float], list[float]] | None = None
    stopped_by: str = ""
    name: str = ""
    session: str = ""
    state: str = MotionState.IDLE.value
    hold_to_run: bool = False
    speed: float = 1.0
    max_speed: float = 1.0
    limits_revision: int = 0
    faults: str = ""

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire."""
        return {name: getattr(self, name) for name in Hello.__dataclass_fields__}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Hello:
        """Rebuild from :meth:`to_message`; unknown entries are skipped."""
        return cls(**{name: message[name] for name in cls.__dataclass_fields__ if name in message})


def event_message(event: RigEvent) -> dict[str, Any]:
    """Return an event as plain values."""
    message = {name: getattr(event, name) for name in type(event).__dataclass_fields__}
    if isinstance(event, StateChanged):
        message["state"] = event.state.value
    elif message.get("state") is not None:
        message["state"] = state_message(message["state"])
    return {"kind": type(event).__name__, **message}


def event_from_message(message: dict[str, Any]) -> RigEvent:
    """Rebuild an event.

    Raises:
        StudioError: If it is none that this version knows.
    """
    values = dict(message)
    kind = _KINDS.get(str(values.pop("kind", "")))
    if kind is None:
        raise StudioError(f"the rig sent an unknown event {message.get('kind')!r}")
    if kind is StateChanged:
        values["state"] = MotionState(values["state"])
    elif values.get("state") is not None:
        values["state"] = state_from_message(values["state"])
    return kind(**values)


def state_message(state: RobotState) -> dict[str, Any]:
    """Return a state as plain values and arrays."""
    return {name: getattr(state, name) for name in RobotState.__dataclass_fields__}


def state_from_message(message: dict[str, Any]) -> RobotState:
    """Rebuild a state."""
    return RobotState(**message)


def frame_message(frame: Frame) -> dict[str, Any]:
    """Return a frame as plain values and its raw picture."""
    return {"camera": frame.camera, "image": frame.image, "t_ns": frame.t_ns, "seq": frame.seq}


def frame_from_message(message: dict[str, Any]) -> Frame:
    """Rebuild a frame; its picture is a read-only view of the message."""
    return Frame(**message)


def chunk_message(chunk: ActionChunk) -> dict[str, Any]:
    """Return a chunk as plain values."""
    return {"actions": chunk.actions, "rate_hz": chunk.rate_hz, "arm": chunk.arm}


def chunk_from_message(message: Any) -> ActionChunk:
    """Rebuild a chunk that came from outside.

    Raises:
        StudioError: If it is none.
    """
    try:
        actions = np.asarray(message["actions"], dtype=np.float64)
        return ActionChunk(
            actions=actions, rate_hz=float(message["rate_hz"]), arm=str(message.get("arm", "right"))
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudioError(f"this is no action chunk: {error}") from error
