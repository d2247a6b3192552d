"""Asks a connected Franka arm what its checklist is about, and sets what we set at connection."""

from __future__ import annotations

import franky

from core.service import is_loopback
from robot.arrival import measure_arrival
from robot.franka_checklist import CONTACT_SHARE, JOINT_COLLISION, TOOL_COLLISION, ArmFacts
from robot.franka_words import active_errors


def set_collision_limits(robot: franky.Robot) -> None:
    """Let the arm stop itself at the resistance that the checklist tells."""
    robot.set_collision_behavior(
        [CONTACT_SHARE * JOINT_COLLISION] * 7,
        [JOINT_COLLISION] * 7,
        [CONTACT_SHARE * TOOL_COLLISION] * 6,
        [TOOL_COLLISION] * 6,
    )


def gather_facts(
    robot: franky.Robot, *, gripper_width: float, speed: float, realtime: bool
) -> ArmFacts:
    """Ask the arm; takes about half a second, for the arrival of its states is measured.

    Args:
        robot: A connected arm at rest.
        gripper_width: Largest opening that its gripper knows [m].
        speed: Share of its dynamics in force.
        realtime: Whether its driver insists on real time.

    Raises:
        franky.Exception: If it does not answer.
    """
    host = str(robot.fci_hostname)
    state = robot.state
    return ArmFacts(
        host=host,
        simulated=is_loopback(host),
        realtime=realtime,
        mode=state.robot_mode.name,
        errors=active_errors(state.current_errors),
        hand_mass=float(state.m_ee),
        load_mass=float(state.m_load),
        tool=state.F_T_EE.matrix,
        arrival=measure_arrival(lambda: robot.state.time.to_sec()),
        speed=speed,
        gripper_width=gripper_width,
    )
