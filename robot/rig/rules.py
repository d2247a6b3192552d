"""What a rig insists on before and while the arm moves: more for a real arm than in a lab."""

from __future__ import annotations

from dataclasses import dataclass

from robot.rig.watchdogs import LAB_WATCH, REAL_WATCH, WatchLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class RigRules:
    """How strict the rig is.

    Attributes:
        real: Whether the arm can hurt somebody: its checklist has to be acknowledged, its recovery
            confirmed, and every plan has to say which picture it answers.
        hold_to_run: Whether the arm moves only while a key, button or pedal is held.
        speed: Share of the arm's dynamics at the start, 0..1.
        max_speed: Largest share that may be set.
        recovered_speed: Share after an error was acknowledged; None to leave it as it is.
        observation_seconds: How old the picture that a plan answers may be when it is armed or
            started. Not a matter of milliseconds: a large model takes some seconds to answer, and a
            person another half minute to look, draw and ask again about the same picture. What
            the arm did since then is caught by comparing poses; this catches a table that was
            rearranged meanwhile.
        watch: How old and how still pictures and states may be.
        pulse_seconds: How long the client that moves the arm may give no sign of life before the
            arm is stopped.
    """

    real: bool
    hold_to_run: bool
    speed: float
    max_speed: float
    recovered_speed: float | None
    observation_seconds: float
    watch: WatchLimits
    pulse_seconds: float = 0.2


LAB = RigRules(
    real=False,
    hold_to_run=False,
    speed=0.3,
    max_speed=1.0,
    recovered_speed=None,
    observation_seconds=600.0,
    watch=LAB_WATCH,
)
"""Nobody is hurt by a simulation, and whoever learns in it may take their time."""

REAL = RigRules(
    real=True,
    hold_to_run=True,
    speed=0.1,
    max_speed=0.1,
    recovered_speed=0.05,
    observation_seconds=60.0,
    watch=REAL_WATCH,
)
"""A real arm starts slowly, and stays slow until its operator says otherwise."""
