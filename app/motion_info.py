"""What the rig says of the arm's freedom to move, as the window keeps it; words and colours of it.

The rig is the one authority: the window asks and shows, and decides nothing itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from robot.rig.states import MotionState

STATES = {
    MotionState.DISCONNECTED: ("Disconnected", "fault"),
    MotionState.CONNECTED: ("Not ready", "warn"),
    MotionState.IDLE: ("Idle", "text"),
    MotionState.PREVIEWED: ("Previewed", "text"),
    MotionState.ARMED: ("Armed", "warn"),
    MotionState.EXECUTING: ("Executing", "accent"),
    MotionState.HOLD: ("Holding its pose", "warn"),
    MotionState.STOPPED: ("Stopped", "fault"),
    MotionState.FAULT: ("Fault", "fault"),
}
"""Word and role for every state; the word alone says it too."""

LATCHED = frozenset({MotionState.STOPPED, MotionState.FAULT})
"""States that last until a person releases them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionInfo:
    """What the rig reported last.

    Attributes:
        state: What the arm may do.
        why: Why it is in that state, as a sentence; often empty.
        digest: Of the chunk that is previewed, armed or executed; empty for none.
        expires_at: When an arming ends by itself [s, this machine's monotonic clock].
        holder: Who may arm and move; empty while nobody holds the arm.
        mine: Whether that is this window.
        hold_to_run: Whether something has to be held for as long as the arm shall move.
        speed: Share of the arm's dynamics, 0 to 1.
        max_speed: The largest share that may be chosen.
        latency_s: From the last command to the arm's motion [s]; None while it is not measured.
        faults: What the fault lab does to this arm on purpose; empty without it.
    """

    state: MotionState = MotionState.DISCONNECTED
    why: str = ""
    digest: str = ""
    expires_at: float | None = None
    holder: str = ""
    mine: bool = False
    hold_to_run: bool = False
    speed: float = 1.0
    max_speed: float = 1.0
    latency_s: float | None = None
    faults: str = ""

    @property
    def held_elsewhere(self) -> bool:
        """Whether another window may move the arm, and this one may not."""
        return bool(self.holder) and not self.mine

    def seconds_left(self, now: float) -> int:
        """Return how many whole seconds an arming has left, at least 0."""
        if self.state != MotionState.ARMED or self.expires_at is None:
            return 0
        return max(0, math.ceil(self.expires_at - now))


def arm_name(kind: str, host: str) -> str:
    """Say whose arm it is, as every window says it."""
    return "SIMULATED LAB" if kind == "lab" else f"REAL ARM {host}"


def motion_words(motion: MotionInfo) -> tuple[str, str]:
    """Return the state in words, with who else holds the arm, and the role to say it in."""
    words, role = STATES[motion.state]
    if motion.held_elsewhere:
        words = f"{words} · held by {motion.holder}"
    return words, role


def clamp_words(count: int) -> str:
    """Say how many numbers of a plan were clamped; nothing for none."""
    return "" if not count else f"{count} number{'s' if count != 1 else ''} clamped"
