"""What the errors of a Franka arm mean and what a person does about them.

Names and meanings follow ``franka::Errors`` in libfranka (include/franka/errors.h); a test compares
the names with those that the installed library knows. No library is needed to read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robot.check_item import CheckItem, CheckState


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmError:
    """One error of the arm.

    Attributes:
        what: What has happened, as the rest of a sentence about the arm.
        mend: What a person does before the arm is released.
    """

    what: str
    mend: str


_LOOK = "look what it met and clear its way"
_BACK = "guide it back by hand, away from where it stopped"
_CALM = "lower the speed"
_AWAY = "move it to a pose that is less stretched or folded, and lower the speed"
_LINK = "look at the items 'network' and 'real-time kernel' of the checklist"
_START = "release it and preview the plan again: it starts from where the arm is"
_SMOOTH = "lower the speed; keep the session file if it comes again, for the motion was not smooth"
_DESK = "look in Franka Desk, and restart the arm there if it stays"
_LOAD = "compare load and end effector in Franka Desk with what the hand really carries"

_TABLE: dict[str, tuple[str, str]] = {
    "joint_position_limits_violation": ("a joint reached the end of its range", _BACK),
    "cartesian_position_limits_violation": ("it ran into a virtual wall", _BACK),
    "self_collision_avoidance_violation": ("it would have hit itself", _BACK),
    "joint_velocity_violation": ("a joint turned faster than it may", _CALM),
    "cartesian_velocity_violation": ("the tool moved faster than it may", _CALM),
    "force_control_safety_violation": ("the force at the tool became too large", _LOOK),
    "joint_reflex": ("a joint met more resistance than is allowed", _LOOK),
    "cartesian_reflex": ("the tool met more resistance than is allowed", _LOOK),
    "max_goal_pose_deviation_violation": ("it came to rest beside its goal", _LOOK),
    "max_path_pose_deviation_violation": ("it was pushed off its path", _LOOK),
    "cartesian_velocity_profile_safety_violation": ("the tool left its speed profile", _CALM),
    "joint_position_motion_generator_start_pose_invalid": (
        "the motion of the joints did not start where the arm was",
        _START,
    ),
    "joint_motion_generator_position_limits_violation": (
        "the motion would have taken a joint beyond its range",
        _BACK,
    ),
    "joint_motion_generator_velocity_limits_violation": (
        "the motion would have turned a joint faster than it may",
        _CALM,
    ),
    "joint_motion_generator_velocity_discontinuity": (
        "the motion asked a joint for a jump in velocity",
        _SMOOTH,
    ),
    "joint_motion_generator_acceleration_discontinuity": (
        "the motion asked a joint for a jump in acceleration",
        _SMOOTH,
    ),
    "cartesian_position_motion_generator_start_pose_invalid": (
        "the motion of the tool did not start where the arm was",
        _START,
    ),
    "cartesian_motion_generator_elbow_limit_violation": (
        "the motion would have taken the elbow beyond its range",
        _BACK,
    ),
    "cartesian_motion_generator_velocity_limits_violation": (
        "the motion would have moved the tool faster than it may",
        _CALM,
    ),
    "cartesian_motion_generator_velocity_discontinuity": (
        "the motion asked the tool for a jump in velocity",
        _SMOOTH,
    ),
    "cartesian_motion_generator_acceleration_discontinuity": (
        "the motion asked the tool for a jump in acceleration",
        _SMOOTH,
    ),
    "cartesian_motion_generator_elbow_sign_inconsistent": (
        "the motion would have flipped the elbow",
        _AWAY,
    ),
    "cartesian_motion_generator_start_elbow_invalid": (
        "the motion did not start with the elbow where it was",
        _START,
    ),
    "cartesian_motion_generator_joint_position_limits_violation": (
        "the tool's path needs a joint beyond its range",
        _AWAY,
    ),
    "cartesian_motion_generator_joint_velocity_limits_violation": (
        "the tool's path needs a joint to turn faster than it may",
        _AWAY,
    ),
    "cartesian_motion_generator_joint_velocity_discontinuity": (
        "the tool's path asks a joint for a jump in velocity",
        _AWAY,
    ),
    "cartesian_motion_generator_joint_acceleration_discontinuity": (
        "the tool's path asks a joint for a jump in acceleration",
        _AWAY,
    ),
    "cartesian_position_motion_generator_invalid_frame": (
        "the motion asked for a pose that is none",
        _SMOOTH,
    ),
    "cartesian_spline_motion_generator_violation": ("its path could not be made smooth", _SMOOTH),
    "joint_via_motion_generator_planning_joint_limit_violation": (
        "a motion through several poses would have taken a joint beyond its range",
        _AWAY,
    ),
    "force_controller_desired_force_tolerance_violation": (
        "a force was asked for that is beyond what is allowed",
        _LOOK,
    ),
    "controller_torque_discontinuity": ("a joint was asked for a jump in torque", _SMOOTH),
    "start_elbow_sign_inconsistent": ("a motion of Franka Desk found the elbow flipped", _DESK),
    "communication_constraints_violation": (
        "too many answers of this machine came late or not at all",
        _LINK,
    ),
    "power_limit_violation": ("the motion needs more power than it may draw", _CALM),
    "joint_p2p_insufficient_torque_for_planning": (
        "it carries too much for a motion of Franka Desk",
        _LOAD,
    ),
    "tau_j_range_violation": ("a torque sensor is out of its range", _DESK),
    "instability_detected": ("it began to swing", _LOAD),
    "joint_move_in_wrong_direction": (
        "it was guided further towards the end of a joint's range",
        _BACK,
    ),
    "base_acceleration_initialization_timeout": ("the sensor in its base did not start", _DESK),
    "base_acceleration_invalid_reading": ("the sensor in its base tells nonsense", _DESK),
}

ERRORS: dict[str, ArmError] = {
    name: ArmError(what=what, mend=mend) for name, (what, mend) in _TABLE.items()
}
"""Every error by libfranka's name."""

