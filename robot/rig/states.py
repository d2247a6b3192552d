"""The states of motion that the rig reports."""

from __future__ import annotations

from enum import StrEnum


class MotionState(StrEnum):
    """What the arm may do now; the rig alone decides."""

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    IDLE = "idle"
    PREVIEWED = "previewed"
    ARMED = "armed"
    EXECUTING = "executing"
    HOLD = "hold"
    STOPPED = "stopped"
    FAULT = "fault"
