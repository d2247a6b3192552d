"""What an arm may be doing, and the one table of what leads from there to where.

A trigger is either a fact (the arm was lost, a motion ended, somebody pressed stop), which is true
in every state and never refused, or a wish (to arm, to move, to release), which a state may refuse
with a sentence. The table has an entry for every pair; :mod:`robot.rig.authority` adds the clock,
the plan and the holder.
"""

from __future__ import annotations

from enum import StrEnum

from robot.guard import RejectedError


class MotionState(StrEnum):
    """What the arm is doing, as far as motion is concerned.

    * disconnected: the arm does not answer.
    * connected: it answers, but something is missing before it may move.
    * idle: ready.
    * previewed: the guard accepted exactly one chunk.
    * armed: a person armed exactly that chunk, a moment ago.
    * executing: it moves.
    * hold: a watchdog ended a motion or made one impossible; the pose is held, nothing is latched.
    * stopped: somebody stopped it; latched until released.
    * fault: the arm reports an error; latched until released.
    """

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    IDLE = "idle"
    PREVIEWED = "previewed"
    ARMED = "armed"
    EXECUTING = "executing"
    HOLD = "hold"
    STOPPED = "stopped"
    FAULT = "fault"


class Trigger(StrEnum):
    """What may happen, and what may be wished for."""

    CONNECT = "connect"
    LOSE = "lose"
    READY = "ready"
    UNREADY = "unready"
    REJECT = "reject"
    DISARM = "disarm"
    EXPIRE = "expire"
    END = "end"
    HOLD = "hold"
    STOP = "stop"
    FAIL = "fail"
    PREVIEW = "preview"
    ARM = "arm"
    RUN = "run"
    SUPERSEDE = "supersede"
    MOVE = "move"
    RELEASE = "release"


_S = MotionState
_REST = None
"""Where the arm rests: idle, connected or disconnected, whichever is true."""

_EVERY = frozenset(MotionState)
_LATCHED = {_S.STOPPED, _S.FAULT}
_PLANNED = {_S.PREVIEWED, _S.ARMED}

_FACTS: dict[Trigger, dict[MotionState, MotionState | None]] = {
    Trigger.CONNECT: {_S.DISCONNECTED: _REST},
    Trigger.LOSE: dict.fromkeys(_EVERY - _LATCHED, _S.DISCONNECTED),
    Trigger.READY: {_S.CONNECTED: _REST},
    Trigger.UNREADY: dict.fromkeys({_S.IDLE, *_PLANNED, _S.HOLD}, _S.CONNECTED),
    Trigger.REJECT: dict.fromkeys(_PLANNED, _S.IDLE),
    Trigger.DISARM: dict.fromkeys(_PLANNED, _S.IDLE),
    Trigger.EXPIRE: {_S.ARMED: _S.PREVIEWED},
    Trigger.END: {_S.EXECUTING: _REST},
    Trigger.HOLD: dict.fromkeys({*_PLANNED, _S.EXECUTING}, _S.HOLD),
    Trigger.STOP: dict.fromkeys(_EVERY - {_S.FAULT}, _S.STOPPED),
    Trigger.FAIL: dict.fromkeys(_EVERY, _S.FAULT),
}
"""Where facts lead; a state that is not named stays as it is."""

_WISHES: dict[Trigger, dict[MotionState, MotionState | None]] = {
    Trigger.PREVIEW: {
        **dict.fromkeys({_S.IDLE, *_PLANNED, _S.HOLD}, _S.PREVIEWED),
        _S.EXECUTING: _S.EXECUTING,
    },
    Trigger.ARM: {**dict.fromkeys(_PLANNED, _S.ARMED), _S.EXECUTING: _S.EXECUTING},
    Trigger.RUN: {_S.ARMED: _S.EXECUTING},
    Trigger.SUPERSEDE: {_S.EXECUTING: _S.EXECUTING},
    Trigger.MOVE: dict.fromkeys({_S.IDLE, _S.PREVIEWED, _S.HOLD}, _S.EXECUTING),
    Trigger.RELEASE: dict.fromkeys(_EVERY - {_S.EXECUTING}, _REST),
}
"""Where wishes lead; a state that is not named refuses."""

_WHY: dict[MotionState, str] = {
    _S.DISCONNECTED: "The arm does not answer; look at its power and its cable, then release.",
    _S.CONNECTED: "The arm is not ready yet; go through its checklist.",
    _S.IDLE: "There is no plan that the guard has accepted; preview it again.",
    _S.PREVIEWED: "The plan is not armed; arm it, then run it.",
    _S.ARMED: "A plan is armed; disarm it first.",
    _S.EXECUTING: "The arm is still moving; wait for its end, or stop it.",
    _S.HOLD: "The arm holds its pose; preview the plan again.",
    _S.STOPPED: "The arm was stopped; release it first.",
    _S.FAULT: "The arm reports an error; look at it, then release it.",
}
_NOTHING_RUNS = "Nothing is running that the plan could take over from; run it instead."


def next_state(
    state: MotionState, trigger: Trigger, *, connected: bool = True, ready: bool = True
) -> MotionState:
    """Return the state that a trigger leads to.

    Args:
        state: What holds now.
        trigger: What happened, or is wished for.
        connected: Whether the arm answers.
        ready: Whether nothing is missing before it may move.

    Raises:
        RejectedError: If the state refuses the wish.
    """
    facts = _FACTS.get(trigger)
    if facts is not None:
        following = facts.get(state, state)
    elif state in _WISHES[trigger]:
        following = _WISHES[trigger][state]
    else:
        raise RejectedError(_refusal(state, trigger))
    if following is not None:
        return following
    if not connected:
        return _S.DISCONNECTED
    return _S.IDLE if ready else _S.CONNECTED


def _refusal(state: MotionState, trigger: Trigger) -> str:
    resting = state not in _LATCHED | {_S.DISCONNECTED, _S.CONNECTED}
    return _NOTHING_RUNS if trigger is Trigger.SUPERSEDE and resting else _WHY[state]