_UNKNOWN = ArmError(what="it reports an error that this program does not know", mend=_DESK)

CONFIRM_CAUSE = "cause found and removed"
CONFIRM_CLEAR = "nobody within reach of the arm"


def error_named(name: str) -> ArmError:
    """Return an error by libfranka's name, written with underscores or spaces."""
    return ERRORS.get(name.strip().replace(" ", "_"), _UNKNOWN)


def reflex_sentence(names: Sequence[str]) -> str:
    """Say why the arm stopped itself.

    Args:
        names: Names of the errors, the most telling first; none where the arm told none.
    """
    if not names:
        return "The robot stopped itself (reflex); look what it met, then choose Recover."
    first = error_named(names[0])
    told = ", ".join(name.replace("_", " ") for name in names)
    return (
        f"The robot stopped itself: {first.what} ({told}). Now {first.mend}, then choose Recover."
    )


def recovery_checklist(names: Sequence[str]) -> list[CheckItem]:
    """Return what a person confirms before errors are acknowledged and the arm is released.

    Args:
        names: Names of the errors that the arm reports now.
    """
    errors = [(name.replace("_", " "), error_named(name)) for name in names]
    return [
        *(
            CheckItem(
                name=name,
                state=CheckState.WARN,
                found=f"The arm reports that {error.what}.",
                mend=f"{error.mend[0].upper()}{error.mend[1:]}.",
            )
            for name, error in errors
        ),
        CheckItem(
            name=CONFIRM_CAUSE,
            state=CheckState.UNKNOWN,
            found="Only a person can see what stopped the arm.",
            mend="Look at the arm and at what it holds; whatever pressed on it has to be gone.",
        ),
        CheckItem(
            name=CONFIRM_CLEAR,
            state=CheckState.UNKNOWN,
            found="No camera of this program looks for people.",
            mend="Step out of its reach, and have the hardware stop at hand.",
        ),
    ]
